//! The stored login and its transitions (component/src/state/credential/record.rs).

use crate::clock::{self, ClockOffset};
use crate::rules::{Claim, Commit, Outage, Rules};
use crate::server::{Token, TokenOutcome};

/// The value under the key `credential`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Plus one at every login and every logout.
    pub(crate) login_seq: u8,
    pub(crate) state: State,
    /// The refresh token; none when logged out.
    pub(crate) token: Option<Token>,
    /// Whether the access token that came with it still works.
    pub(crate) access_works: bool,
    pub(crate) intent: Option<Intent>,
    /// How often the token was claimed since its outcome became uncertain.
    pub(crate) probes: u8,
    /// `not_before`, as the age of the intent at which it passes.
    pub(crate) pause: u8,
    /// The latest probes, if the service refused each with an unknown code.
    pub(crate) refusals: Option<Refusals>,
}

/// Probes in a row that the service refused with an unknown code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Refusals {
    /// Their number, up to [`clock::REFUSALS`].
    count: u8,
    /// The age of the first, up to [`clock::REFUSED_FOR`].
    age: u8,
    /// Whether they have ended the login: then only a new token brings it back.
    have_ended: bool,
}

/// The state of the stored login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Signed in.
    Active,
    /// A worker is presenting the token.
    Refreshing,
    /// It is unknown whether the service processed the last presentation.
    Uncertain,
    /// The service has rejected the token.
    NeedsLogin,
    /// A logout waits for its revocation.
    LoggingOut,
    /// Not signed in.
    LoggedOut,
}

/// What a worker writes before it presents the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Intent {
    /// The worker that wrote it. A worker makes one call at a time, and the record
    /// holds a worker's latest intent, so this also identifies the attempt.
    by: u8,
    /// Ticks since it was written.
    age: u8,
    /// The clock that dated it.
    dated_by: ClockOffset,
}

/// A presentation, as the worker that sent it knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Presentation {
    pub(crate) token: Token,
    pub(crate) login_seq: u8,
    /// Ticks since it was sent, which is in the same tick as the claim.
    pub(crate) age: u8,
}

impl Record {
    /// The record of a first login.
    pub(crate) const fn first_login() -> Self {
        Self {
            login_seq: 1,
            state: State::Active,
            token: Some(Token::first(0)),
            access_works: true,
            intent: None,
            probes: 0,
            pause: 0,
            refusals: None,
        }
    }

    /// Whether there is a login, even one that needs a new login.
    pub(crate) fn has_login(&self) -> bool {
        !matches!(self.state, State::LoggingOut | State::LoggedOut)
    }

    /// Whether the intent is this worker's.
    pub(crate) fn has_intent_of(&self, worker: u8) -> bool {
        self.intent.is_some_and(|intent| intent.by == worker)
    }

    /// `decide` when it returns `Action::Present`: the record to store. The model
    /// leaves out when a refresh is due, so it can refresh an active login at any time.
    pub(crate) fn claimed(mut self, worker: u8, clock: ClockOffset, rules: &Rules) -> Option<Self> {
        let probes = match self.state {
            State::Active => 0,
            State::Uncertain if self.access_works && rules.keep_while_access_works => return None,
            State::Uncertain | State::NeedsLogin if self.seen_age(clock)? < self.pause => {
                return None;
            }
            State::Uncertain => self.probes + 1,
            // `refresh` still asks a service that has ended the login by refusals.
            State::NeedsLogin if self.is_ended_by_refusals() => self.probes + 1,
            _ => return None,
        };
        if rules.claim == Claim::Nothing {
            return Some(self);
        }
        self.state = State::Refreshing;
        self.intent = Some(Intent {
            by: worker,
            age: 0,
            dated_by: clock,
        });
        self.probes = probes;
        self.pause = 0;
        Some(self)
    }

    /// `Record::taken_over`: an abandoned refresh becomes an uncertain one.
    pub(crate) fn taken_over(mut self, clock: ClockOffset, rules: &Rules) -> Option<Self> {
        if self.state != State::Refreshing || self.seen_age(clock)? < rules.lease_ttl {
            return None;
        }
        if rules.claim == Claim::Lock {
            self.state = State::Active;
            return Some(self.without_intent());
        }
        self.pause = rules.quiet.ticks();
        Some(self.after_outage(rules).without_outcome())
    }

