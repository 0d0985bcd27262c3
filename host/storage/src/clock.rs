//! The clock that the hosts of one store share.
//!
//! Hosts on several machines compare times that they have written to their store. So a store
//! with a clock of its own says how far each machine's clock is behind it, and all times count
//! by the store's. A store on one machine has no other clock than the machine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Store;

/// How far the clock of a store is ahead of this machine's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockOffset {
    microseconds: i64,
}

impl ClockOffset {
    /// The offset in microseconds, negative if the clock of the store is behind.
    #[must_use]
    pub fn from_microseconds(microseconds: i64) -> Self {
        Self { microseconds }
    }

    /// The offset in microseconds, negative if the clock of the store is behind.
    #[must_use]
    pub fn microseconds(self) -> i64 {
        self.microseconds
    }

    /// The offset in seconds, negative if the clock of the store is behind.
    #[must_use]
    pub fn seconds(self) -> f64 {
        let offset = Duration::from_micros(self.microseconds.unsigned_abs()).as_secs_f64();
        match self.microseconds < 0 {
            true => -offset,
            false => offset,
        }
    }

    /// What the clock of the store shows when this machine's shows `time`, both since the Unix
    /// epoch.
    #[must_use]
    pub fn applied_to(self, time: Duration) -> Duration {
        let offset = Duration::from_micros(self.microseconds.unsigned_abs());
        match self.microseconds < 0 {
            true => time.saturating_sub(offset),
            false => time.saturating_add(offset),
        }
    }
}

/// The time by the clock of a store, since the Unix epoch.
#[must_use]
pub fn now(store: &dyn Store) -> Duration {
    store
        .clock_offset()
        .unwrap_or_default()
        .applied_to(machine())
}

/// The time by the clock of this machine, since the Unix epoch. A clock before 1970 is wrong
/// and counts as 1970.
pub(crate) fn machine() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_leads_both_ways_and_not_before_1970() {
        let at = |seconds, offset: i64| {
            let offset = ClockOffset::from_microseconds(offset * 1_000_000);
            offset.applied_to(Duration::from_secs(seconds)).as_secs()
        };
        assert_eq!(at(10_000, 3600), 13_600);
        assert_eq!(at(10_000, -3600), 6_400);
        assert_eq!(at(10, -3600), 0);
    }
}
