//! `POST /oauth/token`, grant `authorization_code`: turns an approved login into
//! tokens (docs/protocol.md, Exchange).

use super::token_outcome::{self, TokenOutcome};
use super::{device_token, refresh};
use crate::ports::{HttpError, HttpRequest, HttpResponse};
use crate::secret::Secret;
use crate::text::hex;
use alloc::string::String;

/// Fixed by the service for the device flow (RFC 9700 §2.1: an exact match).
const REDIRECT_URI: &str = "https://auth.openai.com/deviceauth/callback";

/// Codes that reject the authorization code for good (RFC 6749 §5.2), beside
/// those of a refresh and of a person who has declined.
const DEFINITIVE: [&str; 3] = ["invalid_request", "invalid_scope", "unsupported_grant_type"];

pub(crate) fn request(code: &Secret, verifier: &Secret) -> HttpRequest {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", super::CLIENT_ID),
        ("code", code.reveal()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", verifier.reveal()),
    ];
    let mut form = String::new();
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        encode(value, &mut form);
    }
    let body = form.into_bytes();
    super::auth_post("/oauth/token", "application/x-www-form-urlencoded", body)
}

/// Percent-encodes all but the unreserved characters (RFC 3986 §2.3).
fn encode(text: &str, form: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                form.push(char::from(byte));
            }
            _ => {
                form.push('%');
                form.push_str(&hex(&[byte]));
            }
        }
    }
}

pub(crate) fn read(response: Result<HttpResponse, HttpError>, asked_at: u64) -> TokenOutcome {
    let definitive: [&[&str]; 3] = [&DEFINITIVE, &refresh::DEFINITIVE, &device_token::DENIED];
    token_outcome::read(response, &definitive, asked_at)
}

#[cfg(test)]
mod tests {
    use super::{read, request};
    use crate::openai::{FailureKind, TokenOutcome};
    use crate::ports::{MaybeSent, NotSent};
    use crate::secret::Secret;
    use crate::testing::fakes::{
        HttpResult, NOW, Sent, broken, grant, not_sent, ok, page, refusal, response,
    };
    use serde_json::json;

    fn secret(text: &str) -> Secret {
        Secret::new(text).expect("visible ASCII")
    }

    fn outcome(response: HttpResult) -> &'static str {
        match read(response, NOW) {
            TokenOutcome::Granted(_) => "granted",
            TokenOutcome::NotProcessed(_) => "not processed",
            TokenOutcome::Rejected(_) => "refused",
            TokenOutcome::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn the_request_is_a_form_to_the_byte() {
        let sent = Sent::of(&request(&secret("co/de+1&x=~"), &secret("v-._~%")));
        assert_eq!(
            (sent.host, &*sent.path),
            ("auth.openai.com", "/oauth/token")
        );
        assert_eq!(
            sent.body,
            "grant_type=authorization_code&client_id=app_EMoamEEZ73f0CkXaXp7hrann&code=co%2fde%2b1%26x%3d~&redirect_uri=https%3a%2f%2fauth.openai.com%2fdeviceauth%2fcallback&code_verifier=v-._~%25"
        );
        assert_eq!(
            sent.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
    }

    #[test]
    fn a_200_with_either_token_is_granted() {
        assert_eq!(outcome(grant("rt-1")), "granted");
        assert_eq!(outcome(ok(json!({"access_token": "at"}))), "granted");
        assert_eq!(outcome(ok(json!({"refresh_token": "rt"}))), "granted");
    }

    /// Faults: P08
    #[test]
    fn only_a_definitive_code_on_a_4xx_is_final() {
        for code in [
            "invalid_grant",
            "invalid_request",
            "invalid_scope",
            "unsupported_grant_type",
            "access_denied",
            "authorization_declined",
            "account_deactivated",
        ] {
            for status in [400, 401, 403, 404] {
                assert_eq!(outcome(refusal(status, code)), "refused", "{code}");
            }
            let bare = json!({"error": code}).to_string();
            assert_eq!(outcome(response(400, &bare)), "refused", "{code}");
            assert_eq!(outcome(refusal(500, code)), "unknown", "{code}");
        }
        for response in [
            refusal(401, "whatever"),
            refusal(409, "conflict"),
            response(400, ""),
            response(403, ""),
            response(422, r#"{"detail":[]}"#),
        ] {
            assert_eq!(outcome(response), "unknown");
        }
    }

    #[test]
    fn a_request_that_was_not_processed_can_be_sent_again() {
        for response in [
            not_sent(NotSent::Refused),
            not_sent(NotSent::Denied),
            page(200),
            page(403),
            response(429, ""),
            response(408, ""),
            refusal(503, "busy"),
            refusal(403, "unsupported_country_region_territory"),
            refusal(401, "invalid_client"),
            response(404, ""),
        ] {
            assert_eq!(outcome(response), "not processed");
        }
    }

    /// Faults: P08
    #[test]
    fn everything_else_is_unknown() {
        for response in [
            broken(MaybeSent::Broken),
            broken(MaybeSent::Unreadable),
            response(200, "{"),
            ok(json!({"id_token": "a.b.c"})),
            response(302, ""),
            response(500, ""),
            response(503, ""),
        ] {
            assert_eq!(outcome(response), "unknown");
        }
        let TokenOutcome::Unknown(failure) = read(broken(MaybeSent::Broken), NOW) else {
            panic!("unknown");
        };
        assert_eq!(failure.kind, FailureKind::Network);
    }
}
