//! What all answers have in common: the status, OpenAI's error code in any of
//! its shapes, a web page instead of an answer, and when to try again.

use super::date;
use super::trouble::{Setback, Trouble};
use crate::json::{self, Value};
use crate::ports::{HttpError, Response};
use alloc::string::String;
use alloc::vec::Vec;

/// The longest pause that a Retry-After can ask for, in seconds.
const RETRY_AFTER_MAX: u64 = 3600;

/// wasi:http's error codes that mean: not one byte of the request was sent.
const NOT_SENT: [&str; 9] = [
    "DNS-timeout",
    "DNS-error",
    "destination-not-found",
    "destination-unavailable",
    "destination-IP-prohibited",
    "connection-refused",
    "connection-timeout",
    "TLS-certificate-error",
    "HTTP-request-denied",
];

/// An answer, looked at once.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// OpenAI's error code in lower case, where there is one.
    pub(crate) code: Option<String>,
    pub(crate) body: Vec<u8>,
    /// The service's clock, Unix seconds.
    pub(crate) service_clock: Option<u64>,
    /// The service's clock minus this machine's, in seconds. At the most too
    /// large by the time that the answer took: a lifetime counted by it ends
    /// early rather than late.
    pub(crate) clock_offset: i64,
    pub(crate) etag: Option<String>,
    is_page: bool,
    is_json: bool,
    retry_after: Option<u64>,
}

impl Answer {
    /// Looks at a response. `now` is this machine's clock, Unix seconds: as of
    /// the request where the difference of the clocks is of use.
    pub(crate) fn read(response: Response, now: u64) -> Self {
        let service_clock = response.header("date").and_then(date::http_date);
        let retry_after = response.header("retry-after").and_then(|text| {
            let until = |date: u64| date.saturating_sub(service_clock.unwrap_or(now));
            text.trim()
                .parse::<u64>()
                .ok()
                .or_else(|| date::http_date(text).map(until))
        });
        let error: Option<Value> = (response.status >= 300)
            .then(|| json::parse(&response.body))
            .flatten();
        Self {
            status: response.status,
            code: error.as_ref().and_then(error_code),
            service_clock,
            clock_offset: service_clock.map_or(0, |clock| clock.wrapping_sub(now) as i64),
            etag: response
                .header("etag")
                .and_then(|etag| crate::text::clean(etag, 256)),
            is_page: is_page(&response),
            is_json: error.is_some(),
            retry_after: retry_after.map(|seconds| seconds.clamp(1, RETRY_AFTER_MAX)),
            body: response.body,
        }
    }

    /// What stands between us and any answer at all, whatever was asked: a web
    /// page, the wrong country, too many requests.
    pub(crate) fn obstacle(&self) -> Option<Setback> {
        let trouble = match self.status {
            _ if self.is_page => Trouble::Blocked,
            _ if self.has_code(&["unsupported_country_region_territory"]) => Trouble::Region,
            408 | 425 => Trouble::Upstream,
            429 => Trouble::RateLimited,
            503 if self.is_json => Trouble::Upstream,
            _ => return None,
        };
        Some(self.setback(trouble))
    }

    /// What is wrong with an answer that nobody could use.
    pub(crate) fn trouble(&self) -> Setback {
        self.obstacle().unwrap_or_else(|| {
            self.setback(match self.status {
                500.. => Trouble::Upstream,
                _ => Trouble::Unexpected,
            })
        })
    }

    /// `trouble`, to be tried again when the service says.
    pub(crate) fn setback(&self, trouble: Trouble) -> Setback {
        Setback {
            trouble,
            wait: self.retry_after.unwrap_or_else(|| trouble.pause()),
        }
    }

    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| codes.contains(&code))
    }

    pub(crate) fn is_client_error(&self) -> bool {
        (400..500).contains(&self.status)
    }
}

/// Whether a failed request was certainly not sent.
pub(crate) fn is_not_sent(error: HttpError) -> bool {
    NOT_SENT.contains(&error.0)
}

/// What a failed request means where it does not matter whether it was sent.
pub(crate) fn failure(error: HttpError) -> Setback {
    let trouble = match error.0 {
        "HTTP-request-denied" | "destination-IP-prohibited" => Trouble::Denied,
        "HTTP-response-body-size" | "HTTP-response-content-coding" => Trouble::Unexpected,
        _ => Trouble::Network,
    };
    trouble.setback()
}

/// `{"error": {"code": …}}`, `{"error": "…"}` and `{"code": …}`, in that order,
/// as the Codex CLI looks; `{"detail": {"code": …}}` is the backend's own.
fn error_code(body: &Value) -> Option<String> {
    let error = &body["error"];
    let shapes = [
        &error["code"],
        error,
        &error["type"],
        &body["code"],
        &body["detail"]["code"],
    ];
    let code = shapes.into_iter().find_map(Value::as_str)?;
    Some(code.trim().to_ascii_lowercase())
}

/// The body counts for more than its type: tokens under a wrong one are tokens.
fn is_page(response: &Response) -> bool {
    let start = response.body.trim_ascii_start();
    let start = start.get(..14).unwrap_or(start).to_ascii_lowercase();
    let is_called_one = || {
        response.header("content-type").is_some_and(|kind| {
            kind.trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        })
    };
    response.header("cf-mitigated").is_some()
        || start.starts_with(b"<!doctype html")
        || start.starts_with(b"<html")
        || (is_called_one() && !start.starts_with(b"{"))
}