    /// `apply_outcome`: the record after the outcome, or `None` if it stays unchanged.
    pub(crate) fn apply_outcome(
        self,
        worker: u8,
        presented: Presentation,
        outcome: TokenOutcome,
        rules: &Rules,
    ) -> Option<Self> {
        if self.login_seq != presented.login_seq || !self.has_login() {
            return None;
        }
        let is_same_token = self.token == Some(presented.token);
        let is_ours = self.has_intent_of(worker) && self.state == State::Refreshing;
        let other_in_flight = self.state == State::Refreshing && !is_ours;
        let may_commit = match rules.commit {
            Commit::ByLineage => is_same_token,
            Commit::ByLease => is_ours,
        };
        match outcome {
            TokenOutcome::Granted(token) if may_commit => Some(self.granted(token)),
            TokenOutcome::Rejected if is_same_token && !other_in_flight => Some(self.rejected()),
            TokenOutcome::NotProcessed if is_ours => Some(self.released(rules)),
            TokenOutcome::UnknownRefusal if is_ours => {
                Some(self.with_refusal(rules).became_uncertain(rules))
            }
            TokenOutcome::Unknown if is_ours => {
                Some(self.after_outage(rules).became_uncertain(rules))
            }
            _ => None,
        }
    }

    fn granted(mut self, token: Token) -> Self {
        self.state = State::Active;
        self.token = Some(token);
        self.access_works = true;
        self.without_intent()
    }

    fn rejected(mut self) -> Self {
        self.state = State::NeedsLogin;
        self.pause = 0;
        self.refusals = None;
        self
    }

    /// A refusal with an unknown code: the login is uncertain until the row of refused
    /// probes is long enough. Tokens, intent and pause stay even then. Only probes
    /// count, because their access token has expired.
    fn with_refusal(mut self, rules: &Rules) -> Self {
        if self.probes == 0 {
            return self;
        }
        let row = self.refusals.unwrap_or_default();
        let count = clock::REFUSALS.min(row.count + 1);
        let is_enough = rules.refusals.is_some_and(|limit| count >= limit);
        self.refusals = Some(Refusals {
            count,
            have_ended: row.have_ended || is_enough && row.age >= rules.refused_for,
            ..row
        });
        self
    }

    /// An outcome other than a refusal interrupts the row.
    fn after_outage(mut self, rules: &Rules) -> Self {
        match rules.outage {
            _ if self.is_ended_by_refusals() => {}
            Outage::Restarts => self.refusals = None,
            Outage::IsIgnored => {}
            Outage::Counts => return self.with_refusal(rules),
        }
        self
    }

    fn without_outcome(mut self) -> Self {
        self.state = match self.is_ended_by_refusals() {
            true => State::NeedsLogin,
            false => State::Uncertain,
        };
        self
    }

    fn is_ended_by_refusals(&self) -> bool {
        self.refusals.is_some_and(|row| row.have_ended)
    }

    /// Removes the intent. The model leaves out how long the service asks to wait: the
    /// token was not presented, so a worker may present it at once.
    pub(crate) fn released(self, rules: &Rules) -> Self {
        self.after_outage(rules).untouched()
    }

    fn untouched(mut self) -> Self {
        if self.probes == 0 {
            self.state = State::Active;
            return self.without_intent();
        }
        self.probes -= 1;
        self.pause = 0;
        self.without_outcome()
    }

    fn became_uncertain(mut self, rules: &Rules) -> Self {
        if rules.probe_limit.is_some_and(|limit| self.probes >= limit) {
            return self.rejected();
        }
        let quiet = match self.probes {
            0 => rules.quiet,
            _ => rules.quiet_after_probe,
        };
        self.pause = quiet.ticks();
        self.without_outcome()
    }

    /// A new login.
    pub(crate) fn logged_in(mut self, token: Token) -> Self {
        self.login_seq += 1;
        self.granted(token)
    }

    /// A logout that revokes first.
    pub(crate) fn logging_out(mut self) -> Self {
        self.login_seq += 1;
        self.state = State::LoggingOut;
        self.intent = None;
        self.refusals = None;
        self
    }

    /// The end of a logout.
    pub(crate) fn logged_out(self) -> Self {
        let has_begun = self.state == State::LoggingOut;
        Self {
            login_seq: self.login_seq + u8::from(!has_begun),
            state: State::LoggedOut,
            token: None,
            access_works: false,
            ..self.without_intent()
        }
    }

    fn without_intent(mut self) -> Self {
        self.intent = None;
        self.probes = 0;
        self.pause = 0;
        self.refusals = None;
        self
    }

    fn seen_age(&self, clock: ClockOffset) -> Option<u8> {
        let intent = self.intent?;
        Some(clock::seen_age(intent.age, intent.dated_by, clock))
    }

    /// The record a tick later.
    pub(crate) fn aged(mut self) -> Self {
        if let Some(intent) = &mut self.intent {
            intent.age = clock::OLDEST.min(intent.age + 1);
        }
        if let Some(row) = &mut self.refusals {
            row.age = clock::REFUSED_FOR.min(row.age + 1);
        }
        self
    }
}
