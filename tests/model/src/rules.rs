//! The rules of the component, each with a switch.
//!
//! [`Rules::default`] is the protocol. A mutation takes one rule out of it;
//! tests/mutations.rs shows what that breaks.

use crate::clock;

/// The rules.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What is written before the token is presented.
    pub claim: Claim,
    /// Whether a claim that has become old is given up.
    pub send_guard: bool,
    /// The age at which a refresh counts as abandoned, in ticks.
    pub abandoned_after: u8,
    /// The pause after a first presentation with an unknown outcome.
    pub quiet: Quiet,
    /// The pause after a probe with an unknown outcome.
    pub quiet_after_probe: Quiet,
    /// Whether nothing uncertain is spent while the access token lives.
    pub spare_live_access: bool,
    /// What a grant needs to be stored.
    pub commit: Commit,
    /// Whether a login is dropped that began before the latest login or logout.
    pub epoch_check: bool,
    /// After how many probes with an unknown outcome the login is given up.
    pub probe_limit: Option<u8>,
    /// How many probes in a row must be refused by an unknown code for the login to
    /// end; none if that ends no login.
    pub refusals: Option<u8>,
    /// How far the first and the last of them must be apart, in ticks.
    pub refused_for: u8,
    /// What an outage makes of their number.
    pub outage: Outage,
    /// What an intent ages by, and the pause that runs from it.
    pub age: Timepiece,
    /// What the send guard measures by.
    pub guard: Timepiece,
}

/// What is written before the token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// An intent. Whoever finds it abandoned knows that the outcome is unknown.
    Intent,
    /// A lock that runs out. Whoever finds it knows that somebody has held it.
    Lock,
    /// Nothing.
    Nothing,
}

/// What a pause covers. It runs from the claim on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Guard, request, storing the answer, and the difference of clocks.
    WholeWork,
    /// The same without storing the answer.
    Wire,
    /// A request.
    Spacing,
    /// Nothing.
    Nothing,
}

/// What a grant needs to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The stored token is still the one presented.
    ByLineage,
    /// The claim is still one's own: strict fencing.
    ByLease,
}

/// What an answer that is none, or none about the token, makes of the refusals by an
/// unknown code before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// They are no longer in a row.
    Restarts,
    /// It stands between them, and changes nothing.
    IsIgnored,
    /// It counts as one of them.
    Counts,
}

/// What a machine measures time by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timepiece {
    /// A clock that is never set.
    Steady,
    /// The wall clock, which can be.
    Wall,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            claim: Claim::Intent,
            send_guard: true,
            abandoned_after: clock::ABANDONED_AFTER,
            quiet: Quiet::WholeWork,
            quiet_after_probe: Quiet::WholeWork,
            spare_live_access: true,
            commit: Commit::ByLineage,
            epoch_check: true,
            probe_limit: None,
            refusals: Some(clock::REFUSALS),
            refused_for: clock::REFUSED_FOR,
            outage: Outage::Restarts,
            age: Timepiece::Steady,
            guard: Timepiece::Steady,
        }
    }
}

impl Quiet {
    /// The age of the claim at which the pause ends.
    pub(crate) fn ticks(self) -> u8 {
        match self {
            Self::WholeWork => clock::QUIET,
            Self::Wire => clock::WIRE,
            Self::Spacing => clock::SPACING,
            Self::Nothing => 0,
        }
    }
}
