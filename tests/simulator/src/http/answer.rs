//! An answer before a fault changes it.

use serde_json::{Value, json};

use super::Body;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(Vec::new()),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::empty(status)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) fn html(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::empty(status)
            .header("content-type", "text/html; charset=utf-8")
            .body(body)
    }

    /// The error object of OpenAI's own endpoints.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let error = json!({ "message": message, "type": "invalid_request_error", "param": null, "code": code });
        Self::json(status, &json!({ "error": error }))
    }

    /// The error object of OAuth (RFC 6749, section 5.2).
    pub(crate) fn oauth_error(code: &str, description: &str) -> Self {
        Self::json(
            400,
            &json!({ "error": code, "error_description": description }),
        )
    }

    /// The error object of the ChatGPT backend.
    pub(crate) fn detail(status: u16, detail: Value) -> Self {
        Self::json(status, &json!({ "detail": detail }))
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Whole(body.into());
        self
    }

    /// A body that is made while it is sent.
    pub(crate) fn stream(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}
