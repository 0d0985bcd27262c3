//! Decides what a call does with the record, before anything is sent.

use super::record::{Intent, Phase, Probes, Record, State};
use super::tokens::Tokens;
use crate::contract::{Error, ErrorCode};
use crate::openai::refresh::ACCOUNT_CLOSED;
use crate::openai::{CLOSED_HINT, Failure, FailureKind, ServiceError};
use crate::ports::StoreError;
use crate::secret::Secret;
use crate::state::clock_skew;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;

/// What a call needs from the record.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    /// A usable access token; `refused` is the fingerprint of one that the
    /// backend has just answered 401 to.
    AccessToken { refused: Option<&'a str> },
    /// A new access token, due or not.
    ForceRefresh,
}

impl<'a> Request<'a> {
    fn refused(self) -> Option<&'a str> {
        match self {
            Self::AccessToken { refused } => refused,
            Self::ForceRefresh => None,
        }
    }
}

/// What the call does next.
pub(crate) enum Action {
    /// Return the stored access token.
    Serve,
    /// Store this record, and decide again.
    Store(Box<Record>),
    /// Store the intent, and present this refresh token.
    Present(Secret),
    /// Return this error.
    Fail(Box<Error>),
}

/// A stored `not_before` further away than this is ignored, in seconds.
pub(crate) const NOT_BEFORE_MAX: u64 = 3600;

/// Decides by the table in docs/refresh.md. `now` is this machine's clock, Unix
/// seconds.
pub(crate) fn decide(record: &Record, request: Request, now: u64) -> Action {
    let State::LoggedIn { tokens, phase } = &record.state else {
        return Action::Fail(Error::not_connected());
    };
    let refused = request.refused().filter(|name| tokens.matches(name));
    if let (Some(_), Some(seconds)) = (refused, tokens.pause_after_success(now)) {
        // Not stored: if the backend refuses a new token, the fault is the backend's,
        // and the token works for other calls.
        return Action::Fail(rejected(seconds));
    }
    if let Some(next) = record.brought_up_to_date(refused, now) {
        return Action::Store(Box::new(next));
    }
    let is_live = tokens.live(now).is_some();
    let may_present = || may_present(record, tokens, phase, now);
    match (phase, request) {
        // An early refresh that cannot be made now is left out.
        (Phase::Active, Request::AccessToken { .. }) if is_live && tokens.is_due(now) => {
            may_present().map_or(Action::Serve, Action::Present)
        }
        (_, Request::AccessToken { .. }) if is_live => Action::Serve,
        (Phase::Active, _) if is_live && tokens.pause_after_success(now).is_some() => Action::Serve,
        (Phase::Uncertain { .. }, _) if is_live => {
            Action::Fail(uncertain(record, tokens.seconds_left(now)))
        }
        (Phase::Active | Phase::Uncertain { .. }, _) => {
            may_present().map_or_else(Action::Fail, Action::Present)
        }
        (Phase::Refreshing { .. }, _) => Action::Fail(in_progress()),
        // Ended by unknown refusals: an explicit refresh may still try.
        (Phase::NeedsLogin { probes, .. }, Request::ForceRefresh)
            if probes.refusals.is_some() && !is_live =>
        {
            may_present().map_or_else(|_| Action::Fail(needs_login(record)), Action::Present)
        }
        (Phase::NeedsLogin { .. }, _) => Action::Fail(needs_login(record)),
    }
}

/// The refresh token, if it may be presented now, else why not.
fn may_present(
    record: &Record,
    tokens: &Tokens,
    phase: &Phase,
    now: u64,
) -> Result<Secret, Box<Error>> {
    let refresh = tokens.refresh.clone().ok_or_else(not_refreshable)?;
    let pause = tokens.pause_after_success(now);
    match (phase, pause, record.pause_left(now)) {
        (Phase::Active, Some(seconds), _) => Err(rejected(seconds)),
        (Phase::Uncertain { .. }, _, Some(seconds)) => Err(uncertain(record, Some(seconds))),
        (_, _, Some(seconds)) => Err(paused(record, seconds)),
        // The refresh token is not used unless its replacement fits the record.
        _ if !record.has_room() => Err(StoreError::TooLarge.into()),
        _ => Ok(refresh),
    }
}

impl Record {
    /// The stored access token, if it can be used.
    pub(crate) fn live_token(&self, now: u64) -> Option<&Secret> {
        self.tokens()?.live(now)
    }

    /// Whether model calls can be made, now or after a refresh.
    pub(crate) fn is_connected(&self, now: u64) -> bool {
        let has_ended = matches!(self.state.phase(), Some(Phase::NeedsLogin { .. }));
        let can_refresh = self.is_refreshable() && !has_ended && self.state.refusals().is_none();
        self.live_token(now).is_some() || can_refresh
    }

