//! [`Record`]: the login as a value, with the data of its state.

use super::codec;
use super::tokens::Tokens;
use crate::json::Object;
use crate::openai::claims::Claims;
use crate::openai::{FailureKind, ServiceError, TokenResponse};
use crate::secret::Secret;
use crate::state::clock_skew::Stamp;
use crate::state::pending::Pending;
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::mem;

/// The age at which an intent counts as abandoned, in seconds: the guard (5), the
/// request (30), and reading and writing the record (15 each).
pub(crate) const LEASE_TTL: u64 = 65;

/// A stored `started` further ahead than this is ignored, in seconds.
pub(crate) const AHEAD_MAX: u64 = 300;

/// The record. docs/storage.md shows one in every state.
#[derive(Clone)]
pub(crate) struct Record {
    /// Plus one at every write.
    pub(crate) generation: u64,
    /// Plus one at every login and every logout; stored as `epoch`.
    pub(crate) login_seq: u64,
    pub(crate) state: State,
    /// How the person signed in.
    pub(crate) method: Option<String>,
    /// The id of the pending login that created this login.
    pub(crate) login_id: Option<String>,
    /// The user code of that pending login.
    pub(crate) user_code: Option<String>,
    pub(crate) claims: Claims,
    /// No request with the refresh token before this time, Unix seconds.
    pub(crate) not_before: Option<u64>,
    /// Why the last refresh brought no tokens.
    pub(crate) last_failure: Option<FailureKind>,
    /// The logout asked for revocation.
    pub(crate) revoke: bool,
    /// When the record was last written, Unix seconds.
    pub(crate) updated_at: u64,
    /// Both clocks at the last write, if the record has times that a clock ages.
    pub(super) stamp: Option<Stamp>,
    /// The fields of a newer version; they are kept.
    pub(super) other: Object,
}

/// The state, with the data that only this state has.
#[derive(Clone)]
pub(crate) enum State {
    /// There is a login.
    LoggedIn { tokens: Tokens, phase: Phase },
    /// A logout has not revoked the tokens yet. Nothing reads `probes` and `reason`
    /// here: they are those of the login.
    LoggingOut {
        tokens: Option<Tokens>,
        probes: u64,
        reason: Option<String>,
    },
    /// Signed out.
    LoggedOut,
}

/// Where a login stands.
#[derive(Clone)]
pub(crate) enum Phase {
    /// Signed in.
    Active,
    /// A call is presenting the refresh token.
    Refreshing {
        intent: Intent,
        probes: Probes,
        /// Why the login had ended before this presentation, which is a probe.
        reason: Option<String>,
    },
    /// It is unknown whether the service took the last presentation.
    Uncertain {
        /// The last presentation.
        intent: Option<Intent>,
        probes: Probes,
    },
    /// The login has ended. Its tokens stay, so that a late grant still commits.
    NeedsLogin {
        /// The last presentation.
        intent: Option<Intent>,
        probes: Probes,
        /// The service's code, or `account-mismatch`.
        reason: String,
    },
}

/// What is written before the refresh token is presented.
#[derive(Clone)]
pub(crate) struct Intent {
    /// 128 random bits, which name the call that wrote the intent.
    pub(crate) attempt: String,
    /// The fingerprint of the refresh token that is presented.
    pub(crate) presented: String,
    /// Unix seconds.
    pub(crate) started: u64,
}

/// The presentations since the outcome is uncertain.
#[derive(Clone, Default)]
pub(crate) struct Probes {
    /// How often the refresh token was presented, after the first time.
    pub(crate) count: u64,
    /// Present while the last response was a refusal by an unknown code, and after
    /// such refusals have ended the login.
    pub(crate) refusals: Option<Refusals>,
}

/// Consecutive responses that refuse the refresh token by an unknown code.
#[derive(Clone)]
pub(crate) struct Refusals {
    /// What the last one said.
    pub(crate) service_error: ServiceError,
    /// How many of them answered a probe.
    pub(crate) probes: u64,
    /// When the first of these arrived, Unix seconds.
    pub(crate) since: u64,
}

/// The data of a phase, whichever it is.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) intent: Option<Intent>,
    pub(super) probes: Probes,
    pub(super) reason: Option<String>,
}

