//! The claims of a token: whom it belongs to, and when it expires.
//!
//! The person sees the claims, and a request header names the account from them.
//! They authorize nothing. No signature is checked, because the token comes from the
//! issuer over TLS. A token that cannot be read has no claims; that is not an error.

use crate::json::{self, Value};
use crate::text::{is_identifier, sanitize};
use alloc::borrow::ToOwned;
use alloc::string::String;
use base64ct::{Base64UrlUnpadded, Encoding};

/// The longest token that is read, in bytes.
const TOKEN_MAX: usize = 64 * 1024;

/// The longest lifetime that is accepted, in seconds: 90 days.
pub(crate) const LIFETIME_MAX: u64 = 90 * 86_400;

/// The longest e-mail address and plan name, in characters.
const EMAIL_MAX: usize = 320;
const PLAN_MAX: usize = 60;

/// What is known of the account.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Only shown.
    pub(crate) email: Option<String>,
    /// The plan when the token was issued; the usage is more recent.
    pub(crate) plan: Option<String>,
    /// The ChatGPT account or workspace. Never an API organization.
    pub(crate) account_id: Option<String>,
    /// The person. Two persons can share an account.
    pub(crate) user_id: Option<String>,
    /// The account lies in the FedRAMP environment.
    pub(crate) fedramp: bool,
}

impl Claims {
    /// Reads the id token; the access token fills in what it lacks.
    pub(crate) fn read(id_token: Option<&str>, access_token: Option<&str>) -> Self {
        let from_access = access_token.map(Self::of_token).unwrap_or_default();
        id_token
            .map(Self::of_token)
            .unwrap_or_default()
            .or(from_access)
    }

    /// Stored claims, sanitized like those of a token.
    pub(crate) fn sanitized(self) -> Self {
        let sanitized = |text: Option<String>, limit| sanitize(&text?, limit);
        Self {
            email: sanitized(self.email, EMAIL_MAX),
            plan: sanitized(self.plan, PLAN_MAX),
            ..self
        }
    }

    /// These claims; `older` fills in what they lack.
    pub(crate) fn or(self, older: Self) -> Self {
        Self {
            email: self.email.or(older.email),
            plan: self.plan.or(older.plan),
            account_id: self.account_id.or(older.account_id),
            user_id: self.user_id.or(older.user_id),
            fedramp: self.fedramp || older.fedramp,
        }
    }

    /// Whether both name an account or a person, and not the same one.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        let differ = |one: &Option<String>, two: &Option<String>| matches!((one, two), (Some(one), Some(two)) if one != two);
        differ(&self.account_id, &other.account_id) || differ(&self.user_id, &other.user_id)
    }

    fn of_token(token: &str) -> Self {
        let Some(payload) = payload(token) else {
            return Self::default();
        };
        let auth = &payload["https://api.openai.com/auth"];
        let profile = &payload["https://api.openai.com/profile"];
        let email = |value: &Value| sanitize(value.as_str()?, EMAIL_MAX);
        let id = |value: &Value| {
            value
                .as_str()
                .filter(|id| is_identifier(id))
                .map(str::to_owned)
        };
        Self {
            email: email(&payload["email"]).or_else(|| email(&profile["email"])),
            plan: auth["chatgpt_plan_type"]
                .as_str()
                .and_then(|plan| sanitize(plan, PLAN_MAX)),
            account_id: id(&auth["chatgpt_account_id"]),
            user_id: id(&auth["chatgpt_user_id"]).or_else(|| id(&auth["user_id"])),
            fedramp: auth["chatgpt_account_is_fedramp"]
                .as_bool()
                .unwrap_or(false),
        }
    }
}

/// When the access token expires, Unix seconds by the service's clock, at most 90
/// days after `service_now`. `None` without a usable `exp` claim.
pub(crate) fn expiry(access_token: &str, service_now: u64) -> Option<u64> {
    let exp = payload(access_token)?["exp"].as_f64()?;
    (exp >= 1.0).then(|| (exp as u64).min(service_now.saturating_add(LIFETIME_MAX)))
}

fn payload(token: &str) -> Option<Value> {
    if token.len() > TOKEN_MAX {
        return None;
    }
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let json = Base64UrlUnpadded::decode_vec(payload.trim_end_matches('=')).ok()?;
    json::parse(&json)
}

#[cfg(test)]
mod tests {
    use super::{Claims, LIFETIME_MAX, expiry};
    use base64ct::{Base64UrlUnpadded, Encoding};
    use serde_json::{Value, json};

    fn token(payload: Value) -> String {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        format!("{}.{}.sig", part(&json!({"alg": "none"})), part(&payload))
    }

    fn auth(claims: Value) -> String {
        token(json!({"https://api.openai.com/auth": claims}))
    }

