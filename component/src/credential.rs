//! The stored login: one record under the key `credential`, and its states.
//!
//! ```text
//!                 login                        intent
//!   logged-out ─────────▶ active ◀──────────────────────────▶ refreshing
//!       ▲                   ▲        200, or not processed        │
//!       │                   │ 200                                 │ no answer,
//!       │ revoked           │                                     ▼ or abandoned
//!   logging-out         needs-login ◀── definitive refusal ── uncertain ──▶ refreshing
//!                                                                    (a probe)
//! ```
//!
//! The record is the only lock there is. Whoever wants to present the refresh
//! token first writes `refreshing` with an intent; every write raises
//! `generation`, every login and logout raises `epoch`. Tokens live here and
//! nowhere else, caches live elsewhere, so that no other write can undo a
//! rotation.
//!
//! Everything here is values: deciding is [`decide`], what an answer makes of
//! the record is [`settle`], doing it is `rotation`.

mod decide;
mod settle;
mod stored;

use crate::claims::Claims;
use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::json::Object;
use crate::openai::Trouble;
use crate::ports::{Ports, StoreError};
use crate::secret::Secret;
use alloc::borrow::ToOwned;
use alloc::string::String;

pub(crate) use decide::{Demand, Step, decide};
pub(crate) use settle::{Settled, Verdict, settle};

const KEY: &str = "credential";

/// A `refreshing` record is abandoned when its intent is this old, in seconds:
/// longer than the guard (5), the request (30) and the persisting (15) together.
pub(crate) const ABANDONED_AFTER: u64 = 65;

/// No token is presented again within this time after an intent whose outcome
/// is unknown, in seconds: longer than the holder's whole work plus the allowed
/// difference of clocks (5 + 30 + 15 + 30).
pub(crate) const QUIET: u64 = 120;

/// A stored `not_before` further away than this is ignored, in seconds.
pub(crate) const NOT_BEFORE_MAX: u64 = 3600;

/// A stored `started` further ahead than this is ignored, in seconds.
pub(crate) const AHEAD_MAX: u64 = 300;

/// The record. docs/storage.md shows one in every state.
#[derive(Clone)]
pub(crate) struct Record {
    /// Plus one at every write.
    pub(crate) generation: u64,
    /// Plus one at every login and every logout.
    pub(crate) epoch: u64,
    pub(crate) state: State,
    /// Why the state is `needs-login`: the service's code.
    pub(crate) reason: Option<String>,
    /// How the person signed in.
    pub(crate) method: Option<String>,
    /// The pending login that this came of.
    pub(crate) login_id: Option<String>,
    pub(crate) claims: Claims,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) intent: Option<Intent>,
    /// How often the refresh token was presented since its outcome is uncertain.
    pub(crate) probes: u64,
    /// No request with the refresh token before this time, Unix seconds.
    pub(crate) not_before: Option<u64>,
    /// Why the last refresh brought nothing.
    pub(crate) last_trouble: Option<Trouble>,
    /// The logout asked for revocation.
    pub(crate) revoke: bool,
    /// When the record was last written, Unix seconds.
    pub(crate) updated_at: u64,
    /// What a newer version added; kept as it is.
    other: Object,
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

/// The tokens and what is known of their lives.
#[derive(Clone)]
pub(crate) struct Tokens {
    /// `None` when the service gave none: such a login cannot be refreshed.
    pub(crate) refresh: Option<Secret>,
    /// `None` when a refresh brought none: it is due at once.
    pub(crate) access: Option<Secret>,
    /// When the access token came, Unix seconds by this machine's clock.
    pub(crate) received_at: u64,
    /// When it ends, Unix seconds by the service's clock.
    pub(crate) expires_at: Option<u64>,
    /// The service's clock minus this machine's, in seconds.
    pub(crate) clock_offset: i64,
    /// The fingerprint of the access token, once the backend has refused it.
    pub(crate) refused: Option<String>,
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

impl Tokens {
    /// Converts a time of the service's clock into one of this machine's.
    pub(crate) fn local_time(&self, service_time: u64) -> u64 {
        service_time.saturating_add_signed(self.clock_offset.saturating_neg())
    }
}

impl Record {
    /// What a bucket without a record stands for.
    pub(crate) fn absent() -> Self {
        Self {
            generation: 0,
            epoch: 0,
            state: State::LoggedOut,
            reason: None,
            method: None,
            login_id: None,
            claims: Claims::default(),
            tokens: None,
            intent: None,
            probes: 0,
            not_before: None,
            last_trouble: None,
            revoke: false,
            updated_at: 0,
            other: Object::default(),
        }
    }

    /// Reads the record from the bucket. A missing one is [`Record::absent`].
    pub(crate) fn load(ports: Ports) -> Result<Self> {
        match ports.store.get(KEY)? {
            None => Ok(Self::absent()),
            Some(bytes) => stored::decode(&bytes),
        }
    }

    /// Reads the record of somebody who is signed in.
    pub(crate) fn load_signed_in(ports: Ports) -> Result<Self> {
        let record = Self::load(ports)?;
        if record.has_login() {
            return Ok(record);
        }
        Err(Error::new(ErrorCode::NotConnected, "nobody is signed in"))
    }

    /// Writes the record as the next generation and returns it. After an error
    /// it reads back: if what it wrote is there, to the byte, the write has succeeded.
    pub(crate) fn store(mut self, ports: Ports) -> core::result::Result<Self, StoreError> {
        self.generation += 1;
        self.updated_at = ports.now();
        let written = stored::encode(&self);
        match ports.store.set(KEY, &written) {
            Ok(()) => Ok(self),
            Err(_) if ports.store.get(KEY) == Ok(Some(written)) => Ok(self),
            Err(fault) => Err(fault),
        }
    }

    /// The record of a fresh login: a new epoch.
    pub(crate) fn logged_in(mut self, login_id: &str, tokens: Tokens, claims: Claims) -> Self {
        self.epoch += 1;
        self.state = State::Active;
        self.reason = None;
        self.method = Some("device".to_owned());
        self.login_id = Some(login_id.to_owned());
        self.claims = claims;
        self.tokens = Some(tokens);
        self.settled()
    }

    /// The record of a logout that first revokes: a new epoch, the tokens kept
    /// only to be revoked.
    pub(crate) fn logging_out(mut self) -> Self {
        self.epoch += 1;
        self.state = State::LoggingOut;
        self.intent = None;
        self.revoke = true;
        self
    }

    /// The record after a logout; `revoke` if it asked for revocation. The
    /// epoch was raised already if the logout began as `logging-out`.
    pub(crate) fn logged_out(self, revoke: bool) -> Self {
        let has_begun = self.state == State::LoggingOut;
        Self {
            epoch: if has_begun {
                self.epoch
            } else {
                self.epoch + 1
            },
            generation: self.generation,
            revoke,
            other: self.other,
            ..Self::absent()
        }
    }

    /// The record with nothing left of earlier refreshes.
    fn settled(mut self) -> Self {
        self.intent = None;
        self.probes = 0;
        self.not_before = None;
        self.last_trouble = None;
        self.revoke = false;
        self
    }

    /// Whether somebody is signed in by that login.
    pub(crate) fn came_of(&self, login_id: &str) -> bool {
        self.has_login() && self.login_id.as_deref() == Some(login_id)
    }

    /// Whether somebody is signed in, be it with a dead token.
    pub(crate) fn has_login(&self) -> bool {
        !matches!(self.state, State::LoggingOut | State::LoggedOut)
    }
}

#[cfg(test)]
mod tests;
