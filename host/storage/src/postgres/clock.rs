//! The clock of the database, which all hosts share.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{PgConnection, Row};

use crate::StoreError;
use crate::clock::{self, ClockOffset};

/// A change of the offset by more than this is logged.
const JUMP: Duration = Duration::from_secs(5);
/// A measurement is wrong by at most half of its round trip. One that took longer replaces none.
const LONGEST: Duration = Duration::from_secs(1);

/// How far the database's clock is ahead of this machine's.
#[derive(Debug, Default)]
pub(super) struct Clock(Mutex<Option<ClockOffset>>);

impl Clock {
    /// The offset that was measured last.
    pub(super) fn offset(&self) -> Option<ClockOffset> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Measures the offset. The database reads its clock about halfway through the round trip.
    pub(super) async fn measure(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let (before, begun) = (clock::machine(), Instant::now());
        // A plain query is one round trip; a prepared one would be two the first time.
        let theirs = sqlx::raw_sql(NOW).fetch_one(connection).await?;
        let round_trip = begun.elapsed();
        let ours = (before + round_trip / 2).as_micros();
        let ours = i64::try_from(ours).unwrap_or(i64::MAX);
        let offset = theirs.try_get::<i64, _>(0)?.saturating_sub(ours);
        self.note(ClockOffset::from_microseconds(offset), round_trip);
        Ok(())
    }

    fn note(&self, measured: ClockOffset, round_trip: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some() && round_trip > LONGEST {
            return;
        }
        let before = known.unwrap_or_default().microseconds();
        let jump = before.abs_diff(measured.microseconds());
        if Duration::from_micros(jump) > JUMP {
            tracing::warn!(
                seconds = measured.microseconds() / 1_000_000,
                "the database's clock is so far ahead of this machine's, and counts: keep both in step by NTP"
            );
        }
        *known = Some(measured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_measurement_replaces_none() {
        let clock = Clock::default();
        let note = |seconds: i64, round_trip| {
            let measured = ClockOffset::from_microseconds(seconds * 1_000_000);
            clock.note(measured, Duration::from_secs(round_trip));
            clock.offset().unwrap().microseconds() / 1_000_000
        };
        assert_eq!(note(3, 4), 3, "there was none");
        assert_eq!(note(1, 0), 1);
        assert_eq!(note(3, 4), 1);
        assert_eq!(note(-3600, 0), -3600);
    }
}
