//! What the properties need to know of a history, and nobody in it does. Nothing
//! that happens depends on it.

use crate::clock;
use crate::record::{Presentation, Record, State};
use crate::server::{Token, Verdict};

/// The memory of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Witness {
    /// Whether anything has gone wrong on the wire or in a process.
    pub(crate) faulty: bool,
    /// Whether the record's token has been presented, as long as nothing has gone wrong.
    presented: bool,
    /// How many presentations of the record's token have brought no answer that
    /// somebody has settled.
    unanswered: u8,
    /// Whether an answer has come that refuses the record's token for good.
    pub(crate) refused: bool,
    /// The row of probes that the service has refused by an unknown code: how many,
    /// and how long ago the first was.
    row: Option<(u8, u8)>,
    /// Whether the next one is under way.
    row_is_open: bool,
    /// Whether it was long enough to end the login.
    pub(crate) refused_for_long: bool,
    /// The families, as bits, of which the network has repeated a presentation.
    repeated: u8,
    /// How the record's token came.
    pub(crate) origin: Origin,
    /// Logins and logouts so far.
    era: u8,
    /// The era in which the pending login began.
    pending_since: u8,
    /// The era in which the stored login began.
    login_since: u8,
    /// What was broken, as bits.
    broken: u8,
}

/// How the record's token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// By a login.
    Login,
    /// By a refresh.
    Refresh,
    /// By a probe.
    Probe,
    /// By a presentation that the service forgave.
    Forgiveness,
    /// By a refresh that somebody else had taken over meanwhile.
    LateHolder,
    /// After refusals by an unknown code had ended the login.
    AfterAll,
}

/// What a step can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// I1: a presentation that the record does not count.
    Unrecorded = 1,
    /// I2: a second presentation without a fault.
    Twice = 2,
    /// I4: a rotation dropped that nothing has superseded.
    Dropped = 4,
    /// I5: a working login ended by a reused token.
    Reuse = 8,
}

impl Witness {
    /// That of a first login.
    pub(crate) const fn new() -> Self {
        Self {
            faulty: false,
            presented: false,
            unanswered: 0,
            refused: false,
            row: None,
            row_is_open: false,
            refused_for_long: false,
            repeated: 0,
            origin: Origin::Login,
            era: 1,
            pending_since: 0,
            login_since: 0,
            broken: 0,
        }
    }

    pub(crate) fn has_broken(&self, breach: Breach) -> bool {
        self.broken & breach as u8 != 0
    }

    /// A token that the network presents a second time is spent by the network:
    /// what that breaks in its family is nobody's fault.
    pub(crate) fn breaks(&mut self, breach: Breach, token: Token) {
        if self.repeated & 1 << token.family == 0 {
            self.broken |= breach as u8;
        }
    }

    /// Whether the network has repeated anything.
    pub(crate) fn has_seen_a_repeat(&self) -> bool {
        self.repeated != 0
    }

    /// Whether the stored login began after the latest login or logout before it.
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

    /// The record's token is presented.
    pub(crate) fn presents(&mut self, record: &Record) {
        if record.probes < self.unanswered {
            self.broken |= Breach::Unrecorded as u8;
        }
        if self.presented {
            self.broken |= Breach::Twice as u8;
        }
        self.unanswered += 1;
        self.presented = !self.faulty;
        if self.row_is_open {
            self.row = None;
        }
        self.row_is_open = self.row.is_some();
    }

    /// An answer is settled.
    pub(crate) fn answers(&mut self, before: &Record, presented: Presentation, verdict: Verdict) {
        let says_nothing = matches!(verdict, Verdict::Unknown | Verdict::UnknownRefusal);
        if before.token != Some(presented.token) || says_nothing {
            return;
        }
        self.unanswered = self.unanswered.saturating_sub(1);
        self.refused |= verdict == Verdict::Refused;
    }

    /// An answer to the latest presentation is settled: a refusal by an unknown code
    /// makes a row of probes longer, anything else ends it.
    pub(crate) fn settles(&mut self, before: &Record, verdict: Verdict) {
        self.row_is_open = false;
        self.row = match verdict {
            Verdict::UnknownRefusal if before.probes > 0 => {
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

    /// A granted token is stored.
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

    /// A granted token is dropped: by right only if the login is another one, or
    /// has a later token.
    pub(crate) fn drops(&mut self, record: &Record, token: Token) {
        let is_needed = |kept: Token| kept.family == token.family && kept < token;
        if record.has_login() && record.token.is_some_and(is_needed) {
            self.broken |= Breach::Dropped as u8;
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
        self.refused = false;
        self.row = None;
        self.row_is_open = false;
        self.refused_for_long = false;
        self.origin = origin;
    }
}