impl State {
    /// The name in the stored record.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::LoggedIn { phase, .. } => match phase {
                Phase::Active => "active",
                Phase::Refreshing { .. } => "refreshing",
                Phase::Uncertain { .. } => "uncertain",
                Phase::NeedsLogin { .. } => "needs-login",
            },
            Self::LoggingOut { .. } => "logging-out",
            Self::LoggedOut => "logged-out",
        }
    }

    /// The tokens, those of a logout too.
    pub(super) fn tokens(&self) -> Option<&Tokens> {
        match self {
            Self::LoggedIn { tokens, .. } => Some(tokens),
            Self::LoggingOut { tokens, .. } => tokens.as_ref(),
            Self::LoggedOut => None,
        }
    }

    pub(super) fn phase(&self) -> Option<&Phase> {
        match self {
            Self::LoggedIn { phase, .. } => Some(phase),
            _ => None,
        }
    }

    pub(super) fn intent(&self) -> Option<&Intent> {
        match self.phase()? {
            Phase::Active => None,
            Phase::Refreshing { intent, .. } => intent.known(),
            Phase::Uncertain { intent, .. } | Phase::NeedsLogin { intent, .. } => intent.as_ref(),
        }
    }

    fn probes(&self) -> Option<&Probes> {
        match self.phase()? {
            Phase::Active => None,
            Phase::Refreshing { probes, .. }
            | Phase::Uncertain { probes, .. }
            | Phase::NeedsLogin { probes, .. } => Some(probes),
        }
    }

    /// How often the refresh token was presented since the outcome is uncertain.
    pub(super) fn probe_count(&self) -> u64 {
        match self {
            Self::LoggingOut { probes, .. } => *probes,
            _ => self.probes().map_or(0, |probes| probes.count),
        }
    }

    pub(super) fn refusals(&self) -> Option<&Refusals> {
        self.probes()?.refusals.as_ref()
    }

    /// Why the login has ended.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::LoggedIn { phase, .. } => match phase {
                Phase::Refreshing { reason, .. } => reason.as_deref(),
                Phase::NeedsLogin { reason, .. } => Some(reason),
                Phase::Active | Phase::Uncertain { .. } => None,
            },
            Self::LoggingOut { reason, .. } => reason.as_deref(),
            Self::LoggedOut => None,
        }
    }
}

impl Phase {
    /// Changes the data and ends the presentation: `NeedsLogin` with a reason, else
    /// `Uncertain`. Not generic: that would be larger.
    pub(super) fn end_presentation(&mut self, change: &mut dyn FnMut(&mut Parts)) {
        let mut parts = self.take();
        change(&mut parts);
        let Parts {
            intent,
            probes,
            reason,
        } = parts;
        *self = match reason {
            Some(reason) => Self::NeedsLogin {
                intent,
                probes,
                reason,
            },
            None => Self::Uncertain { intent, probes },
        };
    }

    /// Takes the data out.
    pub(super) fn take(&mut self) -> Parts {
        match mem::replace(self, Self::Active) {
            Self::Active => Parts::default(),
            Self::Refreshing {
                intent,
                probes,
                reason,
            } => Parts {
                intent: Some(intent).filter(|intent| intent.known().is_some()),
                probes,
                reason,
            },
            Self::Uncertain { intent, probes } => Parts {
                intent,
                probes,
                reason: None,
            },
            Self::NeedsLogin {
                intent,
                probes,
                reason,
            } => Parts {
                intent,
                probes,
                reason: Some(reason),
            },
        }
    }
}

impl Intent {
    /// Stands for the intent that a damaged `refreshing` record lacks: abandoned.
    pub(super) fn missing() -> Self {
        Self {
            attempt: String::new(),
            presented: String::new(),
            started: u64::MAX,
        }
    }

    fn known(&self) -> Option<&Self> {
        Some(self).filter(|intent| !intent.attempt.is_empty())
    }

    /// Whether the call that wrote it cannot be working any more.
    pub(crate) fn is_abandoned(&self, now: u64) -> bool {
        now >= self.started.saturating_add(LEASE_TTL)
            || self.started > now.saturating_add(AHEAD_MAX)
    }
}

impl Record {
    /// What a bucket without a record stands for.
    pub(crate) fn absent() -> Self {
        Self {
            generation: 0,
            login_seq: 0,
            state: State::LoggedOut,
            method: None,
            login_id: None,
            user_code: None,
            claims: Claims::default(),
            not_before: None,
            last_failure: None,
            revoke: false,
            updated_at: 0,
            stamp: None,
            other: Object::default(),
        }
    }

    /// Both clocks when the times of the record were right.
    pub(crate) fn stamp(&self) -> Option<&Stamp> {
        self.stamp.as_ref()
    }

    /// Moves the waits by what the wall clock was set between the stamp and this reading,
    /// which becomes the stamp.
    pub(crate) fn move_to(&mut self, now: Option<Stamp>) {
        if let (Some(stamp), Some(now)) = (&self.stamp, &now) {
            self.move_by(stamp.step(now));
        }
        self.stamp = now;
    }

    fn move_by(&mut self, step: i64) {
        let move_time = |time: &mut u64| *time = time.saturating_add_signed(step);
        if let State::LoggedIn { phase, .. } = &mut self.state {
            let (intent, probes) = match phase {
                Phase::Active => (None, None),
                Phase::Refreshing { intent, probes, .. } => (Some(intent), Some(probes)),
                Phase::Uncertain { intent, probes } | Phase::NeedsLogin { intent, probes, .. } => {
                    (intent.as_mut(), Some(probes))
                }
            };
            if let Some(intent) = intent {
                move_time(&mut intent.started);
            }
            if let Some(refusals) = probes.and_then(|probes| probes.refusals.as_mut()) {
                move_time(&mut refusals.since);
            }
        }
        self.not_before.iter_mut().for_each(move_time);
    }

