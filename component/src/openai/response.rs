//! What all responses share: the status, OpenAI's error code in each of its
//! shapes, gateway failures, and Retry-After. A response of `ports` comes in; the
//! endpoints read the result.

use super::failure::{Failure, FailureKind, ServiceError};
use super::timestamp;
use crate::json::{self, Value};
use crate::ports::HttpResponse;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest Retry-After that is followed, in seconds.
const RETRY_AFTER_MAX: u64 = 3600;

/// The longest error code that is shown, in bytes. Every token is longer, so a
/// token in the place of a code is not shown.
pub(crate) const CODE_MAX: usize = 40;

/// A response of the service.
pub(crate) struct Response {
    pub(crate) status: u16,
    /// OpenAI's error code in lower case, where there is one.
    pub(crate) code: Option<String>,
    pub(crate) body: Vec<u8>,
    /// The service's clock, Unix seconds.
    pub(crate) service_clock: Option<u64>,
    /// The service's clock minus this machine's, in seconds. It may be too large
    /// by the duration of the request: a lifetime then ends early rather than
    /// late.
    pub(crate) clock_offset: i64,
    pub(crate) etag: Option<String>,
    /// From Retry-After, in seconds.
    pub(crate) retry_after: Option<u64>,
    gateway_failure: Option<FailureKind>,
}

impl Response {
    /// Reads a response. `now` is this machine's clock, Unix seconds; where
    /// `clock_offset` matters, as of the request.
    pub(crate) fn read(response: HttpResponse, now: u64) -> Self {
        let service_clock = response.header("date").and_then(timestamp::http_date);
        let code = error_code(&response);
        Self {
            status: response.status,
            gateway_failure: gateway_failure(&response, code.as_deref()),
            code,
            clock_offset: service_clock.map_or(0, |clock| clock.wrapping_sub(now) as i64),
            etag: response
                .header("etag")
                .and_then(|etag| crate::text::sanitize(etag, 256)),
            retry_after: retry_after(&response, service_clock.unwrap_or(now)),
            service_clock,
            body: response.body,
        }
    }

    /// A failure before the service: challenge page, unsupported region, rate
    /// limit. The request was not processed.
    pub(crate) fn gateway_failure(&self) -> Option<Failure> {
        self.gateway_failure.map(|kind| self.failure_of(kind))
    }

    /// Why the response cannot be used: the gateway failure, else what the status says.
    pub(crate) fn failure(&self) -> Failure {
        let by_status = match self.status {
            500.. => FailureKind::Upstream,
            _ => FailureKind::Unexpected,
        };
        self.failure_of(self.gateway_failure.unwrap_or(by_status))
    }

    /// A failure of that kind, with the time to retry.
    pub(crate) fn failure_of(&self, kind: FailureKind) -> Failure {
        Failure {
            kind,
            retry_after: self
                .retry_after
                .unwrap_or_else(|| kind.default_retry_after()),
            service_error: self.service_error(),
        }
    }

    /// What may be shown of it: the status, unless it is 200, and the code, if it
    /// has the form of one. Any other text could quote the request.
    pub(crate) fn service_error(&self) -> ServiceError {
        let is_shown = |code: &&String| {
            code.len() <= CODE_MAX
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        };
        ServiceError {
            status: Some(self.status).filter(|status| *status != 200),
            code: self.code.as_ref().filter(is_shown).cloned(),
        }
    }

    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| codes.contains(&code))
    }
}

fn gateway_failure(response: &HttpResponse, code: Option<&str>) -> Option<FailureKind> {
    match response.status {
        _ if response.header("cf-mitigated").is_some() => Some(FailureKind::Blocked),
        // With these statuses a content delivery network rejects requests by itself. Its
        // page with any other 5xx may stand for an origin that has used the token
        // and whose response was lost.
        200 | 400..=499 | 503 if is_page(response) => Some(FailureKind::Blocked),
        _ if code == Some("unsupported_country_region_territory") => Some(FailureKind::Region),
        408 | 425 => Some(FailureKind::Upstream),
        429 => Some(FailureKind::RateLimited),
        // The service itself is overloaded. Without its code the response may be
        // of a gateway.
        503 if code.is_some() => Some(FailureKind::Upstream),
        _ => None,
    }
}

