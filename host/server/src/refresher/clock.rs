//! Notices that the clock was set: then every login may look due, and none is.

use std::time::Instant;

/// By how much two clocks may differ from one round to the next, in seconds.
const TOLERANCE: u64 = 5;

/// The clocks at the last look.
#[derive(Default)]
pub(super) struct Clock(Option<(u64, Instant)>);

impl Clock {
    /// Whether the clock, which shows `now` in Unix seconds, was set since the last look.
    pub(super) fn has_jumped(&mut self, now: u64) -> bool {
        let last = self.0.replace((now, Instant::now()));
        last.is_some_and(|(before, at)| {
            let expected = before + at.elapsed().as_secs();
            now.abs_diff(expected) > TOLERANCE
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_noticed_once_in_either_direction() {
        let mut clock = Clock::default();
        assert!(!clock.has_jumped(1_000_000));
        assert!(!clock.has_jumped(1_000_002));
        for stepped in [1_003_600, 1_000_000] {
            assert!(clock.has_jumped(stepped));
            assert!(!clock.has_jumped(stepped));
        }
    }
}
