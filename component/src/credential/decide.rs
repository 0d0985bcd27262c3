//! What to do about the record, before anything is sent.

use super::settle::spacing;
use super::{ABANDONED_AFTER, AHEAD_MAX, Intent, NOT_BEFORE_MAX, QUIET, Record, State, Tokens};
use crate::contract::{Error, ErrorCode};
use crate::openai::{Setback, Trouble};
use crate::secret::Secret;
use crate::stored_time;
use alloc::borrow::ToOwned;
use alloc::format;

/// An access token is not handed out in the last seconds of its life.
const MARGIN: u64 = 30;

/// A refresh is due when less than this is left, in seconds, or 10 % of the lifetime.
const DUE_BEFORE_END: u64 = 300;

/// When no expiry is known, a refresh is due this long after the last one: 8
/// days, as the Codex CLI does.
const DUE_WITHOUT_EXPIRY: u64 = 8 * 86_400;

/// After a success this long passes before the next, whatever the reason, in seconds.
const PAUSE_AFTER_SUCCESS: u64 = 60;

/// What a caller wants of the record.
#[derive(Clone, Copy)]
pub(crate) enum Demand<'a> {
    /// A usable access token; `refused` is the fingerprint of one that the
    /// backend has just answered 401 to.
    Token { refused: Option<&'a str> },
    /// A new access token, due or not.
    Refresh,
}

/// What to do.
pub(crate) enum Step {
    /// The stored access token will do.
    Serve,
    /// Present the refresh token, after storing this record.
    Present(Record),
    /// Store this record, an abandoned refresh taken over, and decide again.
    TakeOver(Record),
    /// Nothing can be done now.
    Fail(Error),
}

/// Decides by the table in docs/refresh.md. `attempt` names the intent if this
/// comes to one, `now` is this machine's clock, Unix seconds.
pub(crate) fn decide(record: &Record, demand: Demand, attempt: &str, now: u64) -> Step {
    let Some(tokens) = &record.tokens else {
        return Step::Fail(not_connected());
    };
    let refused = match demand {
        Demand::Token { refused } => refused,
        Demand::Refresh => None,
    };
    let live = tokens.live(refused, now).is_some();
    let wants_token = matches!(demand, Demand::Token { .. });
    match record.state {
        State::LoggingOut | State::LoggedOut => Step::Fail(not_connected()),
        State::NeedsLogin if live && wants_token => Step::Serve,
        State::NeedsLogin => Step::Fail(needs_login(record)),
        State::Refreshing if record.is_abandoned(now) => {
            Step::TakeOver(record.clone().taken_over(now))
        }
        State::Refreshing if live && wants_token => Step::Serve,
        State::Refreshing => Step::Fail(in_progress()),
        State::Uncertain if live && wants_token => Step::Serve,
        State::Uncertain if live => Step::Fail(uncertain(tokens.seconds_left(now))),
        State::Uncertain => match record.pause_left(now) {
            Some(seconds) => Step::Fail(uncertain(Some(seconds))),
            None => record.present(refused, attempt, now),
        },
        State::Active => decide_active(record, tokens, demand, live, attempt, now),
    }
}

fn decide_active(
    record: &Record,
    tokens: &Tokens,
    demand: Demand,
    live: bool,
    attempt: &str,
    now: u64,
) -> Step {
    let refused = match demand {
        Demand::Token { .. } if live && !tokens.is_due(now) => return Step::Serve,
        Demand::Token { refused } => refused,
        Demand::Refresh => None,
    };
    if tokens.refresh.is_none() {
        return match demand {
            Demand::Token { .. } if live => Step::Serve,
            _ => Step::Fail(not_refreshable()),
        };
    }
    if let Some(seconds) = tokens.pause_after_success(now) {
        return if live {
            Step::Serve
        } else {
            Step::Fail(rejected(seconds))
        };
    }
    if let Some(seconds) = record.pause_left(now) {
        return match demand {
            Demand::Token { .. } if live => Step::Serve,
            _ => Step::Fail(paused(record, seconds)),
        };
    }
    record.present(refused, attempt, now)
}

impl Record {
    /// The stored access token, if it can be used. A logout keeps tokens only
    /// to revoke them.
    pub(crate) fn live_token(&self, refused: Option<&str>, now: u64) -> Option<&Secret> {
        let tokens = self.tokens.as_ref().filter(|_| self.has_login())?;
        tokens.live(refused, now)
    }

    /// Whether whoever wrote the intent cannot be at work any more.
    pub(crate) fn is_abandoned(&self, now: u64) -> bool {
        self.intent.as_ref().is_none_or(|intent| {
            now >= intent.started.saturating_add(ABANDONED_AFTER)
                || intent.started > now.saturating_add(AHEAD_MAX)
        })
    }

    /// The record with the abandoned refresh turned into an uncertain one.
    fn taken_over(mut self, now: u64) -> Self {
        let started = self.intent.as_ref().map_or(now, |intent| intent.started);
        let is_ahead = started > now.saturating_add(AHEAD_MAX);
        let started = if is_ahead { now } else { started };
        self.state = State::Uncertain;
        // An abandoned probe keeps its spacing, or whoever crashes in it would
        // probe every two minutes for ever.
        let pause = QUIET.max(spacing(self.probes));
        self.not_before = Some(started.saturating_add(pause));
        self
    }

