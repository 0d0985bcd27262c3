//! `POST /oauth/token`, grant `authorization_code`: turns an approved login into
//! tokens (docs/protocol.md, Exchange).

use super::answer::{self, Answer};
use super::token_grant::TokenGrant;
use super::trouble::{Setback, Trouble};
use crate::ports::{HttpError, Request, Response};
use crate::secret::Secret;
use crate::text::hex;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Fixed by the service for the device flow (RFC 9700 §2.1: an exact match).
const REDIRECT_URI: &str = "https://auth.openai.com/deviceauth/callback";

/// What the answer says about the authorization code.
pub(crate) enum Outcome {
    Granted(TokenGrant),
    /// The code was not looked at: it can be sent again.
    NotProcessed(Setback),
    /// The code will never be taken.
    Refused,
    /// Whether it was taken is unknown.
    Unknown(Setback),
}

pub(crate) fn request(code: &Secret, verifier: &Secret) -> Request {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", super::CLIENT_ID),
        ("code", code.reveal()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", verifier.reveal()),
    ];
    let form: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let body = form.join("&").into_bytes();
    super::auth_post("/oauth/token", "application/x-www-form-urlencoded", body)
}

/// Percent-encodes whatever is not unreserved (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            (byte as char).to_string()
        }
        _ => format!("%{}", hex(&[byte])),
    };
    text.bytes().map(encode).collect()
}

pub(crate) fn read(answer: Result<Response, HttpError>, asked_at: u64) -> Outcome {
    let answer = match answer {
        Ok(response) => Answer::read(response, asked_at),
        Err(error) if answer::is_not_sent(error) => {
            return Outcome::NotProcessed(answer::failure(error));
        }
        Err(error) => return Outcome::Unknown(answer::failure(error)),
    };
    if let Some(obstacle) = answer.obstacle() {
        return Outcome::NotProcessed(obstacle);
    }
    if answer.status == 404 || answer.has_code(&["invalid_client", "unauthorized_client"]) {
        return Outcome::NotProcessed(answer.setback(Trouble::Client));
    }
    match TokenGrant::read(&answer) {
        Some(grant) if answer.status == 200 && grant.access_token.is_some() => {
            Outcome::Granted(grant)
        }
        _ if answer.is_client_error() => Outcome::Refused,
        _ => Outcome::Unknown(answer.trouble()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, read, request};
    use crate::fakes::{Answer, NOW, Sent, answer, broken, grant, ok, page, refusal};
    use crate::openai::Trouble;
    use crate::secret::Secret;
    use serde_json::json;

    fn secret(text: &str) -> Secret {
        Secret::new(text).expect("visible ASCII")
    }

    fn outcome(answer: Answer) -> &'static str {
        match read(answer, NOW) {
            Outcome::Granted(_) => "granted",
            Outcome::NotProcessed(_) => "not processed",
            Outcome::Refused => "refused",
            Outcome::Unknown(_) => "unknown",
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
    fn a_200_with_an_access_token_is_granted() {
        assert_eq!(outcome(grant("rt-1")), "granted");
        assert_eq!(outcome(ok(json!({"access_token": "at"}))), "granted");
    }

    #[test]
    fn a_4xx_about_the_code_is_final() {
        for answer in [
            refusal(400, "invalid_grant"),
            answer(400, r#"{"error":"invalid_grant"}"#),
            refusal(401, "whatever"),
            answer(403, ""),
        ] {
            assert_eq!(outcome(answer), "refused");
        }
    }

    #[test]
    fn what_the_service_did_not_look_at_can_be_sent_again() {
        for answer in [
            broken("connection-refused"),
            broken("HTTP-request-denied"),
            page(200),
            page(403),
            answer(429, ""),
            answer(408, ""),
            refusal(503, "busy"),
            refusal(403, "unsupported_country_region_territory"),
            refusal(401, "invalid_client"),
            answer(404, ""),
        ] {
            assert_eq!(outcome(answer), "not processed");
        }
    }

    #[test]
    fn p08_everything_else_is_unknown() {
        for answer in [
            broken("connection-terminated"),
            broken("HTTP-response-body-size"),
            answer(200, "{"),
            ok(json!({"id_token": "a.b.c"})),
            answer(302, ""),
            answer(500, ""),
            answer(503, ""),
        ] {
            assert_eq!(outcome(answer), "unknown");
        }
        let Outcome::Unknown(setback) = read(broken("connection-terminated"), NOW) else {
            panic!("unknown");
        };
        assert_eq!(setback.trouble, Trouble::Network);
    }
}
