//! The record and its parts.

use super::codec;
use super::tokens::Tokens;
use crate::json::Object;
use crate::openai::claims::Claims;
use crate::openai::{FailureKind, ServiceError, TokenResponse};
use crate::state::clock_skew::Stamp;
use crate::state::pending::Pending;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// A `refreshing` record is abandoned when its intent is this old, in seconds: as
/// long as the guard (5), the request (30), and reading and writing the record
/// (15 each) take together.
pub(crate) const LEASE_TTL: u64 = 65;

/// No token is presented again within this time after an intent whose outcome
/// is unknown, in seconds: longer than the holder's whole work plus the allowed
/// difference of clocks (5 + 30 + 30 + 30).
pub(crate) const PROBE_DELAY: u64 = 120;

/// The longest that the quiet period grows to, in seconds.
pub(crate) const PROBE_DELAY_MAX: u64 = 3600;

/// A stored `not_before` further away than this is ignored, in seconds.
pub(crate) const NOT_BEFORE_MAX: u64 = 3600;

/// A stored `started` further ahead than this is ignored, in seconds.
pub(crate) const AHEAD_MAX: u64 = 300;

/// A login that the service refuses by codes that are not known has ended after
/// this many such probes in a row, …
pub(crate) const REFUSALS_MIN: u64 = 5;

/// … when the first and the last of them lie this far apart, in seconds.
pub(crate) const REFUSED_FOR: u64 = 86_400;

/// The record. docs/storage.md shows one in every state.
#[derive(Clone)]
pub(crate) struct Record {
    /// Plus one at every write.
    pub(crate) generation: u64,
    /// Plus one at every login and every logout.
    pub(crate) login_seq: u64,
    pub(crate) state: State,
    /// Why the state is `needs-login`: the service's code.
    pub(crate) reason: Option<String>,
    /// How the person signed in.
    pub(crate) method: Option<String>,
    /// The pending login that this came of.
    pub(crate) login_id: Option<String>,
    /// Its user code, which names it too.
    pub(crate) user_code: Option<String>,
    pub(crate) claims: Claims,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) intent: Option<Intent>,
    /// How often the refresh token was presented since its outcome is uncertain.
    pub(crate) probes: u64,
    /// No request with the refresh token before this time, Unix seconds.
    pub(crate) not_before: Option<u64>,
    /// Why the last refresh brought nothing.
    pub(crate) last_failure: Option<FailureKind>,
    /// Present while the last answer was a refusal by a code that is not known, and
    /// after such refusals have ended the login.
    pub(crate) refusals: Option<Refusals>,
    /// The logout asked for revocation.
    pub(crate) revoke: bool,
    /// When the record was last written, Unix seconds.
    pub(crate) updated_at: u64,
    /// By which clock the waits in it are aged.
    pub(super) stamp: Option<Stamp>,
    /// What a newer version added; kept as it is.
    pub(super) other: Object,
}

/// Where the stored login stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Signed in.
    Active,
    /// Somebody is presenting the refresh token.
    Refreshing,
    /// Whether the service took the last presentation is unknown.
    Uncertain,
    /// The service has refused the refresh token for good.
    NeedsLogin,
    /// A logout waits for its revocation.
    LoggingOut,
    /// Nobody is signed in.
    LoggedOut,
}

/// What is written before the refresh token is presented.
#[derive(Clone)]
pub(crate) struct Intent {
    /// 128 random bits: tells one's own intent from anybody else's.
    pub(crate) attempt: String,
    /// The fingerprint of the refresh token that is presented.
    pub(crate) presented: String,
    /// Unix seconds.
    pub(crate) started: u64,
}

/// Answers in a row that refuse the refresh token by a code that is not known.
#[derive(Clone)]
pub(crate) struct Refusals {
    /// What the last one said.
    pub(crate) service_error: ServiceError,
    /// How many of them answered a probe.
    pub(crate) probes: u64,
    /// When the first of these was answered, Unix seconds.
    pub(crate) since: u64,
}

