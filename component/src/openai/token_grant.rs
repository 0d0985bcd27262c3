//! A successful answer of the token endpoint (RFC 6749 §5.1), as OpenAI gives it.

use super::answer::Answer;
use crate::claims::LIFETIME_MAX;
use crate::json::{self, Object, Value};
use crate::secret::Secret;

/// What the token endpoint granted. Every part is optional: a refresh brings
/// only what has changed.
#[derive(Clone)]
pub(crate) struct TokenGrant {
    pub(crate) access_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) id_token: Option<Secret>,
    /// The access token's lifetime, in seconds, at most 90 days; its own claim
    /// speaks first.
    pub(crate) expires_in: Option<u64>,
    /// The service's clock at the answer, Unix seconds.
    pub(crate) service_clock: Option<u64>,
    /// The service's clock minus this machine's, in seconds.
    pub(crate) clock_offset: i64,
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
                .filter(|seconds| *seconds > 0)
                .map(|seconds| seconds.min(LIFETIME_MAX)),
            service_clock: answer.service_clock,
            clock_offset: answer.clock_offset,
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

#[cfg(test)]
mod tests {
    use super::TokenGrant;
    use crate::fakes::{NOW, ok, with_header};
    use crate::openai::Answer;
    use serde_json::{Value, json};

    fn read(body: Value) -> Option<TokenGrant> {
        TokenGrant::read(&Answer::read(ok(body).ok()?, NOW))
    }

    #[test]
    fn every_part_is_taken() {
        let grant = read(json!({
            "access_token": "at", "refresh_token": "rt", "id_token": "it", "expires_in": 60, "scope": "x",
        }))
        .expect("a grant");
        let reveal = |secret: Option<crate::secret::Secret>| secret.map(|s| s.reveal().to_owned());
        assert_eq!(reveal(grant.access_token).as_deref(), Some("at"));
        assert_eq!(reveal(grant.refresh_token).as_deref(), Some("rt"));
        assert_eq!(reveal(grant.id_token).as_deref(), Some("it"));
        assert_eq!(grant.expires_in, Some(60));
        assert_eq!(grant.service_clock, None);
    }

    #[test]
    fn m11_a_token_that_could_break_a_header_is_not_taken() {
        let grant = read(json!({"access_token": "a\r\nb: c", "refresh_token": "rt"}));
        assert!(grant.expect("a grant").access_token.is_none());
        assert!(read(json!({"access_token": "a b", "refresh_token": ""})).is_none());
    }

    #[test]
    fn a_lifetime_of_another_kind_is_unknown() {
        for odd in [
            json!(0),
            json!(-1),
            json!("60"),
            json!(1.5),
            json!(null),
            json!([]),
        ] {
            let grant = read(json!({"access_token": "at", "expires_in": odd}));
            assert_eq!(grant.expect("a grant").expires_in, None, "{odd}");
        }
    }

    #[test]
    fn p19_a_lifetime_beyond_90_days_is_not_believed() {
        for long in [json!(90 * 86_400 + 1), json!(i64::MAX)] {
            let grant = read(json!({"access_token": "at", "expires_in": long}));
            assert_eq!(grant.expect("a grant").expires_in, Some(90 * 86_400));
        }
    }

    #[test]
    fn p30_the_services_clock_is_taken_from_the_answer() {
        let answer = ok(json!({"access_token": "at"}));
        let answer = with_header(answer, "date", "Tue, 24 Nov 2026 10:00:07 GMT");
        let grant = TokenGrant::read(&Answer::read(answer.expect("an answer"), 0));
        assert_eq!(grant.expect("a grant").service_clock, Some(NOW + 7));
    }
}
