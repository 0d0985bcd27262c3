//! Applies the outcome of a refresh to the record, and returns the next record.

use super::record::{Intent, Parts, Phase, Record, Refusals, State};
use super::tokens::Tokens;
use crate::openai::{Failure, FailureKind, ServiceError, TokenField, TokenOutcome, TokenResponse};
use crate::secret::Secret;
use crate::state::credential::NOT_BEFORE_MAX;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;

/// No token is presented again within this time after an intent whose outcome is
/// unknown, in seconds: longer than the work of its call and the largest clock skew
/// together (5 + 30 + 30 + 30).
const PROBE_DELAY: u64 = 120;

/// The longest delay before a probe, in seconds.
const PROBE_DELAY_MAX: u64 = 3600;

/// Unknown refusals end a login after this many probes in a row, …
const REFUSALS_MIN: u64 = 5;

/// … if the first and the last of them lie this far apart, in seconds.
const REFUSED_FOR: u64 = 86_400;

/// The reason where the service's code cannot be shown.
pub(super) const UNNAMED: &str = "unknown";

/// What to do with the record as it is now.
pub(crate) enum Applied {
    /// Store this.
    Store(Box<Record>),
    /// Leave it: another call has changed it since.
    Leave,
    /// Leave it and discard granted tokens: a logout or a login came meanwhile.
    Superseded,
}

