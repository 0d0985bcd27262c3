//! `POST /api/accounts/deviceauth/usercode`: begins a login (docs/protocol.md,
//! User code).

use super::failure::{Failure, FailureKind};
use super::response::Response;
use super::timestamp;
use crate::json::{self, Value};
use crate::ports::{HttpError, HttpRequest, HttpResponse};
use crate::secret::Secret;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// The longest lifetime of a code, in seconds, whatever the service says: 15
/// minutes, as in the Codex CLI.
const LIFETIME_MAX: u64 = 15 * 60;

/// The interval where the service names none, in seconds (RFC 8628 §3.2).
const INTERVAL_DEFAULT: u64 = 5;

/// The longest interval, in seconds.
const INTERVAL_MAX: u64 = 60;

/// The response of the device authorization endpoint (RFC 8628 §3.2).
pub(crate) struct DeviceAuthorizationResponse {
    /// Identifies the login to the service. With it and the user code the tokens
    /// can be fetched.
    pub(crate) device_auth_id: Secret,
    /// What the person types.
    pub(crate) user_code: String,
    /// The shortest time between two polls, in seconds.
    pub(crate) interval: u64,
    /// The lifetime of the code, in seconds from the response.
    pub(crate) lifetime: u64,
}

pub(crate) fn request() -> HttpRequest {
    super::auth_post_json(
        "/api/accounts/deviceauth/usercode",
        &[("client_id", super::CLIENT_ID)],
    )
}

pub(crate) fn read(
    response: Result<HttpResponse, HttpError>,
    now: u64,
) -> Result<DeviceAuthorizationResponse, Failure> {
    let response = Response::read(response.map_err(Failure::of)?, now);
    match response.status {
        200 => user_code(&response, now).ok_or_else(|| response.failure()),
        404 if response.gateway_failure().is_none() => {
            Err(response.failure_of(FailureKind::NotEnabled))
        }
        _ => Err(response.failure()),
    }
}

fn user_code(response: &Response, now: u64) -> Option<DeviceAuthorizationResponse> {
    let body = json::parse(&response.body)?;
    let user_code = body["user_code"]
        .as_str()
        .or_else(|| body["usercode"].as_str())?;
    let device_auth_id = body["device_auth_id"]
        .as_str()
        .filter(|id| id.len() <= 1024)?;
    let ends_at = body["expires_at"].as_str().and_then(timestamp::rfc_3339);
    let lifetime = ends_at.map(|end| end.saturating_sub(response.service_clock.unwrap_or(now)));
    let lifetime = lifetime.or_else(|| body["expires_in"].as_whole());
    Some(DeviceAuthorizationResponse {
        device_auth_id: Secret::new(device_auth_id)?,
        user_code: Some(user_code)
            .filter(|code| is_user_code(code))?
            .to_owned(),
        interval: interval(&body["interval"]),
        lifetime: lifetime.map_or(LIFETIME_MAX, |seconds| seconds.clamp(1, LIFETIME_MAX)),
    })
}

/// Only characters that can be read and typed, and do not control a terminal.
pub(crate) fn is_user_code(text: &str) -> bool {
    (4..=16).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
}