    /// Whether it holds a wait or an age that a clock must count.
    pub(crate) fn has_waits(&self) -> bool {
        self.state.intent().is_some()
            || self.not_before.is_some()
            || self.state.refusals().is_some()
    }

    /// Whether the tokens of the next response certainly fit the record.
    pub(crate) fn has_room(&self) -> bool {
        codec::has_room(self)
    }

    /// The record as it is written next, at `now`. Where a stamp is stored, the time of
    /// writing is that of its reading.
    pub(crate) fn next_generation(mut self, now: u64) -> Self {
        self.generation = self.generation.saturating_add(1);
        if !self.has_waits() {
            self.stamp = None;
        }
        self.updated_at = self.stamp.as_ref().map_or(now, |stamp| stamp.wall);
        self
    }

    /// The record of a new login.
    pub(crate) fn logged_in(mut self, login: &Pending, tokens: &TokenResponse, now: u64) -> Self {
        self.login_seq = self.login_seq.saturating_add(1);
        self.method = Some("device".to_owned());
        self.login_id = Some(login.id.clone());
        self.user_code = Some(login.user_code.clone());
        self.claims = tokens.claims();
        self.with_tokens(tokens, None, now)
    }

    /// The record of a logout that first revokes: the tokens stay only for that.
    pub(crate) fn logging_out(mut self) -> Self {
        self.login_seq = self.login_seq.saturating_add(1);
        self.revoke = true;
        let probes = self.state.probe_count();
        let reason = self.state.reason().map(ToOwned::to_owned);
        let tokens = match mem::replace(&mut self.state, State::LoggedOut) {
            State::LoggedIn { tokens, .. } => Some(tokens),
            State::LoggingOut { tokens, .. } => tokens,
            State::LoggedOut => None,
        };
        self.state = State::LoggingOut {
            tokens,
            probes,
            reason,
        };
        self
    }

    /// The record after a logout; `revoke` if it asked for revocation. A logout that
    /// began as `logging-out` has raised the number of the login already.
    pub(crate) fn logged_out(self, revoke: bool) -> Self {
        let has_begun = matches!(self.state, State::LoggingOut { .. });
        Self {
            login_seq: if has_begun {
                self.login_seq
            } else {
                self.login_seq.saturating_add(1)
            },
            generation: self.generation,
            revoke,
            other: self.other,
            ..Self::absent()
        }
    }

    /// Whether there is a login and the pending login of that id or user code
    /// created it.
    pub(crate) fn was_created_by(&self, name: &str) -> bool {
        let is_id = self.login_id.as_deref() == Some(name);
        let is_code = |code: &String| code.eq_ignore_ascii_case(name);
        self.has_login() && (is_id || self.user_code.as_ref().is_some_and(is_code))
    }

    /// The tokens of the login. A logout keeps tokens only to revoke them.
    pub(crate) fn tokens(&self) -> Option<&Tokens> {
        match &self.state {
            State::LoggedIn { tokens, .. } => Some(tokens),
            _ => None,
        }
    }

    /// The access token of the login, live or not.
    pub(crate) fn access_token(&self) -> Option<&Secret> {
        self.tokens()?.access.as_ref()
    }

    /// When the access token expires, Unix seconds by the service's clock.
    pub(crate) fn expires_at(&self) -> Option<u64> {
        self.tokens()?.expires_at
    }

    /// How long it is until the access token expires, in seconds.
    pub(crate) fn expires_in(&self, now: u64) -> Option<u64> {
        let tokens = self.tokens()?;
        let end = tokens.local_time(tokens.expires_at?);
        Some(end.saturating_sub(now))
    }

    /// Whether there is a refresh token.
    pub(crate) fn is_refreshable(&self) -> bool {
        self.tokens().is_some_and(|tokens| tokens.refresh.is_some())
    }

    /// The refresh token that a logout revokes.
    pub(crate) fn refresh_token_to_revoke(&self) -> Option<&Secret> {
        self.state.tokens()?.refresh.as_ref()
    }

    /// The intent that is stored.
    pub(crate) fn intent(&self) -> Option<&Intent> {
        self.state.intent()
    }

    /// Whether there is a login whose last grant brought no access token.
    pub(crate) fn lacks_access_token(&self) -> bool {
        self.tokens().is_some_and(|tokens| tokens.access.is_none())
    }

    /// Whether there is a login, also one that has ended.
    pub(crate) fn has_login(&self) -> bool {
        matches!(self.state, State::LoggedIn { .. })
    }
}
