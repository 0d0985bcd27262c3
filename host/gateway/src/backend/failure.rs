//! Translates a failure of the backend into the error that the caller gets.

use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::headers;
use crate::error::{ErrorAnswer, ErrorType, PAUSE};

/// How long a caller waits after a page in place of an answer, in seconds.
const BLOCKED: u64 = 60;

/// The words of the plan's limit, in `error.type` or `error.code`.
const USAGE_LIMIT: &str = "usage_limit_reached";

/// Codes that mean that the service is overloaded.
const OVERLOADED: [&str; 2] = ["server_is_overloaded", "slow_down"];

/// Codes of requests that the caller must change.
const INVALID: [&str; 4] = [
    "context_length_exceeded",
    "cyber_policy",
    "invalid_encrypted_content",
    "invalid_prompt",
];

/// The error of an answer before the stream.
pub(crate) fn of_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ErrorAnswer {
    let mut answer = of_status(status, headers, body);
    if let (Some(_), Some(theirs)) = (answer.retry_after, retry_after(headers)) {
        answer.retry_after = Some(theirs);
    }
    answer.headers = Box::new(headers::returned(headers));
    answer
}

fn of_status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ErrorAnswer {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        let message = "The request is larger than the backend accepts.";
        return ErrorAnswer::new(status, "request_too_large", message);
    }
    if headers.contains_key("cf-mitigated") || status.is_redirection() {
        return blocked();
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => of_json(status, body),
        _ if status.is_server_error() => of_server_error(status),
        _ => blocked(),
    }
}

/// The error of a page in place of an answer. Nothing of the page is shown.
pub(crate) fn blocked() -> ErrorAnswer {
    let message = "A page came in place of an answer of the backend: something between here and the backend blocks the call.";
    let status = StatusCode::SERVICE_UNAVAILABLE;
    ErrorAnswer::new(status, "upstream_blocked", message).retry_after(BLOCKED)
}

fn of_json(status: StatusCode, mut body: Map<String, Value>) -> ErrorAnswer {
    match (body.remove("error"), body.remove("detail")) {
        (Some(Value::Object(error)), _) => of_error(status, error),
        (_, Some(Value::Object(detail))) => of_error(status, detail),
        (_, Some(Value::String(detail))) => of_detail(status, &detail),
        _ if status.is_server_error() => of_server_error(status),
        _ => {
            let message = format!("The backend answered {}.", status.as_u16());
            ErrorAnswer::new(status, None, message)
        }
    }
}

/// The error of `{"error": {…}}`.
fn of_error(status: StatusCode, error: Map<String, Value>) -> ErrorAnswer {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let (code, kind, message) = (text("code"), text("type"), text("message"));
    if code == USAGE_LIMIT || kind == USAGE_LIMIT {
        return usage_limit(error);
    }
    if OVERLOADED.contains(&code) || OVERLOADED.contains(&kind) || is_at_capacity(message) {
        let status = match status {
            StatusCode::TOO_MANY_REQUESTS => status,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        return with_fields(status, error).retry_after(PAUSE);
    }
    if is_unknown_model(status, message) {
        return unknown_model(message);
    }
    match status {
        StatusCode::TOO_MANY_REQUESTS if is_entitlement(code, kind) => {
            with_fields(StatusCode::FORBIDDEN, error)
        }
        StatusCode::TOO_MANY_REQUESTS => with_fields(status, error).retry_after(PAUSE),
        StatusCode::PAYMENT_REQUIRED => with_fields(StatusCode::FORBIDDEN, error),
        status if status.is_server_error() => of_server_error(status),
        status => with_fields(status, error),
    }
}

/// The error of an event that reports a failure: such an event has no status of its own.
pub(crate) fn of_event(error: Map<String, Value>) -> ErrorAnswer {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let status = match (text("code"), text("type")) {
        (code, _) if INVALID.contains(&code) => StatusCode::BAD_REQUEST,
        (_, "invalid_request_error") => StatusCode::BAD_REQUEST,
        ("rate_limit_exceeded", _) | (_, "rate_limit_error") => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_GATEWAY,
    };
    of_error(status, error)
}

fn of_detail(status: StatusCode, detail: &str) -> ErrorAnswer {
    if is_unknown_model(status, detail) {
        return unknown_model(detail);
    }
    if is_at_capacity(detail) {
        return ErrorAnswer::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "server_is_overloaded",
            detail,
        )
        .retry_after(PAUSE);
    }
    match status {
        status if status.is_server_error() => of_server_error(status),
        StatusCode::TOO_MANY_REQUESTS => ErrorAnswer::new(status, None, detail).retry_after(PAUSE),
        StatusCode::PAYMENT_REQUIRED => ErrorAnswer::new(StatusCode::FORBIDDEN, None, detail),
        status => match detail.strip_prefix("Unsupported parameter: ") {
            Some(name) => {
                ErrorAnswer::new(status, "unsupported_parameter", detail).param(name.trim())
            }
            None => ErrorAnswer::new(status, None, detail),
        },
    }
}

/// The plan's limit. SDKs must not repeat the call: one of them would sleep until the limit
/// resets.
fn usage_limit(error: Map<String, Value>) -> ErrorAnswer {
    let seconds = error.get("resets_in_seconds").and_then(Value::as_u64);
    let mut answer = with_fields(StatusCode::TOO_MANY_REQUESTS, error)
        .field("type", ErrorType::UsageLimitReached.name())
        .field("code", USAGE_LIMIT)
        .retry_after(seconds.unwrap_or(BLOCKED));
    answer.is_final = true;
    answer
}

