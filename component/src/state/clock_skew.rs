//! Stored times: how long ago or how far ahead they are, although the clocks of hosts differ
//! and a clock can be set.

use alloc::string::String;

/// The longest reading, in bytes.
const READING_MAX: usize = 64;

/// The steady clock and the wall clock, read at the same moment. Times stored
/// with it are aged by the steady clock: setting the wall clock or suspending the
/// machine does not make an intent look abandoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// `NAME SECONDS`, as the host gave it.
    pub(crate) steady: String,
    /// Unix seconds.
    pub(crate) wall: u64,
}

impl Stamp {
    /// A stored reading. A reading that is too long is ignored.
    pub(crate) fn stored(steady: Option<String>, wall: u64) -> Option<Self> {
        let steady = steady.filter(|reading| reading.len() <= READING_MAX)?;
        Some(Self { steady, wall })
    }

    /// By how many seconds the wall clock was set between this reading and `now`;
    /// 0 where that is unknown.
    pub(crate) fn step(&self, now: &Self) -> i64 {
        let Some(passed) = self.seconds_to(now) else {
            return 0;
        };
        let step = now.wall.wrapping_sub(self.wall).wrapping_sub(passed) as i64;
        // The two clocks are not read in the same instant.
        if step.unsigned_abs() <= 1 { 0 } else { step }
    }

    /// The seconds between both readings by the steady clock; `None` if it is not
    /// the same clock.
    fn seconds_to(&self, later: &Self) -> Option<u64> {
        let (clock, since) = reading(&self.steady)?;
        let (same_clock, until) = reading(&later.steady)?;
        (clock == same_clock).then_some(until.checked_sub(since)?)
    }
}

/// The name of a clock and its seconds.
fn reading(text: &str) -> Option<(&str, u64)> {
    let space = text.bytes().position(|byte| byte == b' ')?;
    Some((text.get(..space)?, text.get(space + 1..)?.parse().ok()?))
}

/// How far the clocks of hosts that share a store may differ, in seconds.
const MAX_CLOCK_SKEW: u64 = 30;

/// How long ago `time` was, in seconds. `None` when it is further ahead than the
/// clock skew allows.
pub(crate) fn age(time: u64, now: u64) -> Option<u64> {
    let is_past = time <= now.saturating_add(MAX_CLOCK_SKEW);
    is_past.then(|| now.saturating_sub(time))
}

/// How long it is until `time`, in seconds. `None` when it is over, or further
/// ahead than `longest`, the longest wait that is ever stored, and the clock
/// skew.
pub(crate) fn wait(time: u64, longest: u64, now: u64) -> Option<u64> {
    let left = time.saturating_sub(now);
    let is_believed = (1..=longest.saturating_add(MAX_CLOCK_SKEW)).contains(&left);
    is_believed.then_some(left)
}

#[cfg(test)]
mod tests {
    use super::{age, wait};

    /// Faults: N31
    #[test]
    fn a_time_ahead_within_the_clock_skew_is_now() {
        for (time, expected) in [
            (0, Some(1000)),
            (900, Some(100)),
            (1000, Some(0)),
            (1030, Some(0)),
            (1031, None),
            (u64::MAX, None),
        ] {
            assert_eq!(age(time, 1000), expected, "{time}");
        }
        assert_eq!(age(u64::MAX, u64::MAX), Some(0));
    }

    /// Faults: N31
    #[test]
    fn a_wait_counts_up_to_its_longest_and_the_clock_skew() {
        for (time, expected) in [
            (0, None),
            (1000, None),
            (1001, Some(1)),
            (1060, Some(60)),
            (1090, Some(90)),
            (1091, None),
            (u64::MAX, None),
        ] {
            assert_eq!(wait(time, 60, 1000), expected, "{time}");
        }
        assert_eq!(wait(u64::MAX, u64::MAX, 0), Some(u64::MAX));
    }
}