/// OpenAI writes the interval as a string of digits, other servers as a number.
fn interval(value: &Value) -> u64 {
    let seconds = match value {
        Value::Text(text) => text.trim().parse().ok(),
        Value::Float(seconds) if *seconds > 0.0 => Some((*seconds as u64).saturating_add(1)),
        other => other.as_u64(),
    };
    match seconds {
        Some(seconds @ 1..) => seconds.min(INTERVAL_MAX),
        _ => INTERVAL_DEFAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceAuthorizationResponse, read, request};
    use crate::openai::FailureKind;
    use crate::ports::NotSent;
    use crate::testing::fakes::{
        HttpResult, NOW, Sent, changed, not_sent, ok, page, refusal, response, with_header,
    };
    use serde_json::{Value, json};

    fn with(changes: Value) -> HttpResult {
        let base = json!({"device_auth_id": "dev-1", "user_code": "ABCD-12345", "interval": "5"});
        ok(changed(base, changes))
    }

    #[track_caller]
    fn code(response: HttpResult) -> DeviceAuthorizationResponse {
        match read(response, NOW) {
            Ok(code) => code,
            Err(failure) => panic!("{failure:?}"),
        }
    }

    fn kind(response: HttpResult) -> Option<FailureKind> {
        read(response, NOW).err().map(|failure| failure.kind)
    }

    #[test]
    fn the_request_names_the_client_and_nothing_else() {
        let sent = Sent::of(&request());
        assert_eq!(sent.host, "auth.openai.com");
        assert_eq!(sent.path, "/api/accounts/deviceauth/usercode");
        assert_eq!(sent.body, r#"{"client_id":"app_EMoamEEZ73f0CkXaXp7hrann"}"#);
    }

    /// Faults: P10
    #[test]
    fn the_interval_is_clamped_and_has_a_default() {
        for (interval, seconds) in [
            (json!("5"), 5),
            (json!(" 7 "), 7),
            (json!(7), 7),
            (json!(5.5), 6),
            (json!("0"), 5),
            (json!(0), 5),
            (json!("-1"), 5),
            (json!(-1), 5),
            (json!(-0.5), 5),
            (json!(0.0), 5),
            (json!("1e9"), 5),
            (json!("5.5"), 5),
            (json!(""), 5),
            (json!([5]), 5),
            (json!(null), 5),
            (json!("1000000000"), 60),
            (json!(1_000_000_000), 60),
            (json!(1e9), 60),
            (json!(1e300), 60),
            (json!(u64::MAX), 60),
        ] {
            let response = with(json!({"interval": interval}));
            assert_eq!(code(response).interval, seconds, "{interval}");
        }
    }

    #[test]
    fn the_code_may_have_its_other_name() {
        let response = with(json!({"user_code": null, "usercode": "WXYZ-98765"}));
        assert_eq!(code(response).user_code, "WXYZ-98765");
    }

    /// Faults: P02
    #[test]
    fn a_code_is_valid_for_at_most_fifteen_minutes() {
        for (changes, seconds) in [
            (json!({}), 900),
            (json!({"expires_at": "2026-11-24T10:05:00Z"}), 300),
            (json!({"expires_at": "2026-11-24T10:05:00.25+00:00"}), 300),
            (json!({"expires_at": "2026-11-25T10:05:00Z"}), 900),
            (json!({"expires_at": "2026-11-24T09:00:00Z"}), 1),
            (json!({"expires_at": "soon"}), 900),
            (json!({"expires_at": 17, "expires_in": 60}), 60),
            (json!({"expires_in": 600}), 600),
            (json!({"expires_in": 600.5}), 600),
            (json!({"expires_in": 0}), 1),
            (json!({"expires_in": 1_000_000}), 900),
            (json!({"expires_in": "600"}), 900),
        ] {
            assert_eq!(code(with(changes.clone())).lifetime, seconds, "{changes}");
        }
    }

    /// Faults: N31
    #[test]
    fn the_end_of_a_code_counts_from_the_services_clock() {
        let response = with(json!({"expires_at": "2026-11-24T12:10:00Z"}));
        let response = with_header(response, "date", "Tue, 24 Nov 2026 12:00:00 GMT");
        assert_eq!(code(response).lifetime, 600);
    }

    /// Faults: P11
    #[test]
    fn an_untypable_code_is_rejected() {
        for bad in [
            json!(""),
            json!("ABC"),
            json!("ABCD-1234567890123"),
            json!("A".repeat(10_240)),
            json!("abcd-12345"),
            json!("ABCD 12345"),
            json!("ABCD\u{1b}[2J"),
            json!("\u{202e}ABCD-1"),
            json!("ÄBCD-12345"),
            json!(12345),
            json!(null),
        ] {
            let response = with(json!({"user_code": bad}));
            assert_eq!(kind(response), Some(FailureKind::Unexpected), "{bad}");
        }
        for good in ["ABCD", "A1-2-3", "ABCDEFGHIJKLMNOP"] {
            assert_eq!(code(with(json!({"user_code": good}))).user_code, good);
        }
    }

    #[test]
    fn without_a_usable_device_auth_id_there_is_no_login() {
        for bad in [
            json!(null),
            json!(""),
            json!("a b"),
            json!("a".repeat(1025)),
            json!(7),
        ] {
            let response = with(json!({"device_auth_id": bad}));
            assert_eq!(kind(response), Some(FailureKind::Unexpected), "{bad}");
        }
    }

    /// Faults: P09
    #[test]
    fn a_404_means_that_device_codes_are_off_unless_it_is_a_page() {
        assert_eq!(kind(response(404, "{}")), Some(FailureKind::NotEnabled));
        assert_eq!(kind(page(404)), Some(FailureKind::Blocked));
    }

    #[test]
    fn a_failure_has_its_kind() {
        let later = with_header(response(429, ""), "retry-after", "40");
        let failure = read(later, NOW).err().expect("a failure");
        assert_eq!(
            (failure.kind, failure.retry_after),
            (FailureKind::RateLimited, 40)
        );
        assert_eq!(kind(page(403)), Some(FailureKind::Blocked));
        assert_eq!(kind(page(200)), Some(FailureKind::Blocked));
        let region = refusal(403, "unsupported_country_region_territory");
        assert_eq!(kind(region), Some(FailureKind::Region));
        assert_eq!(kind(response(500, "")), Some(FailureKind::Upstream));
        assert_eq!(kind(response(200, "[]")), Some(FailureKind::Unexpected));
        assert_eq!(
            kind(not_sent(NotSent::TimedOut)),
            Some(FailureKind::ConnectTimedOut)
        );
        assert_eq!(kind(not_sent(NotSent::Denied)), Some(FailureKind::Denied));
    }
}
