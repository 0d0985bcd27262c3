//! Coarse time: ages in ticks of about half a minute.
//!
//! Only the order of the limits matters, so each limit is as small as its relation to
//! the others permits. In the component, the same relations hold in seconds.
//!
//! The clocks of two hosts differ. The clocks of one machine agree; its wall clock can
//! be set, its steady clock cannot.

use crate::rules::Timepiece;

/// A worker does not send the request of a claim of this age (5 s).
pub(crate) const GUARD: u8 = 1;

/// At this age of the request, a worker that waits has its answer or has given up (30
/// s).
pub(crate) const REQUEST_ENDS: u8 = 1;

/// At this age of the request, a worker that has an answer has stored it or has crashed
/// (30 + 15 s).
pub(crate) const STORING_ENDS: u8 = 2;

/// The largest difference between the clocks of two hosts (30 s).
const SKEW: u8 = 1;

/// A refresh of this age counts as abandoned (65 s). By a clock that is ahead, its
/// holder can still be at work.
pub(crate) const LEASE_TTL: u8 = 2;

/// Longer than the whole work of the holder, by any clock (120 s).
pub(crate) const QUIET: u8 = STORING_ENDS + SKEW + 1;

/// Longer than the request, by any clock, but not longer than storing its answer.
pub(crate) const WIRE: u8 = REQUEST_ENDS + SKEW + 1;

/// The duration of a request (30 s).
pub(crate) const SPACING: u8 = REQUEST_ENDS;

/// The largest age at which the service still serves a stray request. At this age, the
/// quiet period has not ended by any clock.
pub(crate) const LAST_ARRIVAL: u8 = QUIET - SKEW - 1;

/// At this age, every limit has passed, by any clock.
pub(crate) const OLDEST: u8 = QUIET + SKEW;

/// The number of probes in a row that must be refused with an unknown code to end the
/// login (5).
pub(crate) const REFUSALS: u8 = 3;

/// The shortest time between the first and the last of these refusals (24 h): more than
/// this number of probes takes at the fastest pace.
pub(crate) const REFUSED_FOR: u8 = 2 * QUIET + 1;

/// The size of a step of the clock: every limit passes, or none.
const STEP: i8 = OLDEST as i8;

/// The clocks of the hosts that the workers run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Clocks {
    /// Every second worker runs on a host whose clock is ahead.
    Differing,
    /// All workers run on one machine, whose wall clock was set by this many ticks.
    OfOneMachine {
        /// How far the wall clock is ahead of the steady clock.
        stepped: i8,
    },
}

/// How far a clock is ahead of the true time, in ticks.
pub(crate) type ClockOffset = i8;

impl Clocks {
    /// The clock of a worker.
    pub(crate) fn of(self, worker: u8, timepiece: Timepiece) -> ClockOffset {
        match (self, timepiece) {
            (Self::Differing, _) => (worker % 2 * SKEW) as i8,
            (Self::OfOneMachine { .. }, Timepiece::Steady) => 0,
            (Self::OfOneMachine { stepped }, Timepiece::Wall) => stepped,
        }
    }

    /// The clocks after the wall clock is set forward or back.
    pub(crate) fn stepped(self, forward: bool) -> Option<Self> {
        match self {
            Self::Differing => None,
            Self::OfOneMachine { stepped } => Some(Self::OfOneMachine {
                stepped: stepped + if forward { STEP } else { -STEP },
            }),
        }
    }
}

/// The age of a claim by one clock when another clock dated it. A claim from the future
/// has age 0.
pub(crate) fn seen_age(age: u8, dated_by: ClockOffset, read_by: ClockOffset) -> u8 {
    age.saturating_add_signed(read_by - dated_by)
}
