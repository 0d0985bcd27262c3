//! What an answer to the refresh request makes of the record.

use super::{Intent, QUIET, Record, State, Tokens};
use crate::claims::{self, Claims};
use crate::openai::{Setback, TokenGrant, Trouble};
use crate::secret::Secret;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// What the answer says about the refresh token that was presented.
pub(crate) enum Verdict {
    /// New tokens.
    Granted(TokenGrant),
    /// The service has not looked at the token: it can be presented again later.
    NotProcessed(Setback),
    /// The service refuses the token for good, by this code of its own.
    Refused(String),
    /// Whether the service took the token is unknown.
    Unknown(Trouble),
}

/// What to do with the record as it stands now.
#[allow(
    clippy::large_enum_variant,
    reason = "lives for a moment and is moved once"
)]
pub(crate) enum Settled {
    /// Store this.
    Store(Record),
    /// Leave it: somebody else has moved it on.
    Leave,
    /// Leave it, and the tokens just granted are to be dropped: the person has
    /// logged out or in again meanwhile.
    Superseded,
}

/// Applies `verdict`, which answers `intent` made in `epoch`, to `record` as
/// read just now.
///
/// A grant commits by lineage, not by lease: if the stored refresh token is
/// still the one presented, then whoever holds its successor is the only one in
/// the world who has it, whatever has happened to the intent meanwhile.
pub(crate) fn settle(
    record: &Record,
    epoch: u64,
    intent: &Intent,
    verdict: &Verdict,
    now: u64,
) -> Settled {
    if record.epoch != epoch || !record.has_login() {
        return Settled::Superseded;
    }
    let is_same_token = record.presents(&intent.presented);
    let is_ours = record
        .intent
        .as_ref()
        .is_some_and(|stored| stored.attempt == intent.attempt)
        && record.state == State::Refreshing;
    let other_in_flight = record.state == State::Refreshing && !is_ours;
    match verdict {
        Verdict::Granted(grant) if is_same_token => {
            Settled::Store(record.clone().granted(grant, now))
        }
        Verdict::Refused(reason) if is_same_token && !other_in_flight => {
            Settled::Store(record.clone().refused(reason))
        }
        Verdict::NotProcessed(setback) if is_ours => {
            Settled::Store(record.clone().released(*setback, now))
        }
        Verdict::Unknown(trouble) if is_ours => {
            Settled::Store(record.clone().became_uncertain(*trouble, intent.started))
        }
        _ => Settled::Leave,
    }
}

impl Record {
    fn presents(&self, fingerprint: &str) -> bool {
        let refresh = self
            .tokens
            .as_ref()
            .and_then(|tokens| tokens.refresh.as_ref());
        refresh.is_some_and(|token| token.fingerprint() == fingerprint)
    }

    fn granted(mut self, grant: &TokenGrant, now: u64) -> Self {
        let claims = grant.claims();
        if claims.contradicts(&self.claims) {
            return self.refused("account-mismatch");
        }
        let kept = self.tokens.take().and_then(|tokens| tokens.refresh);
        self.state = State::Active;
        self.reason = None;
        self.claims = claims.or(self.claims);
        self.tokens = Some(grant.tokens(kept, now));
        self.settled()
    }

    /// Keeps epoch, tokens and intent, so that a grant that arrives late still commits.
    fn refused(mut self, reason: &str) -> Self {
        self.state = State::NeedsLogin;
        self.reason = Some(reason.to_owned());
        self.not_before = None;
        self
    }

    /// Takes the intent back: the token was not presented.
    fn released(mut self, setback: Setback, now: u64) -> Self {
        if self.probes == 0 {
            self.state = State::Active;
            self.intent = None;
        } else {
            self.state = State::Uncertain;
            self.probes -= 1;
        }
        self.not_before = Some(now.saturating_add(setback.wait));
        self.last_trouble = Some(setback.trouble);
        self
    }

    /// The first presentation is followed by the quiet period, a probe by its
    /// spacing: its holder has just said that its work is over.
    fn became_uncertain(mut self, trouble: Trouble, started: u64) -> Self {
        let pause = if self.probes == 0 {
            QUIET
        } else {
            spacing(self.probes)
        };
        self.state = State::Uncertain;
        self.not_before = Some(started.saturating_add(pause));
        self.last_trouble = Some(trouble);
        self
    }
}

/// The pause after the probe of that number, in seconds: 30 three times, then
/// 2, 4, 8 … 60 minutes. Their number ends nothing.
pub(super) fn spacing(probe: u64) -> u64 {
    match probe {
        0..=3 => 30,
        later => 3600.min(120 << (later - 4).min(5)),
    }
}

impl TokenGrant {
    /// Who the granted tokens belong to.
    pub(crate) fn claims(&self) -> Claims {
        let text =
            |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.reveal().to_owned());
        let (id_token, access) = (text(&self.id_token), text(&self.access_token));
        Claims::read(id_token.as_deref(), access.as_deref())
    }

    /// The tokens to store; `kept` is the refresh token to keep if none was granted.
    pub(crate) fn tokens(&self, kept: Option<Secret>, now: u64) -> Tokens {
        let service_now = self.service_clock.unwrap_or(now);
        let expires_at = self.access_token.as_ref().and_then(|access| {
            let by_claim = claims::expiry(access.reveal(), service_now);
            by_claim.or_else(|| Some(service_now.saturating_add(self.expires_in?)))
        });
        Tokens {
            refresh: self.refresh_token.clone().or(kept),
            access: self.access_token.clone(),
            received_at: now,
            expires_at,
            clock_offset: self.clock_offset,
            refused: None,
        }
    }
}

#[cfg(test)]
mod tests;
