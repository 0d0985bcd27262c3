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

pub(crate) fn read(answer: Result<Response, HttpError>, now: u64) -> Outcome {
    let answer = match answer {
        Ok(response) => Answer::read(response, now),
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
