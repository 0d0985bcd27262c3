//! `POST /api/accounts/deviceauth/token`: asks whether the person has approved
//! (docs/protocol.md, Poll).

use super::failure::{Failure, FailureKind};
use super::response::Response;
use crate::json::{self, Value};
use crate::ports::{HttpError, HttpRequest, HttpResponse};
use crate::secret::Secret;

/// Not approved yet.
const PENDING: [&str; 3] = [
    "deviceauth_authorization_pending",
    "authorization_pending",
    "deviceauth_authorization_unknown",
];

const SLOW_DOWN: [&str; 2] = ["deviceauth_slow_down", "slow_down"];

/// The person has declined.
pub(super) const DENIED: [&str; 4] = [
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

/// The progress of the login (RFC 8628 §3.5).
pub(crate) enum Progress {
    /// Not approved yet. A bare 403 or 404 means this too, until the code
    /// expires.
    AuthorizationPending,
    /// Not approved yet, and polled too often.
    SlowDown {
        /// From Retry-After, in seconds.
        retry_after: Option<u64>,
    },
    /// Approved. The service creates the PKCE pair and returns the verifier.
    Approved {
        code: Secret,
        verifier: Secret,
    },
    AccessDenied,
    ExpiredToken,
}

pub(crate) fn request(device_auth_id: &Secret, user_code: &str) -> HttpRequest {
    super::auth_post_json(
        "/api/accounts/deviceauth/token",
        &[
            ("device_auth_id", device_auth_id.reveal()),
            ("user_code", user_code),
        ],
    )
}

pub(crate) fn read(
    response: Result<HttpResponse, HttpError>,
    now: u64,
) -> Result<Progress, Failure> {
    let response = Response::read(response.map_err(Failure::of)?, now);
    let failure = response.failure();
    let slow_down = Progress::SlowDown {
        retry_after: response.retry_after,
    };
    match response.status {
        200 => approved(&response.body).ok_or(failure),
        _ if response.has_code(&SLOW_DOWN) => Ok(slow_down),
        _ if response.has_code(&DENIED) => Ok(Progress::AccessDenied),
        _ if response.has_code(&EXPIRED) => Ok(Progress::ExpiredToken),
        _ if response.has_code(&PENDING) => Ok(Progress::AuthorizationPending),
        429 if failure.kind == FailureKind::RateLimited => Ok(slow_down),
        403 | 404 if response.gateway_failure().is_none() => Ok(Progress::AuthorizationPending),
        _ => Err(failure),
    }
}

fn approved(body: &[u8]) -> Option<Progress> {
    let body = json::parse(body)?;
    if body["status"].as_str() == Some("pending") {
        return Some(Progress::AuthorizationPending);
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

#[cfg(test)]
mod tests {
    use super::{DENIED, EXPIRED, PENDING, Progress, SLOW_DOWN, read, request};
    use crate::openai::FailureKind;
    use crate::ports::NotSent;
    use crate::secret::Secret;
    use crate::testing::fakes::{
        HttpResult, NOW, Sent, approval, not_sent, ok, page, refusal, response,
    };
    use serde_json::json;

    fn progress(response: HttpResult) -> Result<&'static str, FailureKind> {
        Ok(match read(response, NOW).map_err(|failure| failure.kind)? {
            Progress::AuthorizationPending => "pending",
            Progress::SlowDown { .. } => "slow down",
            Progress::Approved { .. } => "approved",
            Progress::AccessDenied => "denied",
            Progress::ExpiredToken => "expired",
        })
    }

    #[test]
    fn the_request_is_the_codex_clis_to_the_byte() {
        let id = Secret::new("dev-1").expect("visible ASCII");
        let sent = Sent::of(&request(&id, "ABCD-12345"));
        assert_eq!(sent.host, "auth.openai.com");
        assert_eq!(sent.path, "/api/accounts/deviceauth/token");
        assert_eq!(
            sent.body,
            r#"{"device_auth_id":"dev-1","user_code":"ABCD-12345"}"#
        );
    }

    #[test]
    fn an_approval_brings_code_and_verifier() {
        let Ok(Progress::Approved { code, verifier }) = read(approval(), NOW) else {
            panic!("not approved");
        };
        assert_eq!((code.reveal(), verifier.reveal()), ("code-1", "verifier-1"));
    }

    #[test]
    fn every_code_means_the_same_on_every_status_and_in_every_shape() {
        let meanings = [
            (&PENDING[..], "pending"),
            (&SLOW_DOWN, "slow down"),
            (&DENIED, "denied"),
            (&EXPIRED, "expired"),
        ];
        for (codes, meaning) in meanings {
            for code in codes {
                for status in [400, 401, 403, 404] {
                    assert_eq!(progress(refusal(status, code)), Ok(meaning), "{code}");
                    let bare = json!({"error": code}).to_string();
                    assert_eq!(progress(response(status, &bare)), Ok(meaning), "{code}");
                }
            }
        }
    }

    #[test]
    fn a_bare_403_or_404_means_not_yet_and_a_bare_429_too_often() {
        assert_eq!(progress(response(403, "")), Ok("pending"));
        assert_eq!(progress(response(404, "{}")), Ok("pending"));
        assert_eq!(progress(refusal(403, "brand_new")), Ok("pending"));
        assert_eq!(progress(ok(json!({"status": "pending"}))), Ok("pending"));
        assert_eq!(progress(response(429, "")), Ok("slow down"));
    }

    /// Faults: N16
    #[test]
    fn a_challenge_is_neither_pending_nor_an_end() {
        for status in [200, 403, 404, 429, 503] {
            assert_eq!(progress(page(status)), Err(FailureKind::Blocked));
        }
        let region = refusal(403, "unsupported_country_region_territory");
        assert_eq!(progress(region), Err(FailureKind::Region));
    }

    #[test]
    fn an_unreadable_response_is_a_failure() {
        for body in [
            "",
            "{}",
            r#"{"authorization_code":"a"}"#,
            r#"{"authorization_code":"","code_verifier":"v"}"#,
            r#"{"authorization_code":"a b","code_verifier":"v"}"#,
            r#"{"authorization_code":7,"code_verifier":"v"}"#,
        ] {
            assert_eq!(
                progress(response(200, body)),
                Err(FailureKind::Unexpected),
                "{body}"
            );
        }
        let long = "a".repeat(4097);
        let long = ok(json!({"authorization_code": long, "code_verifier": "v"}));
        assert_eq!(progress(long), Err(FailureKind::Unexpected));
        assert_eq!(progress(response(500, "")), Err(FailureKind::Upstream));
        assert_eq!(
            progress(not_sent(NotSent::NameUnknown)),
            Err(FailureKind::NameUnknown)
        );
    }
}
