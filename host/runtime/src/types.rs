//! The records and enums of the WIT contract, as the calls of a
//! [`Profile`](crate::Profile) return them.
//!
//! They are generated from `wit/connection.wit`, with its documentation. None of them
//! contains a token; only [`Authorization`] does, and does not show it.

use std::fmt;

use zeroize::Zeroizing;

use crate::sandbox::bindings::exports::chatgpt::oauth::credentials;

pub use crate::sandbox::bindings::exports::chatgpt::oauth::connection::{
    AnswerSource, ConnectionState, ConnectionStatus, ErrorCode, LoginProgress, LoginPrompt,
    LoginStatus, LogoutResult, LogoutStatus, Model, ModelList, PendingLogin, RefreshResult,
    UsageCredits, UsageReport, UsageWindow,
};

/// The base URL and the headers of a model call. Holds a bearer token: `Debug` does not
/// show the token, and its memory is wiped on drop.
pub struct Authorization {
    base_url: String,
    headers: Vec<(String, Zeroizing<String>)>,
    expires_at: Option<u64>,
    fingerprint: String,
}

impl Authorization {
    /// The base URL of the model endpoints, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The headers to send, as names and values, the bearer token among them. The values are
    /// valid header values.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// When the access token expires, Unix seconds; none if the token does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// Identifies the access token without revealing it. Pass it to
    /// [`authorize`](crate::Profile::authorize) when the backend answers 401.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl From<credentials::Authorization> for Authorization {
    fn from(authorization: credentials::Authorization) -> Self {
        let headers = authorization.headers.into_iter();
        Self {
            base_url: authorization.base_url,
            headers: headers
                .map(|header| (header.name, header.value.into()))
                .collect(),
            expires_at: authorization.expires_at,
            fingerprint: authorization.fingerprint,
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("Authorization")
            .field("base_url", &self.base_url)
            .field("headers", &names)
            .field("expires_at", &self.expires_at)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_names_of_headers_and_never_their_values() {
        let authorization = Authorization::from(credentials::Authorization {
            base_url: "https://chatgpt.com/backend-api/codex".into(),
            headers: vec![credentials::Header {
                name: "authorization".into(),
                value: "Bearer CANARY".into(),
            }],
            expires_at: None,
            fingerprint: "00".into(),
        });

        let shown = format!("{authorization:?}");

        assert!(shown.contains("authorization"), "{shown}");
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}
