//! The stored login and its transitions (component/src/state/credential/record.rs).

use crate::clock::{self, Ahead};
use crate::rules::{Claim, Commit, Outage, Rules};
use crate::server::{Token, Verdict};

/// The value under the key `credential`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Plus one at every login and every logout.
    pub(crate) epoch: u8,
    pub(crate) state: State,
    /// The refresh token; none when logged out.
    pub(crate) token: Option<Token>,
    /// Whether the access token that came with it still works.
    pub(crate) access_lives: bool,
    pub(crate) intent: Option<Intent>,
    /// How often the token was claimed since its outcome is uncertain.
    pub(crate) probes: u8,
    /// `not_before`, as the age that the intent has by then.
    pub(crate) pause: u8,
    /// The latest probes, as far as each was refused by an unknown code.
    pub(crate) refusals: Option<Refusals>,
}

/// Probes in a row that the service has refused by an unknown code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Refusals {
    /// How many, as far as it matters.
    count: u8,
    /// Since the first, as far as it matters.
    age: u8,
    /// Whether they have ended the login: what comes later does not bring it back,
    /// unless it is a token.
    have_ended: bool,
}

/// Where the stored login stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Signed in.
    Active,
    /// Somebody is presenting the token.
    Refreshing,
    /// Whether the service took the last presentation is unknown.
    Uncertain,
    /// The service has refused the token for good.
    NeedsLogin,
    /// A logout waits for its revocation.
    LoggingOut,
    /// Nobody is signed in.
    LoggedOut,
}

/// What is written before the token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Intent {
    /// Who has written it. A worker makes one call at a time, and it is the last
    /// intent of a worker that stands in the record: this names the attempt, too.
    by: u8,
    /// Since it was written.
    age: u8,
    /// The clock that it was dated by.
    dated_by: Ahead,
}

/// A presentation, as its holder remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Presentation {
    pub(crate) token: Token,
    pub(crate) epoch: u8,
    /// Since it was sent, which is in the same tick as the claim.
    pub(crate) age: u8,
}

impl Record {
    /// The record of a first login.
    pub(crate) const fn first_login() -> Self {
        Self {
            epoch: 1,
            state: State::Active,
            token: Some(Token::first(0)),
            access_lives: true,
            intent: None,
            probes: 0,
            pause: 0,
            refusals: None,
        }
    }

    /// Whether somebody is signed in, be it with a dead token.
    pub(crate) fn has_login(&self) -> bool {
        !matches!(self.state, State::LoggingOut | State::LoggedOut)
    }

    /// Whether the intent is this worker's.
    pub(crate) fn has_intent_of(&self, worker: u8) -> bool {
        self.intent.is_some_and(|intent| intent.by == worker)
    }

    /// `decide` where it comes to `Step::Present`: the record to store. When a
    /// refresh is due is left open, so an active login can be refreshed at any time.
    pub(crate) fn claimed(mut self, worker: u8, clock: Ahead, rules: &Rules) -> Option<Self> {
        let probes = match self.state {
            State::Active => 0,
            State::Uncertain if self.access_lives && rules.spare_live_access => return None,
            State::Uncertain | State::NeedsLogin if self.seen_age(clock)? < self.pause => {
                return None;
            }
            State::Uncertain => self.probes + 1,
            // `refresh` still asks a service that may have changed its mind.
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
    pub(crate) fn taken_over(mut self, clock: Ahead, rules: &Rules) -> Option<Self> {
        if self.state != State::Refreshing || self.seen_age(clock)? < rules.abandoned_after {
            return None;
        }
        if rules.claim == Claim::Lock {
            self.state = State::Active;
            return Some(self.settled());
        }
        self.pause = rules.quiet.ticks();
        Some(self.after_outage(rules).without_outcome())
    }

    /// `settle`: what the verdict makes of the record. None leaves it as it is.
    pub(crate) fn settled_by(
        self,
        worker: u8,
        presented: Presentation,
        verdict: Verdict,
        rules: &Rules,
    ) -> Option<Self> {
        if self.epoch != presented.epoch || !self.has_login() {
            return None;
        }
        let is_same_token = self.token == Some(presented.token);
        let is_ours = self.has_intent_of(worker) && self.state == State::Refreshing;
        let other_in_flight = self.state == State::Refreshing && !is_ours;
        let may_commit = match rules.commit {
            Commit::ByLineage => is_same_token,
            Commit::ByLease => is_ours,
        };
        match verdict {
            Verdict::Granted(token) if may_commit => Some(self.granted(token)),
            Verdict::Refused if is_same_token && !other_in_flight => Some(self.refused()),
            Verdict::NotProcessed if is_ours => Some(self.released(rules)),
            Verdict::UnknownRefusal if is_ours => {
                Some(self.with_refusal(rules).became_uncertain(rules))
            }
            Verdict::Unknown if is_ours => Some(self.after_outage(rules).became_uncertain(rules)),
            _ => None,
        }
    }

    fn granted(mut self, token: Token) -> Self {
        self.state = State::Active;
        self.token = Some(token);
        self.access_lives = true;
        self.settled()
    }

    fn refused(mut self) -> Self {
        self.state = State::NeedsLogin;
        self.pause = 0;
        self.refusals = None;
        self
    }

    /// Refused by an unknown code: uncertain, until a row of probes is long enough.
    /// Tokens and intent stay even then, and so does the pause. Only probes count:
    /// their access token has ended.
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

    /// What has brought no refusal interrupts the row.
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

    /// Takes the intent back. How long the service asks to wait is left out: the
    /// token was not presented, so it may be presented at once.
    pub(crate) fn released(self, rules: &Rules) -> Self {
        self.after_outage(rules).untouched()
    }

    fn untouched(mut self) -> Self {
        if self.probes == 0 {
            self.state = State::Active;
            return self.settled();
        }
        self.probes -= 1;
        self.pause = 0;
        self.without_outcome()
    }

    fn became_uncertain(mut self, rules: &Rules) -> Self {
        if rules.probe_limit.is_some_and(|limit| self.probes >= limit) {
            return self.refused();
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
        self.epoch += 1;
        self.granted(token)
    }

    /// A logout that revokes first.
    pub(crate) fn logging_out(mut self) -> Self {
        self.epoch += 1;
        self.state = State::LoggingOut;
        self.intent = None;
        self.refusals = None;
        self
    }

    /// The end of a logout.
    pub(crate) fn logged_out(self) -> Self {
        let has_begun = self.state == State::LoggingOut;
        Self {
            epoch: self.epoch + u8::from(!has_begun),
            state: State::LoggedOut,
            token: None,
            access_lives: false,
            ..self.settled()
        }
    }

    fn settled(mut self) -> Self {
        self.intent = None;
        self.probes = 0;
        self.pause = 0;
        self.refusals = None;
        self
    }

    fn seen_age(&self, clock: Ahead) -> Option<u8> {
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
