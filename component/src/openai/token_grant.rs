//! A successful answer of the token endpoint (RFC 6749 §5.1), as OpenAI gives it.

use super::answer::Answer;
use crate::secret::Secret;
use serde::Deserialize;
use serde_json::Value;

/// What the token endpoint granted. Every part is optional: a refresh brings
/// only what has changed.
#[derive(Clone)]
pub(crate) struct TokenGrant {
    pub(crate) access_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) id_token: Option<Secret>,
    /// The access token's lifetime, in seconds; its own claim speaks first.
    pub(crate) expires_in: Option<u64>,
    /// The service's clock at the answer, Unix seconds.
    pub(crate) service_clock: Option<u64>,
}

/// A field that comes twice is refused: which of the two would be stored?
#[derive(Deserialize)]
struct Body {
    access_token: Option<Value>,
    refresh_token: Option<Value>,
    id_token: Option<Value>,
    expires_in: Option<Value>,
}

impl TokenGrant {
    /// Reads an answer with status 200. `None` when it holds no usable token.
    pub(crate) fn read(answer: &Answer) -> Option<Self> {
        let body: Body = serde_json::from_slice(&answer.body).ok()?;
        let grant = Self {
            access_token: secret(body.access_token),
            refresh_token: secret(body.refresh_token),
            id_token: secret(body.id_token),
            expires_in: body
                .expires_in
                .and_then(|value| value.as_u64())
                .filter(|seconds| *seconds > 0),
            service_clock: answer.service_clock,
        };
        (grant.access_token.is_some() || grant.refresh_token.is_some()).then_some(grant)
    }
}

fn secret(value: Option<Value>) -> Option<Secret> {
    match value {
        Some(Value::String(text)) => Secret::new(text),
        _ => None,
    }
}