    #[test]
    fn the_id_token_takes_precedence_over_the_access_token() {
        let id = token(json!({
            "email": "ada@example.com",
            "https://api.openai.com/auth": {"chatgpt_account_id": "acc", "chatgpt_plan_type": "plus"},
        }));
        let access = token(json!({
            "https://api.openai.com/profile": {"email": "other@example.com"},
            "https://api.openai.com/auth": {"chatgpt_plan_type": "free", "user_id": "user-1"},
        }));
        let claims = Claims::read(Some(&id), Some(&access));
        assert_eq!(claims.email.as_deref(), Some("ada@example.com"));
        assert_eq!(claims.plan.as_deref(), Some("plus"));
        assert_eq!(claims.account_id.as_deref(), Some("acc"));
        assert_eq!(claims.user_id.as_deref(), Some("user-1"));
    }

    /// Faults: P15
    #[test]
    fn the_account_id_never_comes_from_organizations() {
        let id = auth(json!({"organizations": [{"id": "org-1", "is_default": true}]}));
        assert_eq!(Claims::read(Some(&id), None).account_id, None);
        let access = auth(json!({"chatgpt_account_id": "acc"}));
        let claims = Claims::read(Some(&id), Some(&access));
        assert_eq!(claims.account_id.as_deref(), Some("acc"));
    }

    /// Faults: P16
    #[test]
    fn claims_of_other_types_are_unknown() {
        for odd in [
            json!(7),
            json!(["a"]),
            json!(null),
            json!({"a": 1}),
            json!(""),
        ] {
            let id = auth(json!({
                "chatgpt_account_id": odd, "chatgpt_plan_type": odd, "chatgpt_account_is_fedramp": odd,
            }));
            assert_eq!(Claims::read(Some(&id), None), Claims::default());
        }
    }

    /// Faults: P17
    #[test]
    fn a_malformed_token_says_nothing() {
        let long = format!("a.{}.c", "A".repeat(1 << 20));
        for bad in [
            "",
            "a",
            "a.b",
            "a.b.c",
            "a.b.c.d",
            "a.!!.c",
            "a.e30.c.d",
            &long,
        ] {
            assert_eq!(Claims::read(Some(bad), Some(bad)), Claims::default());
            assert_eq!(expiry(bad, 1000), None);
        }
    }

    /// Faults: P17
    #[test]
    fn a_token_of_64_kib_is_read_and_a_longer_one_is_not() {
        let claims = token(json!({"exp": 2000, "email": "ada@example.com"}));
        for (length, expected) in [(65_536, Some(2000)), (65_537, None)] {
            let padded = claims.clone() + &"s".repeat(length - claims.len());
            assert_eq!(expiry(&padded, 1000), expected);
            let read = Claims::read(Some(&padded), None);
            assert_eq!(read.email.is_some(), expected.is_some());
        }
    }

    /// Faults: M11
    #[test]
    fn an_account_id_that_could_break_a_header_is_unknown() {
        let id = auth(json!({"chatgpt_account_id": "a\r\nx: y"}));
        assert_eq!(Claims::read(Some(&id), None).account_id, None);
    }

    /// Faults: P18
    #[test]
    fn claims_are_read_whatever_the_header_and_the_signature_are() {
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "none", "kid": "../../etc/passwd"}),
            json!({"alg": 7, "kid": ["a"], "crit": ["b64"]}),
            json!("no header"),
        ] {
            let part =
                |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
            let claims = json!({"exp": 2000, "email": "ada@example.com"});
            for signature in ["", "sig", "!!"] {
                let token = format!("{}.{}.{signature}", part(&header), part(&claims));
                let read = Claims::read(Some(&token), None);
                assert_eq!(read.email.as_deref(), Some("ada@example.com"), "{header}");
                assert_eq!(expiry(&token, 1000), Some(2000));
            }
        }
    }

    /// Faults: P19
    #[test]
    fn odd_expiries_are_clamped_or_unknown() {
        let exp = |value: Value| expiry(&token(json!({"exp": value})), 1000);
        assert_eq!(exp(json!(0)), None);
        assert_eq!(exp(json!(-5)), None);
        assert_eq!(exp(json!("2000")), None);
        assert_eq!(exp(json!(2000.7)), Some(2000));
        assert_eq!(exp(json!(253_402_300_799_u64)), Some(1000 + LIFETIME_MAX));
    }

    #[test]
    fn accounts_contradict_only_where_both_are_known() {
        let account = |id: Option<&str>| Claims {
            account_id: id.map(str::to_owned),
            ..Claims::default()
        };
        assert!(account(Some("a")).contradicts(&account(Some("b"))));
        assert!(!account(Some("a")).contradicts(&account(None)));
        assert!(!account(Some("a")).contradicts(&account(Some("a"))));
    }
}
