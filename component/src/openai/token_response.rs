//! A successful response of the token endpoint (RFC 6749 §5.1).

use super::claims::{Claims, LIFETIME_MAX};
use super::response::Response;
use crate::json::{self, Value};
use crate::secret::Secret;

/// The largest access token accepted, in bytes; state/credential/codec.rs has the
/// size budget.
pub(crate) const ACCESS_TOKEN_MAX: usize = 8 * 1024;

/// The largest refresh token accepted, in bytes.
pub(crate) const REFRESH_TOKEN_MAX: usize = 4 * 1024;

/// The tokens of a response. Each is optional: a refresh returns only what has
/// changed.
#[derive(Clone)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: TokenField,
    pub(crate) refresh_token: TokenField,
    pub(crate) id_token: TokenField,
    /// The lifetime of the access token, in seconds. The token's `exp` claim
    /// takes precedence.
    pub(crate) expires_in: Option<u64>,
    /// The service's clock, Unix seconds.
    pub(crate) service_clock: Option<u64>,
    /// The service's clock minus this machine's, in seconds.
    pub(crate) clock_offset: i64,
}

/// One token of a response.
#[derive(Clone)]
pub(crate) enum TokenField {
    /// Missing, null or empty. The previous token stays.
    Absent,
    /// Present but unusable (wrong type, too long, not ASCII). The previous token
    /// is spent.
    Unusable,
    Token(Secret),
}

impl TokenResponse {
    /// Reads a response with status 200. `None` without a usable token.
    pub(crate) fn read(response: &Response) -> Option<Self> {
        let mut body = json::parse_object(&response.body)?;
        let grant = Self {
            access_token: TokenField::read(body.take("access_token"), ACCESS_TOKEN_MAX),
            refresh_token: TokenField::read(body.take("refresh_token"), REFRESH_TOKEN_MAX),
            id_token: TokenField::read(body.take("id_token"), usize::MAX),
            expires_in: body
                .get("expires_in")
                .as_whole()
                .filter(|seconds| *seconds > 0)
                .map(|seconds| seconds.min(LIFETIME_MAX)),
            service_clock: response.service_clock,
            clock_offset: response.clock_offset,
        };
        let is_usable = grant.access_token.token().or(grant.refresh_token.token());
        is_usable.is_some().then_some(grant)
    }

    /// Who the tokens belong to.
    pub(crate) fn claims(&self) -> Claims {
        Claims::read(
            self.id_token.token().map(Secret::reveal),
            self.access_token.token().map(Secret::reveal),
        )
    }
}

impl TokenField {
    fn read(value: Value, longest: usize) -> Self {
        match value {
            Value::Null => Self::Absent,
            Value::Text(text) if text.is_empty() => Self::Absent,
            Value::Text(text) if text.len() <= longest => {
                Secret::new(text).map_or(Self::Unusable, Self::Token)
            }
            _ => Self::Unusable,
        }
    }

    /// The token, if it can be used.
    pub(crate) fn token(&self) -> Option<&Secret> {
        match self {
            Self::Token(token) => Some(token),
            Self::Absent | Self::Unusable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LIFETIME_MAX, TokenField, TokenResponse};
    use crate::openai::Response;
    use crate::testing::fakes::{NOW, ok, with_header};
    use serde_json::{Value, json};

    fn read(body: Value) -> Option<TokenResponse> {
        TokenResponse::read(&Response::read(ok(body).ok()?, NOW))
    }

    fn kind(granted: &TokenField) -> &str {
        match granted {
            TokenField::Absent => "nothing",
            TokenField::Unusable => "unusable",
            TokenField::Token(token) => token.reveal(),
        }
    }

    #[test]
    fn every_part_is_taken() {
        let grant = read(json!({
            "access_token": "at", "refresh_token": "rt", "id_token": "it", "expires_in": 60, "scope": "x",
        }))
        .expect("a grant");
        assert_eq!(kind(&grant.access_token), "at");
        assert_eq!(kind(&grant.refresh_token), "rt");
        assert_eq!(kind(&grant.id_token), "it");
        assert_eq!(grant.expires_in, Some(60));
        assert_eq!(grant.service_clock, None);
    }

    /// Faults: P13 M11
    #[test]
    fn an_unusable_token_is_not_an_absent_one() {
        for (token, expected) in [
            (json!(null), "nothing"),
            (json!(""), "nothing"),
            (json!(" "), "unusable"),
            (json!("a\r\nb: c"), "unusable"),
            (json!("tökén"), "unusable"),
            (json!(7), "unusable"),
            (json!(["rt"]), "unusable"),
            (json!({"value": "rt"}), "unusable"),
            (json!(false), "unusable"),
        ] {
            let grant = read(json!({"access_token": "at", "refresh_token": token}));
            let grant = grant.expect("a grant");
            assert_eq!(kind(&grant.refresh_token), expected, "{token}");
            let grant = read(json!({"access_token": token, "refresh_token": "rt"}));
            let grant = grant.expect("a grant");
            assert_eq!(kind(&grant.access_token), expected, "{token}");
            assert!(read(json!({"access_token": token, "refresh_token": token})).is_none());
        }
    }

    /// Faults: S36
    #[test]
    fn a_token_over_its_limit_cannot_be_used() {
        let of = |length: usize| "a".repeat(length);
        let longest = read(json!({"access_token": of(8192), "refresh_token": of(4096)}));
        let longest = longest.expect("a grant");
        assert!(longest.access_token.token().is_some() && longest.refresh_token.token().is_some());
        let long = read(json!({"access_token": of(8193), "refresh_token": "rt"}));
        assert_eq!(kind(&long.expect("a grant").access_token), "unusable");
        let long = read(json!({"access_token": "at", "refresh_token": of(4097)}));
        assert_eq!(kind(&long.expect("a grant").refresh_token), "unusable");
    }

    /// Faults: P19
    #[test]
    fn a_lifetime_is_no_longer_than_ninety_days() {
        for (seconds, expected) in [
            (json!(60), 60),
            (json!(60.9), 60),
            (json!(LIFETIME_MAX), LIFETIME_MAX),
            (json!(LIFETIME_MAX + 1), LIFETIME_MAX),
            (json!(i64::MAX), LIFETIME_MAX),
        ] {
            let grant = read(json!({"access_token": "at", "expires_in": seconds}));
            assert_eq!(grant.expect("a grant").expires_in, Some(expected));
        }
    }

    #[test]
    fn a_lifetime_of_another_type_is_unknown() {
        for odd in [
            json!(0),
            json!(-1),
            json!("60"),
            json!(0.5),
            json!(-1.5),
            json!(null),
            json!([]),
        ] {
            let grant = read(json!({"access_token": "at", "expires_in": odd}));
            assert_eq!(grant.expect("a grant").expires_in, None, "{odd}");
        }
    }

    /// Faults: P30
    #[test]
    fn the_services_clock_is_taken_from_the_answer() {
        let response = ok(json!({"access_token": "at"}));
        let response = with_header(response, "date", "Tue, 24 Nov 2026 10:00:07 GMT");
        let grant = TokenResponse::read(&Response::read(response.expect("an answer"), 0));
        assert_eq!(grant.expect("a grant").service_clock, Some(NOW + 7));
    }
}
