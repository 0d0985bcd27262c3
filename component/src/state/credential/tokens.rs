//! The tokens of a login, when they expire, and when the next refresh is due.

use crate::openai::{TokenField, TokenResponse, claims};
use crate::secret::Secret;
use crate::state::clock_skew;
use alloc::string::String;

/// An access token is not returned in its last seconds.
const EXPIRY_LEEWAY: u64 = 30;

/// A refresh is due when less than this is left, in seconds, or less than 10 % of
/// the lifetime.
const DUE_BEFORE_END: u64 = 300;

/// Without a known expiry, a refresh is due this long after the last one: 8 days,
/// as in the Codex CLI.
const DUE_WITHOUT_EXPIRY: u64 = 8 * 86_400;

/// After a successful refresh, the next one waits this long, in seconds.
const PAUSE_AFTER_SUCCESS: u64 = 60;

/// The tokens and their times.
#[derive(Clone)]
pub(crate) struct Tokens {
    /// `None` when the service gave none, or an unusable one: the login cannot be
    /// refreshed.
    pub(crate) refresh: Option<Secret>,
    /// `None` when a refresh brought none: the next one is due after a pause.
    pub(crate) access: Option<Secret>,
    /// When the access token was received, Unix seconds by this machine's clock.
    pub(crate) received_at: u64,
    /// When it expires, Unix seconds by the service's clock.
    pub(crate) expires_at: Option<u64>,
    /// The service's clock minus this machine's, in seconds.
    pub(crate) clock_offset: i64,
    /// The fingerprint of the access token, once the backend has refused it.
    pub(crate) refused: Option<String>,
}

impl Tokens {
    /// The tokens of a response. `kept` is the refresh token that stays if the
    /// response has none. An unusable one in the response has spent the previous
    /// one.
    pub(super) fn received(response: &TokenResponse, kept: Option<Secret>, now: u64) -> Self {
        let service_now = response.service_clock.unwrap_or(now);
        let access = response.access_token.token();
        let expires_at = access.and_then(|access| {
            let by_claim = claims::expiry(access.reveal(), service_now);
            by_claim.or_else(|| Some(service_now.saturating_add(response.expires_in?)))
        });
        Self {
            refresh: match &response.refresh_token {
                TokenField::Absent => kept,
                TokenField::Unusable => None,
                TokenField::Token(token) => Some(token.clone()),
            },
            access: access.cloned(),
            received_at: now,
            expires_at,
            clock_offset: response.clock_offset,
            refused: None,
        }
    }

    /// The access token, if it is live: not refused, and not in its last seconds.
    pub(super) fn live(&self, now: u64) -> Option<&Secret> {
        let access = self.access.as_ref()?;
        let has_ended = self.seconds_left(now) == Some(0);
        let is_refused = self
            .refused
            .as_deref()
            .is_some_and(|name| self.matches(name));
        (!has_ended && !is_refused).then_some(access)
    }

    /// How long the access token is live, in seconds; `None` when its end is
    /// unknown.
    pub(super) fn seconds_left(&self, now: u64) -> Option<u64> {
        let end = self.local_time(self.expires_at?);
        Some(end.saturating_sub(now.saturating_add(EXPIRY_LEEWAY)))
    }

    /// Whether `fingerprint` is that of the access token.
    pub(super) fn matches(&self, fingerprint: &str) -> bool {
        let access = self.access.as_ref();
        access.is_some_and(|access| access.fingerprint() == fingerprint)
    }

    /// Whether a refresh is due. The window varies by the token, so that a fleet
    /// does not refresh at once, and never opens in the first half of the
    /// lifetime.
    pub(super) fn is_due(&self, now: u64) -> bool {
        let Some(end) = self.expires_at.map(|end| self.local_time(end)) else {
            return now >= self.received_at.saturating_add(DUE_WITHOUT_EXPIRY);
        };
        let lifetime = end.saturating_sub(self.received_at);
        let window = DUE_BEFORE_END.max(lifetime / 10);
        let jitter = self.refresh.as_ref().map_or(0, Secret::jitter);
        let jitter = window.saturating_mul(u64::from(jitter)) / 1024;
        end.saturating_sub(now) < window.saturating_add(jitter).min(lifetime / 2)
    }

    /// The seconds until the next refresh may begin after this success. `None` if it may
    /// begin now, as after a success without an access token.
    pub(super) fn pause_after_success(&self, now: u64) -> Option<u64> {
        self.access.as_ref()?;
        let age = clock_skew::age(self.received_at, now)?;
        let left = PAUSE_AFTER_SUCCESS.saturating_sub(age);
        (left > 0).then_some(left)
    }

    /// Converts a time of the service's clock into one of this machine's.
    pub(crate) fn local_time(&self, service_time: u64) -> u64 {
        service_time.saturating_add_signed(self.clock_offset.saturating_neg())
    }
}
