//! What the properties must know of a history. No worker reads it, and nothing in the
//! protocol depends on it.

use crate::clock;
use crate::record::{Presentation, Record, State};
use crate::server::{Token, TokenOutcome};

/// The history so far, as far as the properties need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Oracle {
    /// Whether the wire or a process has failed.
    pub(crate) faulty: bool,
    /// Whether the record's token was presented, while nothing has failed.
    presented: bool,
    /// The number of presentations of the record's token whose answer no worker has
    /// committed.
    unanswered: u8,
    /// Whether an answer rejected the record's token.
    pub(crate) rejected: bool,
    /// The probes in a row that the service refused with an unknown code: their number,
    /// and the age of the first.
    row: Option<(u8, u8)>,
    /// Whether the next probe of the row is under way.
    row_is_open: bool,
    /// Whether the row was long enough to end the login.
    pub(crate) refused_for_long: bool,
    /// The families of which the network has repeated a presentation, as bits.
    repeated: u8,
    /// The origin of the record's token.
    pub(crate) origin: Origin,
    /// The number of logins and logouts so far.
    era: u8,
    /// The era in which the pending login began.
    pending_since: u8,
    /// The era in which the stored login began.
    login_since: u8,
    /// The violations so far, as bits.
    violations: u8,
}

/// The origin of the record's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A login.
    Login,
    /// A refresh.
    Refresh,
    /// A probe.
    Probe,
    /// A presentation that the service forgave.
    Forgiveness,
    /// A refresh that another worker had taken over.
    LateHolder,
    /// A probe after refusals with an unknown code ended the login.
    AfterAll,
}

/// A property that a step can violate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// I1: a presentation that the record does not count.
    Unrecorded = 1,
    /// I2: a second presentation without a fault.
    Twice = 2,
    /// I4: a granted token that is dropped although nothing supersedes it.
    Dropped = 4,
    /// I5: a reused token that ends a working login.
    Reuse = 8,
}

impl Oracle {
    /// The oracle of a first login.
    pub(crate) const fn new() -> Self {
        Self {
            faulty: false,
            presented: false,
            unanswered: 0,
            rejected: false,
            row: None,
            row_is_open: false,
            refused_for_long: false,
            repeated: 0,
            origin: Origin::Login,
            era: 1,
            pending_since: 0,
            login_since: 0,
            violations: 0,
        }
    }

    pub(crate) fn has_violated(&self, violation: Violation) -> bool {
        self.violations & violation as u8 != 0
    }

    /// Records a violation, unless the network has repeated a presentation of the
    /// family: then the network spends the token, and the component is not the cause.
    pub(crate) fn violates(&mut self, violation: Violation, token: Token) {
        if self.repeated & 1 << token.family == 0 {
            self.violations |= violation as u8;
        }
    }

    /// Whether the network has repeated a request.
    pub(crate) fn has_seen_a_repeat(&self) -> bool {
        self.repeated != 0
    }

    /// Whether no other login or logout has happened since the stored login began.
    pub(crate) fn is_latest_login(&self) -> bool {
        self.login_since + 1 == self.era
    }

    pub(crate) fn sees_a_fault(&mut self) {
        self.faulty = true;
        self.presented = false;
    }

    pub(crate) fn sees_a_repeat(&mut self, token: Token) {
        self.sees_a_fault();
        self.repeated |= 1 << token.family;
    }

    /// A worker presents the record's token.
    pub(crate) fn presents(&mut self, record: &Record) {
        if record.probes < self.unanswered {
            self.violations |= Violation::Unrecorded as u8;
        }
        if self.presented {
            self.violations |= Violation::Twice as u8;
        }
        self.unanswered += 1;
        self.presented = !self.faulty;
        if self.row_is_open {
            self.row = None;
        }
        self.row_is_open = self.row.is_some();
    }

    /// A worker commits an answer.
    pub(crate) fn answers(
        &mut self,
        before: &Record,
        presented: Presentation,
        outcome: TokenOutcome,
    ) {
        let says_nothing = matches!(
            outcome,
            TokenOutcome::Unknown | TokenOutcome::UnknownRefusal
        );
        if before.token != Some(presented.token) || says_nothing {
            return;
        }
        self.unanswered = self.unanswered.saturating_sub(1);
        self.rejected |= outcome == TokenOutcome::Rejected;
    }

    /// A worker commits the answer to the latest presentation: a refusal with an
    /// unknown code extends the row of refused probes, any other outcome ends the row.
    pub(crate) fn commits(&mut self, before: &Record, outcome: TokenOutcome) {
        self.row_is_open = false;
        self.row = match outcome {
            TokenOutcome::UnknownRefusal if before.probes > 0 => {
                let (count, age) = self.row.unwrap_or_default();
                Some((clock::REFUSALS.min(count + 1), age))
            }
            _ => None,
        };
        self.refused_for_long |= self.row == Some((clock::REFUSALS, clock::REFUSED_FOR));
    }

    pub(crate) fn has_seen_refusals(&self) -> bool {
        self.row.is_some()
    }

    /// How often the record's token was presented without an answer about it.
    pub(crate) fn unanswered(&self) -> u8 {
        self.unanswered
    }

    /// A tick passes.
    pub(crate) fn ages(&mut self) {
        if let Some((_, age)) = &mut self.row {
            *age = clock::REFUSED_FOR.min(*age + 1);
        }
    }

    /// A worker stores a granted token.
    pub(crate) fn stores(&mut self, before: &Record, presented: Presentation, token: Token) {
        let origin = match before.state {
            _ if self.refused_for_long => Origin::AfterAll,
            _ if token.number > presented.token.number + 1 => Origin::Forgiveness,
            State::Refreshing if before.probes == 0 => Origin::Refresh,
            State::Refreshing => Origin::Probe,
            _ => Origin::LateHolder,
        };
        self.renew(origin);
    }

    /// A worker drops a granted token: that is right only if the record has another
    /// login or a later token.
    pub(crate) fn drops(&mut self, record: &Record, token: Token) {
        let is_needed = |kept: Token| kept.family == token.family && kept < token;
        if record.has_login() && record.token.is_some_and(is_needed) {
            self.violations |= Violation::Dropped as u8;
        }
    }

    pub(crate) fn begins_login(&mut self) {
        self.pending_since = self.era;
    }

    pub(crate) fn ends_login(&mut self) {
        self.login_since = self.pending_since;
        self.era += 1;
        self.renew(Origin::Login);
    }

    pub(crate) fn logs_out(&mut self) {
        self.era += 1;
        self.renew(Origin::Login);
    }

    fn renew(&mut self, origin: Origin) {
        self.presented = false;
        self.unanswered = 0;
        self.rejected = false;
        self.row = None;
        self.row_is_open = false;
        self.refused_for_long = false;
        self.origin = origin;
    }
}