/// Applies `outcome` to `record`, which was read just now. The outcome is that of
/// `intent`, which was written under `login_seq`.
///
/// A grant is stored whenever the stored refresh token is still the one presented: no
/// other call can have its successor. The state of the intent does not matter.
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
    let is_refreshing = matches!(record.state.phase(), Some(Phase::Refreshing { .. }));
    let is_ours = is_refreshing && record.has_intent(intent);
    let other_in_flight = is_refreshing && !is_ours;
    let store = |record| Applied::Store(Box::new(record));
    match outcome {
        TokenOutcome::Granted(tokens) if is_same_token => {
            store(record.clone().granted(tokens, now))
        }
        TokenOutcome::Rejected(service_error) if is_same_token && !other_in_flight => {
            store(record.clone().rejected(name(service_error)))
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

fn name(service_error: &ServiceError) -> &str {
    service_error.code.as_deref().unwrap_or(UNNAMED)
}

impl Record {
    /// Whether the intent that it carries is this one.
    pub(crate) fn has_intent(&self, intent: &Intent) -> bool {
        self.intent()
            .is_some_and(|stored| stored.attempt == intent.attempt)
    }

    fn refresh_token(&self) -> Option<&Secret> {
        self.tokens()?.refresh.as_ref()
    }

    fn presents(&self, fingerprint: &str) -> bool {
        self.refresh_token()
            .is_some_and(|token| token.fingerprint() == fingerprint)
    }

    fn granted(mut self, tokens: &TokenResponse, now: u64) -> Self {
        let claims = tokens.claims();
        if claims.contradicts(&self.claims) {
            return self.rejected("account-mismatch");
        }
        let kept = self.refresh_token().cloned();
        self.claims = claims.or(self.claims);
        self.with_tokens(tokens, kept, now)
    }

    /// The record with the tokens of a grant, and nothing of earlier refreshes.
    pub(super) fn with_tokens(
        self,
        response: &TokenResponse,
        kept: Option<Secret>,
        now: u64,
    ) -> Self {
        let missing = missing(response);
        Self {
            state: State::LoggedIn {
                tokens: Tokens::received(response, kept, now),
                phase: Phase::Active,
            },
            not_before: missing.map(|kind| now.saturating_add(kind.default_retry_after())),
            last_failure: missing,
            revoke: false,
            ..self
        }
    }

    /// The record of a login that has ended. The number of the login, tokens and
    /// intent stay, so that a late grant still commits.
    fn rejected(mut self, reason: &str) -> Self {
        self.not_before = None;
        if let State::LoggedIn { phase, .. } = &mut self.state {
            phase.end_presentation(&mut |parts| {
                parts.probes.refusals = None;
                parts.reason = Some(reason.to_owned());
            });
        }
        self
    }

    /// Takes the intent back: the token was not presented.
    fn released(mut self, failure: &Failure, now: u64) -> Self {
        self.last_failure = Some(failure.kind);
        self.not_before = Some(now.saturating_add(failure.retry_after));
        let is_probe = self.state.probe_count() > 0;
        if let State::LoggedIn { phase, .. } = &mut self.state {
            match is_probe {
                false => *phase = Phase::Active,
                true => phase.end_presentation(&mut |parts| {
                    parts.reset_refusals();
                    parts.probes.count -= 1;
                }),
            }
        }
        self
    }

    /// Records an outcome that says nothing certain about the token.
    fn became_uncertain(mut self, failure: &Failure, now: u64) -> Self {
        self.last_failure = Some(failure.kind);
        let refusal =
            Some(&failure.service_error).filter(|_| failure.kind == FailureKind::UnknownRefusal);
        self.without_outcome(refusal, now)
    }

    /// The record with the abandoned refresh turned into an uncertain one.
    pub(super) fn taken_over(self, now: u64) -> Self {
        self.without_outcome(None, now)
    }

    /// The record after a presentation whose outcome is unknown; `refusal` if it was
    /// refused by an unknown code. The pause counts from the intent.
    fn without_outcome(mut self, refusal: Option<&ServiceError>, now: u64) -> Self {
        // A time ahead of now is of a clock that was set back, and ignored.
        let started = self
            .state
            .intent()
            .map_or(now, |intent| intent.started.min(now));
        let mut pause = NOT_BEFORE_MAX;
        if let State::LoggedIn { phase, .. } = &mut self.state {
            phase.end_presentation(&mut |parts| {
                match refusal {
                    Some(service_error) => parts.count_refusal(service_error, now),
                    None => parts.reset_refusals(),
                }
                if parts.reason.is_none() {
                    pause = probe_delay(parts.probes.count);
                }
            });
        }
        self.not_before = Some(started.saturating_add(pause));
        self
    }
}

impl Parts {
    /// Counts an unknown refusal, and ends the login if there were enough.
    fn count_refusal(&mut self, service_error: &ServiceError, now: u64) {
        let before = self.probes.refusals.take();
        let is_probe = self.probes.count > 0;
        let counted = before.as_ref().map_or(0, |before| before.probes);
        let since = match before {
            Some(before) if counted > 0 => before.since,
            _ => now,
        };
        let probes = counted.saturating_add(u64::from(is_probe));
        if probes >= REFUSALS_MIN && now.saturating_sub(since) >= REFUSED_FOR {
            self.reason = Some(name(service_error).to_owned());
        }
        self.probes.refusals = Some(Refusals {
            service_error: service_error.clone(),
            probes,
            since,
        });
    }

    /// Starts the count again, unless the refusals have ended the login already.
    fn reset_refusals(&mut self) {
        if self.reason.is_none() {
            self.probes.refusals = None;
        }
    }
}

/// The delay after the probe of that number, 0 being the first presentation, in
/// seconds: from the fifth probe on twice as long each time, at most an hour.
/// Probes are not limited in number.
///
/// The delay after a probe is not shorter than after the first presentation. A
/// request without a response may still be on its way, and presenting the same
/// token before it arrives would look like token reuse (`tests/model`).
fn probe_delay(probe: u64) -> u64 {
    PROBE_DELAY_MAX.min(PROBE_DELAY << probe.saturating_sub(4).min(5))
}

/// What the response lacks; the next refresh waits for the default of that failure.
fn missing(response: &TokenResponse) -> Option<FailureKind> {
    match response.access_token {
        TokenField::Token(_) => None,
        TokenField::Absent => Some(FailureKind::NoAccessToken),
        TokenField::Unusable => Some(FailureKind::Unexpected),
    }
}

#[cfg(test)]
mod tests;
