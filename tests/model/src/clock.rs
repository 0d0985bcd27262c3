//! Coarse time: ages in ticks of about half a minute.
//!
//! Only the order of the limits counts, so each is as small as its relation to
//! the others permits. In the component the same relations hold in seconds.

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

/// How far the clock of a worker is ahead: every second one runs on the host
/// whose clock is.
const fn ahead(worker: u8) -> u8 {
    worker % 2 * SKEW
}

/// The age that a claim has by the clock of `reader` when `writer` dated it by its
/// own. One from the future has none.
pub(crate) fn seen_age(age: u8, writer: u8, reader: u8) -> u8 {
    (age + ahead(reader)).saturating_sub(ahead(writer))
}
