//! Errors in OpenAI's shape: `{"error": {message, type, param, code}}`.
//!
//! An error is an HTTP answer, so that a caller, and an agent, can read it.

use std::time::Duration;

use chatgpt_oauth::Error;
use chatgpt_oauth_answers::{Class, ErrorCode};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::body::ModelBody;

/// Tells OpenAI's SDKs whether to repeat a call; it takes precedence over the status.
pub(crate) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// How long a caller waits before it repeats a call, where nothing says how long, in seconds.
pub(crate) const PAUSE: u32 = 5;

/// The `type` of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    InvalidRequest,
    Permission,
    RateLimit,
    UsageLimitReached,
    Server,
}

impl ErrorType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request_error",
            Self::Permission => "permission_error",
            Self::RateLimit => "rate_limit_error",
            Self::UsageLimitReached => "usage_limit_reached",
            Self::Server => "server_error",
        }
    }

    /// The type of an error with this status.
    pub(crate) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => Self::Permission,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimit,
            status if status.is_server_error() => Self::Server,
            _ => Self::InvalidRequest,
        }
    }
}

/// A failed call, as the caller gets it.
#[derive(Clone, Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) status: StatusCode,
    /// The fields of `error`.
    pub(crate) fields: Map<String, Value>,
    /// How long to wait before the call is repeated, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// Whether SDKs must not repeat the call, although its status says that they may.
    pub(crate) is_final: bool,
    /// Headers of the backend that the caller gets. In a box, since few errors have any.
    pub(crate) headers: Box<HeaderMap>,
}

impl ErrorAnswer {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Option<&'static str>>,
        message: impl Into<String>,
    ) -> Self {
        let error = json!({
            "message": message.into(),
            "type": ErrorType::of(status).name(),
            "param": null,
            "code": code.into(),
        });
        let Value::Object(fields) = error else {
            unreachable!("`json!` makes an object here")
        };
        Self {
            status,
            fields,
            retry_after: None,
            is_final: false,
            headers: Box::default(),
        }
    }

    /// A request that the caller must change.
    pub(crate) fn invalid(
        code: impl Into<Option<&'static str>>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A field that must not be in the request.
    pub(crate) fn unsupported(param: impl Into<String>) -> Self {
        let param = param.into();
        let message = format!(
            "Unsupported parameter: {param}. The ChatGPT backend has no such parameter: leave it out."
        );
        Self::invalid("unsupported_parameter", message).param(param)
    }

    /// A fault of this software.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// Names the field that is wrong.
    pub(crate) fn param(self, param: impl Into<String>) -> Self {
        self.field("param", param.into())
    }

    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn retry_after(mut self, seconds: impl Into<u64>) -> Self {
        self.retry_after = Some(seconds.into());
        self
    }

    pub(crate) fn code(&self) -> &str {
        self.fields
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The code as a log may have it, since the backend can choose it: cut, and escaped.
    pub(crate) fn logged_code(&self) -> String {
        let cut: String = self.code().chars().take(64).collect();
        cut.escape_default().to_string()
    }

    /// The texts that may have come from the backend.
    pub(crate) fn text(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    pub(crate) fn into_response(self) -> Response<ModelBody> {
        let body = json!({ "error": self.fields }).to_string();
        let mut response = Response::new(ModelBody::full(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        *headers = *self.headers;
        headers.insert(header::CONTENT_TYPE, JSON);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.is_final {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        response
    }
}

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl From<Error> for ErrorAnswer {
    /// An error of the login, by its class.
    fn from(error: Error) -> Self {
        let code = ErrorCode::from(error.code);
        let message = format!("{}: {}", error.message, error.hint);
        let status = status_of(code);
        let mut answer = match code.class() {
            Class::Login => Self::new(status, "login_required", message),
            _ => Self::new(status, None, message).field("code", code.name().replace('-', "_")),
        };
        if error.retryable {
            let pause = error.retry_after_seconds.unwrap_or(PAUSE);
            answer = answer.retry_after(pause);
        }
        answer
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match (code, code.class()) {
        (ErrorCode::RateLimited, _) => StatusCode::TOO_MANY_REQUESTS,
        (ErrorCode::EgressDenied, _) => StatusCode::SERVICE_UNAVAILABLE,
        (ErrorCode::UnexpectedAnswer, _) => StatusCode::BAD_GATEWAY,
        (_, Class::Usage) => StatusCode::BAD_REQUEST,
        (_, Class::Retry | Class::Store) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Class::Login | Class::Policy) => StatusCode::FORBIDDEN,
        (_, Class::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The backend's answer is not what it should be.
pub(crate) fn unreadable() -> ErrorAnswer {
    let message = "The backend's answer cannot be read.";
    ErrorAnswer::new(StatusCode::BAD_GATEWAY, "upstream_error", message)
}

/// Nothing came from the backend for this long.
pub(crate) fn timed_out(after: Duration) -> ErrorAnswer {
    let message = format!("The backend did not answer within {} s.", after.as_secs());
    ErrorAnswer::new(StatusCode::SERVICE_UNAVAILABLE, "upstream_timeout", message)
        .retry_after(PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: G32
    #[test]
    fn each_class_of_the_login_has_its_status() {
        use chatgpt_oauth::ErrorCode as Login;
        for (code, status, name) in [
            (Login::NotConnected, 403, "login_required"),
            (Login::NeedsLogin, 403, "login_required"),
            (Login::RefreshInProgress, 503, "refresh_in_progress"),
            (Login::RefreshUncertain, 503, "refresh_uncertain"),
            (Login::RejectedByBackend, 503, "rejected_by_backend"),
            (Login::RateLimited, 429, "rate_limited"),
            (Login::StoreBusy, 503, "store_busy"),
            (Login::StoreUnavailable, 503, "store_unavailable"),
            (Login::KeyUnknown, 503, "key_unknown"),
            (Login::RegionUnsupported, 403, "region_unsupported"),
            (Login::EgressDenied, 503, "egress_denied"),
            (Login::UnexpectedAnswer, 502, "unexpected_answer"),
            (Login::Internal, 500, "internal"),
        ] {
            let answer = ErrorAnswer::from(Error::transient(code, "it failed", "wait", 7));
            assert_eq!(answer.status, status, "{code:?}");
            assert_eq!(answer.code(), name, "{code:?}");
            assert_eq!(answer.retry_after, Some(7), "{code:?}");
            assert_eq!(answer.fields["message"], "it failed: wait");
        }
    }

    /// Faults: G29
    #[test]
    fn a_code_of_the_backend_is_cut_and_escaped_for_the_log() {
        let code = "x\n[error] forged".to_owned() + &"y".repeat(1 << 20);
        let answer = ErrorAnswer::invalid(None, "m").field("code", code);
        let logged = answer.logged_code();
        assert!(logged.starts_with("x\\n[error] forged"), "{logged}");
        assert!(logged.len() < 100, "{}", logged.len());
    }

    #[test]
    fn only_a_login_that_a_person_must_repeat_has_no_retry_after() {
        let error = Error::permanent(
            chatgpt_oauth::ErrorCode::NeedsLogin,
            "the login has ended",
            "sign in",
        );
        let answer = ErrorAnswer::from(error).into_response();
        assert_eq!(answer.status(), 403);
        assert!(!answer.headers().contains_key(header::RETRY_AFTER));
    }
}