/// Trust the body over Content-Type: tokens are accepted under a wrong type.
fn is_page(response: &HttpResponse) -> bool {
    let start = response.body.trim_ascii_start();
    let start = start.get(..14).unwrap_or(start).to_ascii_lowercase();
    let is_called_one = || {
        response.header("content-type").is_some_and(|kind| {
            kind.trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        })
    };
    start.starts_with(b"<!doctype html")
        || start.starts_with(b"<html")
        || (is_called_one() && !start.starts_with(b"{"))
}

/// `{"error": {"code": …}}`, `{"error": "…"}` and `{"code": …}`, in the order of
/// the Codex CLI; the backend also has `{"detail": {"code": …}}` and `{"error":
/// {"type": …}}`.
fn error_code(response: &HttpResponse) -> Option<String> {
    if response.status < 300 {
        return None;
    }
    let body = json::parse(&response.body)?;
    let error = &body["error"];
    let shapes = [
        &error["code"],
        error,
        &body["code"],
        &body["detail"]["code"],
        &error["type"],
    ];
    let code = shapes.into_iter().find_map(Value::as_str)?.trim();
    (!code.is_empty()).then(|| code.to_ascii_lowercase())
}

/// In seconds or as a date (RFC 9110 §10.2.3), clamped.
fn retry_after(response: &HttpResponse, service_now: u64) -> Option<u64> {
    let text = response.header("retry-after")?.trim();
    let until = |date: u64| date.saturating_sub(service_now);
    let seconds = match text.parse() {
        Ok(seconds) => seconds,
        Err(_) => timestamp::http_date(text).map(until)?,
    };
    Some(seconds.clamp(1, RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::Response;
    use crate::openai::FailureKind;
    use crate::testing::fakes::{self, NOW, page, refusal, response, with_header};
    use serde_json::json;

    fn read(response: fakes::HttpResult) -> Response {
        Response::read(response.expect("an answer"), NOW)
    }

    fn code(body: &str) -> Option<String> {
        read(response(400, body)).code
    }

    /// Faults: N26
    #[test]
    fn retry_after_is_read_in_both_forms_and_clamped() {
        for (text, wait) in [
            ("7", 7),
            (" 7 ", 7),
            ("0", 1),
            ("1000000000", 3600),
            ("Tue, 24 Nov 2026 10:02:00 GMT", 120),
            ("Tue, 24 Nov 2026 09:00:00 GMT", 1),
            ("Wed, 24 Nov 2027 10:00:00 GMT", 3600),
            ("-5", 60),
            ("7.5", 60),
            ("1e3", 60),
            ("soon", 60),
            ("", 60),
            ("99999999999999999999999", 60),
        ] {
            let later = with_header(response(429, ""), "Retry-After", text);
            assert_eq!(read(later).failure().retry_after, wait, "{text:?}");
        }
        let without = read(response(429, "")).failure();
        assert_eq!(
            (without.kind, without.retry_after),
            (FailureKind::RateLimited, 60)
        );
    }

    /// Faults: N26
    #[test]
    fn a_date_counts_from_the_services_clock() {
        let later = with_header(response(429, ""), "date", "Tue, 24 Nov 2026 12:00:00 GMT");
        let later = with_header(later, "retry-after", "Tue, 24 Nov 2026 12:00:09 GMT");
        assert_eq!(read(later).retry_after, Some(9));
    }

    /// Faults: N32
    #[test]
    fn the_first_of_two_headers_counts_and_bytes_are_not_text() {
        let twice = with_header(response(429, ""), "retry-after", "7");
        let twice = with_header(twice, "Retry-After", "9");
        assert_eq!(read(twice).retry_after, Some(7));
        for header in ["retry-after", "date", "etag"] {
            let mut response = response(200, "{}").expect("an answer");
            response
                .headers
                .push((header.to_owned(), b"\xff\0\r\n".to_vec()));
            let odd = Response::read(response, NOW);
            assert_eq!((odd.retry_after, odd.service_clock), (None, None));
            assert_eq!(odd.etag, None);
        }
    }

    /// Faults: P31
    #[test]
    fn the_code_is_found_in_every_known_shape_and_nowhere_else() {
        for body in [
            json!({"error": {"code": "Abc"}}),
            json!({"error": " abc ", "error_description": "x"}),
            json!({"code": "abc"}),
            json!({"detail": {"code": "abc"}}),
            json!({"error": {"code": null, "type": "abc"}}),
            json!({"error": {"type": "invalid_request_error"}, "code": "abc"}),
            json!({"error": {"type": "x"}, "detail": {"code": "abc"}}),
            json!({"error": {"code": "abc", "type": "x"}, "code": "y"}),
        ] {
            let found = code(&body.to_string());
            assert_eq!(found.as_deref(), Some("abc"), "{body}");
        }
        for body in [
            r#"["abc"]"#,
            r#""abc""#,
            "abc",
            "null",
            "",
            r#"{"error":7}"#,
            r#"{"error":["abc"]}"#,
            r#"{"error":{"code":{"code":"abc"}}}"#,
            r#"{"error":{"message":"abc"}}"#,
            r#"{"detail":"abc"}"#,
            r#"{"code":" "}"#,
            r#"{"code":"abc","code":"abd"}"#,
        ] {
            assert_eq!(code(body), None, "{body}");
        }
        for (status, expected) in [(200, None), (299, None), (300, Some("abc"))] {
            let found = read(response(status, r#"{"code":"abc"}"#)).code;
            assert_eq!(found.as_deref(), expected, "{status}");
        }
    }

    /// Faults: N16 N24
    #[test]
    fn a_page_is_a_gateway_failure_on_some_statuses() {
        for status in [200, 400, 401, 403, 404, 429, 451, 503] {
            let blocked = read(page(status))
                .gateway_failure()
                .expect("a gateway failure");
            assert_eq!(
                (blocked.kind, blocked.retry_after),
                (FailureKind::Blocked, 60)
            );
        }
        for status in [201, 302, 500, 501, 502, 504, 520, 522, 524, 530] {
            assert_eq!(read(page(status)).gateway_failure(), None, "{status}");
            let marked = with_header(page(status), "CF-Mitigated", "challenge");
            assert!(read(marked).gateway_failure().is_some(), "{status}");
        }
    }

    /// Faults: N25
    #[test]
    fn a_503_is_a_gateway_failure_only_with_a_code_of_the_service() {
        let gateway_failure = |body: &str| read(response(503, body)).gateway_failure().is_some();
        assert!(gateway_failure(
            r#"{"error":{"code":"server_is_overloaded"}}"#
        ));
        assert!(gateway_failure(r#"{"error":{"type":"server_error"}}"#));
        for body in ["", "{}", "[]", r#"{"detail":"busy"}"#, r#"{"message":"x"}"#] {
            assert!(!gateway_failure(body), "{body}");
        }
    }

    #[test]
    fn without_a_gateway_failure_the_status_decides() {
        for (response, kind) in [
            (response(500, ""), FailureKind::Upstream),
            (page(502), FailureKind::Upstream),
            (refusal(400, "brand_new"), FailureKind::Unexpected),
            (response(302, ""), FailureKind::Unexpected),
            (response(200, "{"), FailureKind::Unexpected),
        ] {
            let failure = read(response).failure();
            assert_eq!((failure.kind, failure.retry_after), (kind, 30));
        }
    }
}
