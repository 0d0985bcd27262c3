//! Times out of the store. Another host may have written them, by a clock that
//! is a little off, or this one before its clock was set back.

/// How far the clocks of hosts that share a store may differ, in seconds.
const CLOCKS_DIFFER: u64 = 30;

/// How long ago `time` was, in seconds. `None` when it lies further ahead than
/// clocks differ: then it says nothing.
pub(crate) fn age(time: u64, now: u64) -> Option<u64> {
    let is_past = time <= now.saturating_add(CLOCKS_DIFFER);
    is_past.then(|| now.saturating_sub(time))
}

/// How long it is until `time`, in seconds. `None` when it is over, or further
/// away than `longest`, the longest wait that anybody writes: then it says nothing.
pub(crate) fn wait(time: u64, longest: u64, now: u64) -> Option<u64> {
    let left = time.saturating_sub(now);
    let is_believed = (1..=longest.saturating_add(CLOCKS_DIFFER)).contains(&left);
    is_believed.then_some(left)
}

#[cfg(test)]
mod tests {
    use super::{age, wait};

    #[test]
    fn n31_half_a_minute_ahead_is_now_and_more_is_no_time() {
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

    #[test]
    fn n31_a_wait_is_believed_up_to_its_longest_and_half_a_minute() {
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
