//! Times out of the store. Another host may have written them, by a clock that
//! is a little off, or this one before its clock was set.

use crate::json::{Object, Value};
use crate::ports::Ports;
use crate::text::is_identifier;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// The key under which a host offers a clock that is never set: its name and its
/// seconds, `NAME SECONDS`. Two readings of the same name can be subtracted. Other
/// hosts have no value there.
const STEADY_CLOCK: &str = "clock";

/// A reading of the steady clock and, at the same moment, of the wall clock. What
/// is stored with it is aged by the steady one: a wall clock that was set, or a
/// machine that was suspended, makes no holder look abandoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    clock: String,
    steady: u64,
    wall: u64,
}

impl Stamp {
    /// The reading of now, where the host has such a clock.
    pub(crate) fn now(ports: Ports) -> Option<Self> {
        let reading = ports.store.get(STEADY_CLOCK).ok()??;
        let (clock, seconds) = core::str::from_utf8(&reading).ok()?.split_once(' ')?;
        Some(Self {
            clock: Some(clock).filter(|name| is_identifier(name))?.to_owned(),
            steady: seconds.parse().ok()?,
            wall: ports.now(),
        })
    }

    /// By how much the wall clock has left the steady one since, in seconds: what
    /// a time that was stored then lacks to be one of now. 0 where that is unknown.
    pub(crate) fn step(&self, ports: Ports) -> i64 {
        let same_clock = |now: &Self| now.clock == self.clock && now.steady >= self.steady;
        let Some(now) = Self::now(ports).filter(same_clock) else {
            return 0;
        };
        let wall = now.wall.wrapping_sub(self.wall) as i64;
        let step = wall.saturating_sub_unsigned(now.steady - self.steady);
        // The two are not read in the same instant.
        if step.unsigned_abs() <= 1 { 0 } else { step }
    }

    pub(crate) fn read(mut from: Object) -> Option<Self> {
        Some(Self {
            clock: from.required_identifier("name")?,
            steady: from.required_number("steady")?,
            wall: from.required_number("wall")?,
        })
    }

    pub(crate) fn write(&self) -> Value {
        Value::Object(
            Object::default()
                .with("name", &*self.clock)
                .with("steady", self.steady)
                .with("wall", self.wall),
        )
    }
}

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