fn is_entitlement(code: &str, kind: &str) -> bool {
    [code, kind].contains(&"usage_not_included")
}

fn is_at_capacity(message: &str) -> bool {
    message.contains("model is at capacity")
}

fn is_unknown_model(status: StatusCode, message: &str) -> bool {
    (status == StatusCode::NOT_FOUND && message.contains("Model not found"))
        || message.contains("not supported when using Codex with a ChatGPT account")
}

fn unknown_model(message: &str) -> ErrorAnswer {
    ErrorAnswer::new(StatusCode::NOT_FOUND, "model_not_found", message).param("model")
}

fn of_server_error(status: StatusCode) -> ErrorAnswer {
    let message = "The backend failed.";
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            ErrorAnswer::new(status, "upstream_error", message).retry_after(PAUSE)
        }
        _ => ErrorAnswer::new(StatusCode::BAD_GATEWAY, "upstream_error", message),
    }
}

/// The backend's own fields, with those that every error has. The backend writes some codes
/// as the type.
fn with_fields(status: StatusCode, error: Map<String, Value>) -> ErrorAnswer {
    let mut answer = ErrorAnswer::new(status, None, "The backend refused the call.");
    let kind = error.get("type").and_then(Value::as_str);
    if let Some(code) = kind.filter(|kind| !kind.ends_with("_error")) {
        answer = answer.field("code", code);
    }
    answer
        .fields
        .extend(error.into_iter().filter(|(_, value)| !value.is_null()));
    answer
}

/// The seconds of `retry-after`; a date is not read.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::RETRY_AFTER)?;
    value.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &str) -> ErrorAnswer {
        let status = StatusCode::from_u16(status).unwrap();
        of_answer(status, &HeaderMap::new(), body.as_bytes())
    }

    /// Faults: X19 G31
    #[test]
    fn the_plans_limit_keeps_its_fields_and_is_not_repeated() {
        let body = json!({"error": {
            "type": "usage_limit_reached", "message": "The usage limit has been reached",
            "plan_type": "plus", "resets_at": 1_800_003_600, "resets_in_seconds": 3600,
        }});
        let answer = answer(429, &body.to_string());
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.code(), USAGE_LIMIT);
        assert_eq!(answer.fields["plan_type"], "plus");
        assert_eq!(answer.fields["resets_in_seconds"], 3600);
        let response = answer.into_response();
        assert_eq!(response.headers()["retry-after"], "3600");
        assert_eq!(response.headers()["x-should-retry"], "false");
    }

    #[test]
    fn each_answer_of_the_backend_has_its_error() {
        let error = |code: &str| json!({"error": {"code": code, "message": "m"}}).to_string();
        let detail = |text: &str| json!({"detail": text}).to_string();
        for (status, body, expected, code, retry_after) in [
            (
                400,
                detail("Unsupported parameter: top_p"),
                400,
                "unsupported_parameter",
                None,
            ),
            (400, detail("Store must be set to false"), 400, "", None),
            (
                400,
                error("context_length_exceeded"),
                400,
                "context_length_exceeded",
                None,
            ),
            (
                400,
                error("invalid_encrypted_content"),
                400,
                "invalid_encrypted_content",
                None,
            ),
            (400, error("cyber_policy"), 400, "cyber_policy", None),
            (
                400,
                detail("The 'x' model is not supported when using Codex with a ChatGPT account."),
                404,
                "model_not_found",
                None,
            ),
            (
                404,
                detail("Model not found x"),
                404,
                "model_not_found",
                None,
            ),
            (
                402,
                error("deactivated_workspace"),
                403,
                "deactivated_workspace",
                None,
            ),
            (
                429,
                error("usage_not_included"),
                403,
                "usage_not_included",
                None,
            ),
            (
                429,
                error("rate_limit_exceeded"),
                429,
                "rate_limit_exceeded",
                Some(5),
            ),
            (
                503,
                error("server_is_overloaded"),
                503,
                "server_is_overloaded",
                Some(5),
            ),
            (500, error("slow_down"), 503, "slow_down", Some(5)),
            (
                429,
                json!({"error": {"message": "the model is at capacity"}}).to_string(),
                429,
                "",
                Some(5),
            ),
            (413, "<html>".into(), 413, "request_too_large", None),
            (403, "<html>".into(), 503, "upstream_blocked", Some(60)),
            (302, String::new(), 503, "upstream_blocked", Some(60)),
            (500, error("x"), 502, "upstream_error", None),
            (502, "<html>".into(), 502, "upstream_error", None),
            (503, String::new(), 503, "upstream_error", Some(5)),
        ] {
            let answer = answer(status, &body);
            assert_eq!(answer.status, expected, "{status} {body}");
            assert_eq!(answer.code(), code, "{status} {body}");
            assert_eq!(answer.retry_after, retry_after, "{status} {body}");
        }
    }

    #[test]
    fn the_backends_own_retry_after_counts() {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, "17".parse().unwrap())]);
        let body = br#"{"error": {"code": "rate_limit_exceeded"}}"#;
        let answer = of_answer(StatusCode::TOO_MANY_REQUESTS, &headers, body);
        assert_eq!(answer.retry_after, Some(17));
    }

    /// Faults: G26
    #[test]
    fn nothing_of_a_page_is_shown() {
        let answer = answer(403, "<html>captive portal</html>");
        assert!(!answer.text().contains("portal"), "{answer:?}");
    }
}