    /// How long the record forbids to present the refresh token, in seconds.
    /// `None` when it does not.
    pub(crate) fn pause_left(&self, now: u64) -> Option<u64> {
        stored_time::wait(self.not_before?, NOT_BEFORE_MAX, now)
    }

    fn present(&self, refused: Option<&str>, attempt: &str, now: u64) -> Step {
        let mut record = self.clone();
        let Some(Tokens {
            refresh: Some(refresh),
            ..
        }) = &record.tokens
        else {
            return Step::Fail(not_refreshable());
        };
        record.intent = Some(Intent {
            attempt: attempt.to_owned(),
            presented: refresh.fingerprint(),
            started: now,
        });
        record.probes = if self.state == State::Uncertain {
            self.probes + 1
        } else {
            0
        };
        record.state = State::Refreshing;
        record.not_before = None;
        if let Some(tokens) = record.tokens.as_mut().filter(|tokens| tokens.is(refused)) {
            tokens.refused = refused.map(str::to_owned);
        }
        Step::Present(record)
    }
}

impl Tokens {
    /// The access token, if it can be used: not refused, and not within the
    /// last seconds of its life.
    fn live(&self, refused: Option<&str>, now: u64) -> Option<&Secret> {
        let access = self.access.as_ref()?;
        let ended = self
            .expires_at
            .is_some_and(|end| now.saturating_add(MARGIN) >= self.local_time(end));
        let is_refused = self.is(refused) || self.is(self.refused.as_deref());
        (!ended && !is_refused).then_some(access)
    }

    /// Whether `fingerprint` names this access token.
    fn is(&self, fingerprint: Option<&str>) -> bool {
        match (&self.access, fingerprint) {
            (Some(access), Some(fingerprint)) => access.fingerprint() == fingerprint,
            _ => false,
        }
    }

    /// Whether it is time for a new access token. The window is spread by the
    /// token, so that a fleet does not refresh at once, and never opens in the
    /// first half of the lifetime.
    fn is_due(&self, now: u64) -> bool {
        let Some(end) = self.expires_at.map(|end| self.local_time(end)) else {
            return now >= self.received_at.saturating_add(DUE_WITHOUT_EXPIRY);
        };
        let lifetime = end.saturating_sub(self.received_at);
        let window = DUE_BEFORE_END.max(lifetime / 10);
        let window = window + window * self.spread() / 1024;
        end.saturating_sub(now) < window.min(lifetime / 2)
    }

    /// 0 … 255, steady for one refresh token.
    fn spread(&self) -> u64 {
        let fingerprint = self.refresh.as_ref().map(Secret::fingerprint);
        let start = fingerprint.as_deref().and_then(|text| text.get(..2));
        start
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .unwrap_or(0)
    }

    /// How long the next refresh still has to wait after this success, in
    /// seconds. A success without an access token is no reason to wait.
    fn pause_after_success(&self, now: u64) -> Option<u64> {
        self.access.as_ref()?;
        let age = stored_time::age(self.received_at, now)?;
        PAUSE_AFTER_SUCCESS
            .checked_sub(age)
            .filter(|left| *left > 0)
    }

    fn seconds_left(&self, now: u64) -> Option<u64> {
        self.expires_at
            .map(|end| self.local_time(end).saturating_sub(now + MARGIN))
    }
}

fn not_connected() -> Error {
    Error::new(ErrorCode::NotConnected, "nobody is signed in")
}

fn not_refreshable() -> Error {
    Error::new(
        ErrorCode::NotRefreshable,
        "the login came without a refresh token",
    )
}

fn needs_login(record: &Record) -> Error {
    match record.reason.as_deref() {
        Some("account-mismatch") => Error::new(
            ErrorCode::AccountMismatch,
            "the service answered the refresh with another account's tokens",
        ),
        reason => {
            let reason = reason.unwrap_or("unknown");
            Error::new(
                ErrorCode::NeedsLogin,
                format!("the login has ended ({reason})"),
            )
        }
    }
}

fn paused(record: &Record, seconds: u64) -> Error {
    let trouble = record.last_trouble.unwrap_or(Trouble::Upstream);
    let wait = seconds;
    Setback { trouble, wait }.error()
}

fn in_progress() -> Error {
    Error::new(
        ErrorCode::RefreshInProgress,
        "another call is refreshing the token",
    )
    .retry_after(1)
}

fn uncertain(seconds: Option<u64>) -> Error {
    let error = Error::new(
        ErrorCode::RefreshUncertain,
        "the outcome of the last refresh is unknown",
    );
    match seconds {
        Some(seconds) => error.retry_after(seconds),
        None => error,
    }
}

fn rejected(seconds: u64) -> Error {
    Error::new(
        ErrorCode::RejectedByBackend,
        "the service refuses or ends a token it has just issued",
    )
    .retry_after(seconds)
}

#[cfg(test)]
mod tests;
