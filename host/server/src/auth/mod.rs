//! Whose key a request has, and what the key permits.
//!
//! A key comes in the header `authorization` and nowhere else. Every key that is not valid
//! here has one answer: the caller does not learn whether it is unknown, expired, revoked or
//! of the other listener.

mod caller;
mod failures;
mod keys;

use chatgpt_oauth::api_keys::{ApiKey, ApiKeys, Permission};
use chatgpt_oauth::{Error, Host, ProfileName};
use chatgpt_oauth_answers::RefusalCode;
use http::header::{self, HeaderMap};

use crate::limits::Calls;
use crate::listen::Client;
use crate::metrics::Metrics;
use crate::refused::Refused;
use crate::server::Side;
use keys::Keys;

pub(crate) use caller::Caller;
pub(crate) use failures::Failures;
pub(crate) use keys::EVERY as KEYS_ARE_CHECKED_EVERY;

/// Finds out whose key a request has.
pub(crate) struct Authentication {
    keys: Keys,
    failures: Failures,
}

/// Why a key is not accepted, for the metrics and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rejection {
    /// There is no key.
    Missing,
    /// The text is no key, by its prefix, length or checksum.
    Malformed,
    /// No key is known with this id and secret.
    Unknown,
    /// The key has expired or was revoked.
    Ended,
    /// The key is of the other listener.
    OtherListener,
}

impl Rejection {
    const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Ended => "ended",
            Self::OtherListener => "other_listener",
        }
    }

    /// Whether the store may have been asked: a text that is no key guesses none.
    const fn is_a_guess(self) -> bool {
        !matches!(self, Self::Missing | Self::Malformed)
    }
}

impl Authentication {
    pub(crate) fn new(host: &Host) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::of(host)?,
            failures: Failures::default(),
        })
    }

    /// Whose key the request has. A key that is not accepted counts against the client's
    /// address; a request without one does not. After too many of them, the store is seldom
    /// asked for keys from there; a key that was used a moment ago is not looked up.
    pub(crate) async fn caller(
        &self,
        headers: &HeaderMap,
        side: Side,
        client: Client,
        metrics: &Metrics,
    ) -> Result<Caller, Refused> {
        let rejection = match self.find(headers, side, client).await? {
            Ok(caller) => return Ok(caller),
            Err(rejection) => rejection,
        };
        metrics.rejected_key(rejection.name());
        if rejection.is_a_guess() {
            let too_many = |seconds| Refused::too_many("too many keys that are not valid", seconds);
            self.failures.count(client).map_err(too_many)?;
        }
        Err(invalid_key())
    }

    async fn find(
        &self,
        headers: &HeaderMap,
        side: Side,
        client: Client,
    ) -> Result<Result<Caller, Rejection>, Refused> {
        let Some(text) = bearer(headers) else {
            return Ok(Err(Rejection::Missing));
        };
        let Ok(key) = text.parse::<ApiKey>() else {
            return Ok(Err(Rejection::Malformed));
        };
        if !self.keys.has_copy(key.id()) && !self.failures.permit_look_up(client) {
            return Ok(Err(Rejection::Unknown));
        }
        let found = self
            .keys
            .find(&key)
            .await
            .map_err(|error| unreadable(&error))?;
        let caller = match found {
            Ok(caller) if side.is_for(caller.permission()) => Ok(caller),
            Ok(_) => Err(Rejection::OtherListener),
            Err(rejection) => Err(rejection),
        };
        match caller {
            Ok(_) => {}
            Err(Rejection::OtherListener) => {
                tracing::warn!(key = %key.id(), "a key of the other listener is not accepted");
            }
            Err(rejection) => {
                let reason = rejection.name();
                tracing::info!(key = %key.id(), reason, "a key is not accepted");
            }
        }
        Ok(caller)
    }

    /// The keys in the store.
    pub(crate) fn keys(&self) -> ApiKeys {
        self.keys.stored()
    }

    /// Learns which keys have changed, and ends the calls of keys that have ended.
    pub(crate) async fn follow_changes(&self, calls: &Calls) {
        if let Err(error) = self.keys.follow_changes(calls).await {
            tracing::debug!(%error, "the keys cannot be read");
        }
    }

    /// Lets a change of the keys by this process count at once.
    pub(crate) async fn keys_have_changed(&self, calls: &Calls) {
        self.keys.forget();
        self.follow_changes(calls).await;
    }

    /// Lets a change of a profile's keys by another process count at once.
    pub(crate) async fn profile_has_changed(&self, profile: &ProfileName, calls: &Calls) {
        if let Err(error) = self.keys.follow_profile(profile, calls).await {
            tracing::debug!(%error, "the keys cannot be read");
        }
    }

    /// Forgets the addresses whose failures are long past.
    pub(crate) fn tidy(&self) {
        self.failures.tidy();
    }
}

/// The key of the only header `authorization`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") && values.next().is_none();
    is_bearer.then(|| key.trim_ascii())
}

fn invalid_key() -> Refused {
    Refused::new(
        RefusalCode::InvalidApiKey,
        "the request has no valid API key",
        "send `Authorization: Bearer KEY` with a key that `chatgpt-oauth keys create` has made for this listener",
    )
}

fn unreadable(error: &Error) -> Refused {
    tracing::debug!(code = ?error.code, %error, "the keys cannot be read");
    let code = RefusalCode::StoreUnavailable;
    let hint = "the log of the server says what is wrong";
    Refused::new(code, "the keys cannot be read", hint).retry_after(2)
}

impl Side {
    /// Whether a key is one of this listener.
    const fn is_for(self, permission: &Permission) -> bool {
        match self {
            Self::Public => matches!(permission, Permission::Profile { .. }),
            Self::Admin => matches!(permission, Permission::Admin),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_static(value));
        values.map(|value| (header::AUTHORIZATION, value)).collect()
    }

    #[test]
    fn a_key_is_in_the_one_header_of_the_scheme_bearer() {
        assert_eq!(bearer(&headers(&["Bearer x"])), Some("x"));
        assert_eq!(bearer(&headers(&["bearer  x "])), Some("x"));
        for none in [
            &[][..],
            &["x"],
            &["Basic x"],
            &["Bearer"],
            &["Bearer x", "Bearer x"],
        ] {
            assert_eq!(bearer(&headers(none)), None, "{none:?}");
        }
    }
}
