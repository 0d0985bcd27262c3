//! A successful answer of the token endpoint (RFC 6749 §5.1), as OpenAI gives it.

use super::answer::Answer;
use crate::json::{self, Object, Value};
use crate::secret::Secret;

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

impl TokenGrant {
    /// Reads an answer with status 200. `None` when it holds no usable token.
    pub(crate) fn read(answer: &Answer) -> Option<Self> {
        let mut body = json::parse_object(&answer.body)?;
        let grant = Self {
            access_token: secret(&mut body, "access_token"),
            refresh_token: secret(&mut body, "refresh_token"),
            id_token: secret(&mut body, "id_token"),
            expires_in: body
                .get("expires_in")
                .as_u64()
                .filter(|seconds| *seconds > 0),
            service_clock: answer.service_clock,
        };
        (grant.access_token.is_some() || grant.refresh_token.is_some()).then_some(grant)
    }
}

fn secret(body: &mut Object, name: &str) -> Option<Secret> {
    match body.take(name) {
        Value::Text(text) => Secret::new(text),
        _ => None,
    }
}
