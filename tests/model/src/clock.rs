//! Coarse time: ages in ticks of about half a minute.
//!
//! Only the order of the limits counts, so each is as small as its relation to
//! the others permits. In the component the same relations hold in seconds.
//!
//! Two hosts have clocks that differ. Those of one machine agree, and can be stepped
//! together; its steady clock is not.

use crate::rules::Timepiece;

/// A claim of this age is not followed by its request any more (5 s).
pub(crate) const GUARD: u8 = 1;

/// Who waits for an answer has it, or has given up, at this age of the request (30 s).
pub(crate) const REQUEST_ENDS: u8 = 1;

/// Who holds an answer has stored it, or has crashed, at this age of the request
/// (30 + 15 s).
pub(crate) const STORING_ENDS: u8 = 2;

/// How far the clocks of two hosts may be apart (30 s).
const SKEW: u8 = 1;

/// A refresh of this age counts as abandoned (65 s). By a clock that is ahead
/// this comes while its holder is still at work.
pub(crate) const ABANDONED_AFTER: u8 = 2;

/// Longer than the holder's whole work, by any clock (120 s).
pub(crate) const QUIET: u8 = STORING_ENDS + SKEW + 1;

/// Longer than the request, by any clock, and not than storing its answer.
pub(crate) const WIRE: u8 = REQUEST_ENDS + SKEW + 1;

/// As long as a request (30 s).
pub(crate) const SPACING: u8 = REQUEST_ENDS;

/// A request that has lost its sender is served at this age or never: before the
/// quiet period ends by anybody's clock.
pub(crate) const LAST_ARRIVAL: u8 = QUIET - SKEW - 1;

/// At this age every limit has passed, by any clock.
pub(crate) const OLDEST: u8 = QUIET + SKEW;

/// How many probes in a row must be refused by an unknown code before the login ends
/// (5).
pub(crate) const REFUSALS: u8 = 3;

/// How far the first and the last of them must be apart (24 h): more than as many
/// probes take that follow one another at once.
pub(crate) const REFUSED_FOR: u8 = 2 * QUIET + 1;

/// By how much a clock is stepped: every limit passes, or none.
const STEP: i8 = OLDEST as i8;

/// The clocks of the hosts that the workers run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Clocks {
    /// Every second worker runs on a host whose clock is ahead.
    Differing,
    /// All run on one machine, whose wall clock was stepped by so many ticks.
    OfOneMachine {
        /// Ahead of the steady clock.
        stepped: i8,
    },
}

/// By how much a clock is ahead of the true time.
pub(crate) type Ahead = i8;

impl Clocks {
    /// The clock of a worker.
    pub(crate) fn of(self, worker: u8, timepiece: Timepiece) -> Ahead {
        match (self, timepiece) {
            (Self::Differing, _) => (worker % 2 * SKEW) as i8,
            (Self::OfOneMachine { .. }, Timepiece::Steady) => 0,
            (Self::OfOneMachine { stepped }, Timepiece::Wall) => stepped,
        }
    }

    /// The wall clock is set forward, or back.
    pub(crate) fn stepped(self, forward: bool) -> Option<Self> {
        match self {
            Self::Differing => None,
            Self::OfOneMachine { stepped } => Some(Self::OfOneMachine {
                stepped: stepped + if forward { STEP } else { -STEP },
            }),
        }
    }
}

/// The age that a claim has by a clock when its writer has dated it by another. One
/// from the future has none.
pub(crate) fn seen_age(age: u8, dated_by: Ahead, read_by: Ahead) -> u8 {
    age.saturating_add_signed(read_by - dated_by)
}
