//! `POST /api/accounts/deviceauth/token`: asks whether the person has approved
//! (docs/protocol.md, Poll).

use super::answer::{self, Answer};
use super::trouble::Setback;
use crate::json::{self, Value};
use crate::ports::{HttpError, Request, Response};
use crate::secret::Secret;

/// Codes that mean: not yet.
const PENDING: [&str; 3] = [
    "deviceauth_authorization_pending",
    "authorization_pending",
    "deviceauth_authorization_unknown",
];

const SLOW_DOWN: [&str; 2] = ["deviceauth_slow_down", "slow_down"];

const DENIED: [&str; 4] = [
    "deviceauth_access_denied",
    "access_denied",
    "authorization_declined",
    "deviceauth_authorization_denied",
];

const EXPIRED: [&str; 5] = [
    "deviceauth_not_found",
    "deviceauth_expired_token",
    "expired_token",
    "deviceauth_expired",
    "deviceauth_authorization_expired",
];

/// Where the login stands.
pub(crate) enum Progress {
    /// Not yet. A bare 403 or 404 means this too, until the code ends.
    Pending,
    /// Not yet, and asked too often (RFC 8628 §3.5).
    SlowDown,
    /// Approved. The service makes the PKCE pair and hands out the verifier.
    Approved {
        code: Secret,
        verifier: Secret,
    },
    Denied,
    Expired,
}

pub(crate) fn request(device_auth_id: &Secret, user_code: &str) -> Request {
    super::auth_post_json(
        "/api/accounts/deviceauth/token",
        &[
            ("device_auth_id", device_auth_id.reveal()),
            ("user_code", user_code),
        ],
    )
}

pub(crate) fn read(answer: Result<Response, HttpError>, now: u64) -> Result<Progress, Setback> {
    let answer = Answer::read(answer.map_err(answer::failure)?, now);
    let trouble = answer.trouble();
    match answer.status {
        200 => approved(&answer.body).ok_or(trouble),
        _ if answer.has_code(&SLOW_DOWN) => Ok(Progress::SlowDown),
        _ if answer.has_code(&DENIED) => Ok(Progress::Denied),
        _ if answer.has_code(&EXPIRED) => Ok(Progress::Expired),
        _ if answer.has_code(&PENDING) => Ok(Progress::Pending),
        429 => Ok(Progress::SlowDown),
        403 | 404 if answer.obstacle().is_none() => Ok(Progress::Pending),
        _ => Err(trouble),
    }
}

fn approved(body: &[u8]) -> Option<Progress> {
    let body = json::parse(body)?;
    if body["status"].as_str() == Some("pending") {
        return Some(Progress::Pending);
    }
    let secret = |value: &Value| {
        value
            .as_str()
            .filter(|text| text.len() <= 4096)
            .and_then(Secret::new)
    };
    Some(Progress::Approved {
        code: secret(&body["authorization_code"])?,
        verifier: secret(&body["code_verifier"])?,
    })
}
