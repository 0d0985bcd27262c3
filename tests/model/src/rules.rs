//! The rules of the component, each with a switch.
//!
//! [`Rules::default`] is the protocol. A mutation takes one rule out of it;
//! tests/mutations.rs shows which property that breaks.

use crate::clock;

/// The rules.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What a worker writes before it presents the token.
    pub claim: Claim,
    /// Whether a worker gives up a claim that is too old.
    pub send_guard: bool,
    /// The age at which a refresh counts as abandoned, in ticks.
    pub lease_ttl: u8,
    /// The pause after a first presentation with an unknown outcome.
    pub quiet: Quiet,
    /// The pause after a probe with an unknown outcome.
    pub quiet_after_probe: Quiet,
    /// Whether an uncertain token is kept while the access token is valid.
    pub keep_while_access_works: bool,
    /// When a worker may store a granted token.
    pub commit: Commit,
    /// Whether the component drops a login that began before the latest login or
    /// logout.
    pub login_seq_check: bool,
    /// The number of probes with an unknown outcome that ends the login, if any.
    pub probe_limit: Option<u8>,
    /// The number of probes in a row that must be refused with an unknown code to end
    /// the login; `None` if refusals never end it.
    pub refusals: Option<u8>,
    /// The shortest time between the first and the last of these refusals, in ticks.
    pub refused_for: u8,
    /// The effect of an outage on the row of refusals.
    pub outage: Outage,
    /// The clock for the age of an intent, and for the pause that begins with it.
    pub age: Timepiece,
    /// The clock for the send guard.
    pub guard: Timepiece,
}

/// What a worker writes before it presents the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// An intent. A worker that finds it abandoned knows that the outcome is unknown.
    Intent,
    /// A lock with a time limit. A worker that finds it knows only that another one
    /// held it.
    Lock,
    /// Nothing.
    Nothing,
}

/// What a pause covers. It begins with the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Guard, request, storing the answer, and the difference of clocks.
    WholeWork,
    /// The same, without storing the answer.
    Wire,
    /// A request.
    Spacing,
    /// Nothing.
    Nothing,
}

/// When a worker may store a granted token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// If the stored token is still the one that it presented.
    ByLineage,
    /// If it still holds the claim: strict fencing.
    ByLease,
}

/// The effect of an outage, or of an answer that is not about the token, on the row of
/// refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// The row ends.
    Restarts,
    /// The row continues.
    IsIgnored,
    /// The outage counts as a refusal.
    Counts,
}

/// A clock of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timepiece {
    /// The steady clock, which is never set.
    Steady,
    /// The wall clock, which can be set.
    Wall,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            claim: Claim::Intent,
            send_guard: true,
            lease_ttl: clock::LEASE_TTL,
            quiet: Quiet::WholeWork,
            quiet_after_probe: Quiet::WholeWork,
            keep_while_access_works: true,
            commit: Commit::ByLineage,
            login_seq_check: true,
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