impl Record {
    /// What a bucket without a record stands for.
    pub(crate) fn absent() -> Self {
        Self {
            generation: 0,
            login_seq: 0,
            state: State::LoggedOut,
            reason: None,
            method: None,
            login_id: None,
            user_code: None,
            claims: Claims::default(),
            tokens: None,
            intent: None,
            probes: 0,
            not_before: None,
            last_failure: None,
            refusals: None,
            revoke: false,
            updated_at: 0,
            stamp: None,
            other: Object::default(),
        }
    }

    /// By which clocks its waits are aged.
    pub(crate) fn stamp(&self) -> Option<&Stamp> {
        self.stamp.as_ref()
    }

    /// The record with its waits moved by `step`, by which the wall clock was set
    /// since, in seconds.
    pub(crate) fn moved_by(mut self, step: i64) -> Self {
        let move_time = |time: &mut u64| *time = time.saturating_add_signed(step);
        if let Some(intent) = &mut self.intent {
            move_time(&mut intent.started);
        }
        if let Some(refusals) = &mut self.refusals {
            move_time(&mut refusals.since);
        }
        self.not_before.iter_mut().for_each(move_time);
        self
    }

    /// Whether it holds a wait or an age that a clock must count.
    pub(crate) fn has_waits(&self) -> bool {
        self.intent.is_some() || self.not_before.is_some() || self.refusals.is_some()
    }

    /// Whether what the service grants next can be stored for certain.
    pub(crate) fn has_room(&self) -> bool {
        codec::has_room(self)
    }

    /// The record as it is written next, at `now`.
    pub(crate) fn next_generation(mut self, now: u64, stamp: Option<Stamp>) -> Self {
        self.generation = self.generation.saturating_add(1);
        self.updated_at = now;
        self.stamp = stamp;
        self
    }

    /// The record of a fresh login: a new login_seq.
    pub(crate) fn logged_in(mut self, login: &Pending, grant: &TokenResponse, now: u64) -> Self {
        self.login_seq = self.login_seq.saturating_add(1);
        self.state = State::Active;
        self.reason = None;
        self.method = Some("device".to_owned());
        self.login_id = Some(login.id.clone());
        self.user_code = Some(login.user_code.clone());
        self.claims = grant.claims();
        self.with_tokens(grant, None, now)
    }

    /// The record of a logout that first revokes: a new login_seq, the tokens kept
    /// only to be revoked.
    pub(crate) fn logging_out(mut self) -> Self {
        self.login_seq = self.login_seq.saturating_add(1);
        self.state = State::LoggingOut;
        self.intent = None;
        self.refusals = None;
        self.revoke = true;
        self
    }

    /// The record after a logout; `revoke` if it asked for revocation. The
    /// login_seq was raised already if the logout began as `logging-out`.
    pub(crate) fn logged_out(self, revoke: bool) -> Self {
        let has_begun = self.state == State::LoggingOut;
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

    /// Whether somebody is signed in by the login of that id or user code.
    pub(crate) fn was_created_by(&self, name: &str) -> bool {
        let is_id = self.login_id.as_deref() == Some(name);
        let is_code = |code: &String| code.eq_ignore_ascii_case(name);
        self.has_login() && (is_id || self.user_code.as_ref().is_some_and(is_code))
    }

    /// The tokens, if somebody is signed in by them. A logout keeps tokens only to
    /// revoke them.
    pub(super) fn tokens_in_use(&self) -> Option<&Tokens> {
        self.tokens.as_ref().filter(|_| self.has_login())
    }

    /// Whether somebody is signed in and the last grant brought no access token.
    pub(crate) fn lacks_access_token(&self) -> bool {
        self.tokens_in_use()
            .is_some_and(|tokens| tokens.access.is_none())
    }

    /// Whether somebody is signed in, be it with a dead token.
    pub(crate) fn has_login(&self) -> bool {
        !matches!(self.state, State::LoggingOut | State::LoggedOut)
    }
}
