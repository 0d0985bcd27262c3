//! A request that the server refuses, and the answer in the shape of the path that it is for.

use chatgpt_oauth_answers::{False, Refusal, RefusalCode, to_json};
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::json;

use crate::answer::{self, Answer, Code};

/// The shape of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `{"error": {message, type, param, code}}`
    OpenAi,
    /// [`Refusal`]
    Management,
}

impl Shape {
    /// The shape of the errors of a path.
    pub(crate) fn of(path: &str) -> Self {
        match path == "/v1" || path.starts_with("/v1/") {
            true => Self::OpenAi,
            false => Self::Management,
        }
    }
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    code: RefusalCode,
    error: String,
    hint: String,
    retry_after: Option<u32>,
    allow: Option<HeaderValue>,
}

impl Refused {
    pub(crate) fn new(
        code: RefusalCode,
        error: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            code,
            error: error.into(),
            hint: hint.into(),
            retry_after: None,
            allow: None,
        }
    }

    /// A request that cannot be read.
    pub(crate) fn invalid(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(RefusalCode::InvalidRequest, error, hint)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            RefusalCode::NotFound,
            "there is nothing at this path",
            "see the table of routes in docs/operations.md",
        )
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            RefusalCode::MethodNotAllowed,
            "the path does not take this method",
            "the header `allow` names the methods",
        )
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            RefusalCode::Internal,
            "the server failed",
            "the log has the request id and the place; please report it",
        )
    }

    pub(crate) fn too_many(error: impl Into<String>, retry_after: u32) -> Self {
        let code = RefusalCode::RateLimitExceeded;
        Self::new(code, error, "wait, then send it again").retry_after(retry_after)
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn allow(mut self, methods: &[Method]) -> Self {
        let names: Vec<_> = methods.iter().map(Method::as_str).collect();
        self.allow = HeaderValue::from_str(&names.join(", ")).ok();
        self
    }

    pub(crate) const fn code(&self) -> RefusalCode {
        self.code
    }

    pub(crate) fn status(&self) -> StatusCode {
        let status = StatusCode::from_u16(self.code.status());
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn into_answer(self, shape: Shape) -> Answer {
        let status = self.status();
        let body = match shape {
            Shape::OpenAi => self.openai_body(status),
            Shape::Management => self.management_body(),
        };
        let mut answer = answer::json(status, body);
        answer.extensions_mut().insert(Code(self.code.name()));
        self.add_headers(&mut answer);
        answer
    }

    fn add_headers(self, answer: &mut Response<answer::Body>) {
        let headers = answer.headers_mut();
        if self.code == RefusalCode::InvalidApiKey {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, allow);
        }
    }

    fn management_body(&self) -> String {
        to_json(&Refusal {
            ok: False,
            error: self.error.clone(),
            code: self.code,
            hint: self.hint.clone(),
            retryable: self.retry_after.is_some(),
            retry_after_seconds: self.retry_after,
        })
    }

    fn openai_body(&self, status: StatusCode) -> String {
        let kind = match status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        let message = format!("{}: {}", self.error, self.hint);
        let code = self.code.name();
        json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
            .to_string()
    }
}

impl axum::response::IntoResponse for Refused {
    /// In the shape of the management API: a handler of another path makes its own answer.
    fn into_response(self) -> axum::response::Response {
        self.into_answer(Shape::Management)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_v1_has_errors_in_openais_shape() {
        for (path, shape) in [
            ("/v1", Shape::OpenAi),
            ("/v1/responses", Shape::OpenAi),
            ("/v12", Shape::Management),
            ("/api/v1/me/status", Shape::Management),
            ("/", Shape::Management),
        ] {
            assert_eq!(Shape::of(path), shape, "{path}");
        }
    }

    #[test]
    fn a_refusal_says_in_its_headers_what_the_caller_does_next() {
        let refused = Refused::too_many("too many", 7).allow(&[Method::GET, Method::POST]);
        let answer = refused.into_answer(Shape::Management);
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(answer.headers()["allow"], "GET, POST");
        let unknown = Refused::new(RefusalCode::InvalidApiKey, "no", "x");
        let answer = unknown.into_answer(Shape::OpenAi);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
}
