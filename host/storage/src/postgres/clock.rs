//! The clock of the database, which all hosts share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{PgConnection, Row};

use crate::StoreError;
use crate::clock::{self, ClockOffset};

/// A change of the offset by more than this means that a clock was set.
const JUMP: Duration = Duration::from_secs(5);
/// How long after it no refresh begins. A host waits at most 15 seconds for an operation, so
/// a time that a caller has computed by the old offset is not written later.
const UNSETTLED: Duration = Duration::from_secs(15);
/// A measurement is wrong by at most half of its round trip. One that took longer replaces none.
const LONGEST: Duration = Duration::from_secs(1);

/// How far the database's clock is ahead of this machine's.
#[derive(Debug, Default)]
pub(super) struct Clock(Mutex<Measured>);

#[derive(Debug, Default)]
struct Measured {
    offset: Option<ClockOffset>,
    /// When the offset was last found to have jumped.
    jumped: Option<Instant>,
}

impl Clock {
    /// The offset that was measured last.
    pub(super) fn offset(&self) -> Option<ClockOffset> {
        self.lock().offset
    }

    /// Whether this machine's clock or the database's was set a moment ago, or the machine was
    /// suspended.
    pub(super) fn is_unsettled(&self) -> bool {
        let jumped = self.lock().jumped;
        jumped.is_some_and(|jumped| jumped.elapsed() < UNSETTLED)
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
        let mut known = self.lock();
        if known.offset.is_some() && round_trip > LONGEST {
            return;
        }
        let before = known.offset.unwrap_or_default().microseconds();
        let jump = before.abs_diff(measured.microseconds());
        if Duration::from_micros(jump) > JUMP {
            tracing::warn!(
                seconds = measured.microseconds() / 1_000_000,
                "the database's clock is so far ahead of this machine's, and counts: keep both in step by NTP"
            );
            // By the first offset nothing was computed before.
            known.jumped = known.offset.is_some().then(Instant::now);
        }
        known.offset = Some(measured);
    }

    /// Nothing panics while it is locked, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn an_offset_that_jumps_is_unsettled_and_the_first_one_is_not() {
        let clock = Clock::default();
        let note = |seconds: i64| {
            let measured = ClockOffset::from_microseconds(seconds * 1_000_000);
            clock.note(measured, Duration::ZERO);
            clock.is_unsettled()
        };
        assert!(!note(3600));
        assert!(!note(3604));
        assert!(note(3610));
        assert!(note(3610), "the jump was a moment ago");
        clock.lock().jumped = Instant::now().checked_sub(UNSETTLED);
        assert!(!note(3610));
    }
}