    /// Whether the last response was a refusal that has not ended the login.
    pub(crate) fn is_refused_so_far(&self) -> bool {
        self.state.refusals().is_some() && self.state.reason().is_none()
    }

    /// The record with what is known without a request: that its access token was
    /// refused, or that its refresh is abandoned. `None` when that is stored already.
    fn brought_up_to_date(&self, refused: Option<&str>, now: u64) -> Option<Self> {
        let State::LoggedIn { tokens, phase } = &self.state else {
            return None;
        };
        match (refused, phase) {
            (Some(name), _) if tokens.refused.as_deref() != Some(name) => {
                Some(self.clone().with_refused(name))
            }
            (_, Phase::Refreshing { intent, .. }) if intent.is_abandoned(now) => {
                Some(self.clone().taken_over(now))
            }
            _ => None,
        }
    }

    fn with_refused(mut self, name: &str) -> Self {
        if let State::LoggedIn { tokens, .. } = &mut self.state {
            tokens.refused = Some(name.to_owned());
        }
        self
    }

    /// How long the record forbids to present the refresh token, in seconds.
    /// `None` when it does not.
    pub(crate) fn pause_left(&self, now: u64) -> Option<u64> {
        clock_skew::wait(self.not_before?, NOT_BEFORE_MAX, now)
    }

    /// The record with the intent to present its refresh token.
    pub(crate) fn with_intent(mut self, intent: &Intent) -> Self {
        self.not_before = None;
        if let State::LoggedIn { phase, .. } = &mut self.state {
            let is_probe = matches!(phase, Phase::Uncertain { .. } | Phase::NeedsLogin { .. });
            let parts = phase.take();
            *phase = Phase::Refreshing {
                intent: intent.clone(),
                probes: Probes {
                    count: match is_probe {
                        true => parts.probes.count.saturating_add(1),
                        false => 0,
                    },
                    ..parts.probes
                },
                reason: parts.reason,
            };
        }
        self
    }
}

fn not_refreshable() -> Box<Error> {
    Error::boxed(ErrorCode::NotRefreshable, "the login has no refresh token")
}

/// The error of a login that has ended, with what the person can do.
pub(crate) fn needs_login(record: &Record) -> Box<Error> {
    match record.state.reason() {
        Some(reason @ "refresh_token_reused") => ended(record, reason).with_hint("Another program uses a copy of this login, or the answer to an earlier refresh was lost. Every program needs a login of its own: call start."),
        Some("account-mismatch") => Error::boxed(
            ErrorCode::AccountMismatch,
            "the service answered the refresh with another account's tokens",
        ),
        reason => ended(record, reason.unwrap_or("unknown")),
    }
}

fn ended(record: &Record, reason: &str) -> Box<Error> {
    let error = Error::boxed(ErrorCode::NeedsLogin, "the login has ended");
    let error = match ACCOUNT_CLOSED.contains(&reason) {
        true => error.with_hint(CLOSED_HINT),
        false => error,
    };
    match record.state.refusals() {
        Some(refusals) => refusals.service_error.add_to(error),
        None => {
            let code = Some(reason.to_owned());
            ServiceError { status: None, code }.add_to(error)
        }
    }
}

fn paused(record: &Record, seconds: u64) -> Box<Error> {
    let kind = record.last_failure.unwrap_or(FailureKind::Upstream);
    Failure {
        retry_after: seconds,
        ..Failure::new(kind)
    }
    .error()
}

fn in_progress() -> Box<Error> {
    Error::boxed(
        ErrorCode::RefreshInProgress,
        "another call is refreshing the token",
    )
    .retry_after(1)
}

fn uncertain(record: &Record, seconds: Option<u64>) -> Box<Error> {
    let error = match record.state.refusals() {
        Some(refusals) => {
            let message = "OpenAI refused the last refresh with an unknown code";
            let error = Error::boxed(ErrorCode::RefreshUncertain, message);
            refusals.service_error.add_to(error.with_hint(REFUSED_HINT))
        }
        None => Error::boxed(
            ErrorCode::RefreshUncertain,
            "the outcome of the last refresh is unknown",
        ),
    };
    match seconds {
        Some(seconds) => error.retry_after(seconds),
        None => error,
    }
}

/// For a login that the service refuses by an unknown code.
pub(crate) const REFUSED_HINT: &str = "The refresh is retried after a pause. If the service keeps refusing it for a day, the login has ended. Calling start makes a new login at once.";

fn rejected(seconds: u64) -> Box<Error> {
    Error::boxed(
        ErrorCode::RejectedByBackend,
        "the service refuses or ends a token it has just issued",
    )
    .retry_after(seconds)
}

#[cfg(test)]
mod tests;
