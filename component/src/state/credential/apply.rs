//! What an answer to the refresh request makes of the record.

use super::record::{
    Intent, NOT_BEFORE_MAX, PROBE_DELAY, PROBE_DELAY_MAX, REFUSALS_MIN, REFUSED_FOR, Record,
    Refusals, State,
};
use super::tokens::Tokens;
use crate::openai::{Failure, FailureKind, ServiceError, TokenField, TokenOutcome, TokenResponse};
use crate::secret::Secret;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;

/// What to do with the record as it stands now.
pub(crate) enum Applied {
    /// Store this.
    Store(Box<Record>),
    /// Leave it: somebody else has moved it on.
    Leave,
    /// Leave it, and the tokens just granted are to be dropped: the person has
    /// logged out or in again meanwhile.
    Superseded,
}

/// Applies `verdict`, which answers `intent` made in `login_seq`, to `record` as
/// read just now.
///
/// A grant commits by lineage, not by lease: if the stored refresh token is
/// still the one presented, then whoever holds its successor is the only one in
/// the world who has it, whatever has happened to the intent meanwhile.
pub(crate) fn apply_outcome(
    record: &Record,
    login_seq: u64,
    intent: &Intent,
    outcome: &TokenOutcome,
    now: u64,
) -> Applied {
    if record.login_seq != login_seq || !record.has_login() {
        return Applied::Superseded;
    }
    let is_same_token = record.presents(&intent.presented);
    let is_ours = record.state == State::Refreshing && record.has_intent(intent);
    let other_in_flight = record.state == State::Refreshing && !is_ours;
    let store = |record| Applied::Store(Box::new(record));
    match outcome {
        TokenOutcome::Granted(grant) if is_same_token => store(record.clone().granted(grant, now)),
        TokenOutcome::Rejected(service_error) if is_same_token && !other_in_flight => {
            store(record.clone().refused(service_error.code.as_deref()))
        }
        TokenOutcome::NotProcessed(failure) if is_ours => {
            store(record.clone().released(failure, now))
        }
        TokenOutcome::Unknown(failure) if is_ours => {
            store(record.clone().became_uncertain(failure, now))
        }
        _ => Applied::Leave,
    }
}

impl Record {
    /// Whether the intent that it carries is this one.
    pub(crate) fn has_intent(&self, intent: &Intent) -> bool {
        let stored = self.intent.as_ref();
        stored.is_some_and(|stored| stored.attempt == intent.attempt)
    }

    fn presents(&self, fingerprint: &str) -> bool {
        let refresh = self
            .tokens
            .as_ref()
            .and_then(|tokens| tokens.refresh.as_ref());
        refresh.is_some_and(|token| token.fingerprint() == fingerprint)
    }

    fn granted(mut self, grant: &TokenResponse, now: u64) -> Self {
        let claims = grant.claims();
        if claims.contradicts(&self.claims) {
            return self.refused(Some("account-mismatch"));
        }
        let kept = self.tokens.take().and_then(|tokens| tokens.refresh);
        self.state = State::Active;
        self.reason = None;
        self.claims = claims.or(self.claims);
        self.with_tokens(grant, kept, now)
    }

    /// The record with the tokens of a grant, and nothing left of earlier refreshes.
    pub(super) fn with_tokens(self, grant: &TokenResponse, kept: Option<Secret>, now: u64) -> Self {
        let missing = missing(grant);
        Self {
            tokens: Some(Tokens::received(grant, kept, now)),
            intent: None,
            probes: 0,
            not_before: missing.map(|kind| now.saturating_add(kind.default_retry_after())),
            last_failure: missing,
            refusals: None,
            revoke: false,
            ..self
        }
    }

    /// Keeps login_seq, tokens and intent, so that a grant that arrives late still commits.
    fn refused(mut self, reason: Option<&str>) -> Self {
        self.state = State::NeedsLogin;
        self.reason = Some(reason.unwrap_or(UNNAMED).to_owned());
        self.refusals = None;
        self.not_before = None;
        self
    }

    /// Takes the intent back: the token was not presented.
    fn released(mut self, failure: &Failure, now: u64) -> Self {
        self.forget_refusals();
        self.last_failure = Some(failure.kind);
        if self.probes == 0 {
            self.state = State::Active;
            self.intent = None;
        } else {
            self.state = self.state_without_outcome();
            self.probes -= 1;
        }
        self.not_before = Some(now.saturating_add(failure.retry_after));
        self
    }

    /// Notes an answer that says nothing certain about the token.
    fn became_uncertain(mut self, failure: &Failure, now: u64) -> Self {
        self.last_failure = Some(failure.kind);
        if failure.kind == FailureKind::UnknownRefusal {
            self.count_refusal(&failure.service_error, now);
        } else {
            self.forget_refusals();
        }
        self.without_outcome(now)
    }

    /// The record after a presentation whose outcome is unknown: its pause counts
    /// from the intent.
    pub(super) fn without_outcome(mut self, now: u64) -> Self {
        let started = self.intent.as_ref().map_or(now, |intent| intent.started);
        // One from the far future says nothing.
        let started = started.min(now);
        self.state = self.state_without_outcome();
        let pause = match self.state {
            State::NeedsLogin => NOT_BEFORE_MAX,
            _ => probe_delay(self.probes),
        };
        self.not_before = Some(started.saturating_add(pause));
        self
    }

    /// Refusals end a login once; what comes later does not bring it back.
    fn state_without_outcome(&self) -> State {
        match self.reason {
            Some(_) => State::NeedsLogin,
            None => State::Uncertain,
        }
    }

    fn count_refusal(&mut self, service_error: &ServiceError, now: u64) {
        let before = self.refusals.take();
        let is_probe = self.probes > 0;
        let counted = before.as_ref().map_or(0, |before| before.probes);
        let since = match before {
            Some(before) if counted > 0 => before.since,
            _ => now,
        };
        let probes = counted.saturating_add(u64::from(is_probe));
        if probes >= REFUSALS_MIN && now.saturating_sub(since) >= REFUSED_FOR {
            self.reason = Some(service_error.code.as_deref().unwrap_or(UNNAMED).to_owned());
        }
        self.refusals = Some(Refusals {
            service_error: service_error.clone(),
            probes,
            since,
        });
    }

    /// Starts the count again, unless the refusals have ended the login already.
    pub(super) fn forget_refusals(&mut self) {
        if self.reason.is_none() {
            self.refusals = None;
        }
    }
}

/// The reason where the service's code cannot be shown.
const UNNAMED: &str = "unknown";

/// How long nothing is presented after the probe of that number, 0 being the
/// first presentation, in seconds: the quiet period, from the fifth probe on
/// twice as long each time, at the most an hour. Their number ends nothing.
///
/// Not less after a probe than after the first presentation: a request that got
/// no answer may still be on its way, and whoever presents the same token before
/// it arrives is the one who is taken for a thief (`tests/model`).
pub(super) fn probe_delay(probe: u64) -> u64 {
    PROBE_DELAY_MAX.min(PROBE_DELAY << probe.saturating_sub(4).min(5))
}

/// What a grant lacks; the next refresh waits for the default of that failure.
fn missing(grant: &TokenResponse) -> Option<FailureKind> {
    match grant.access_token {
        TokenField::Token(_) => None,
        TokenField::Absent => Some(FailureKind::NoAccessToken),
        TokenField::Unusable => Some(FailureKind::Unexpected),
    }
}

#[cfg(test)]
mod tests;
