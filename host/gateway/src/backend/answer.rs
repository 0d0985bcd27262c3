//! An answer of the backend: its status, its headers, and a body that is not streamed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chatgpt_oauth::Rule;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::failure;
use super::headers;
use crate::authorization::Credentials;
use crate::error::{self, ErrorAnswer};
use crate::json;
use crate::secrets::Secrets;

/// The largest error that is read, in bytes.
const LARGEST_ERROR: usize = 64 << 10;
/// How long the body of an error may take.
const ERROR: Duration = Duration::from_secs(10);
/// How long a body that is JSON may take.
const LONGEST: Duration = Duration::from_secs(600);
/// How long the first bytes of a stream that does not call itself one are waited for.
const FIRST_BYTES: Duration = Duration::from_secs(15);

/// An answer with the status of a success.
pub(crate) struct Answer {
    headers: HeaderMap,
    body: Incoming,
    credentials: Arc<Credentials>,
}

impl Answer {
    /// A successful answer; otherwise the error that the answer means.
    pub(crate) async fn accept(
        answer: Response<Incoming>,
        credentials: Arc<Credentials>,
    ) -> Result<Self, ErrorAnswer> {
        let (head, body) = answer.into_parts();
        let answer = Self {
            headers: head.headers,
            body,
            credentials,
        };
        match head.status {
            StatusCode::OK => Ok(answer),
            status => Err(answer.into_error(status).await),
        }
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.credentials.secrets
    }

    /// The headers that the caller gets.
    pub(crate) fn returned_headers(&self) -> HeaderMap {
        let returned = headers::returned(&self.headers);
        self.secrets().removed_from_headers(returned)
    }

    pub(crate) fn into_body(self) -> Incoming {
        self.body
    }

    /// The first bytes of a stream that does not call itself one: the header can be missing,
    /// and a page or an error can have the status of a success.
    pub(crate) async fn first_bytes(&mut self) -> Result<Bytes, ErrorAnswer> {
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let is_stream = |value: &HeaderValue| value.as_bytes().starts_with(b"text/event-stream");
        if content_type.is_some_and(is_stream) {
            return Ok(Bytes::new());
        }
        let Ok(Some(Ok(first))) = timeout(FIRST_BYTES, self.body.frame()).await else {
            return Ok(Bytes::new());
        };
        let bytes = first.into_data().unwrap_or_default();
        match bytes.trim_ascii_start().first() {
            Some(b'<') => Err(failure::blocked()),
            Some(b'{') => {
                let error = failure::of_answer(StatusCode::BAD_GATEWAY, &self.headers, &bytes);
                Err(self.secrets().removed_from(error))
            }
            _ => Ok(bytes),
        }
    }

    /// The body of an answer that is JSON.
    pub(crate) async fn into_json(self, rule: &Rule) -> Result<Bytes, ErrorAnswer> {
        let body = Limited::new(self.body, rule.max_response_bytes()).collect();
        let body = timeout(LONGEST, body).await;
        let body = body.map_err(|_| error::timed_out(LONGEST))?;
        let body = body.map_err(|_| error::unreadable())?.to_bytes();
        if body.trim_ascii_start().starts_with(b"<") {
            return Err(failure::blocked());
        }
        match json::is_json(&body) {
            true => Ok(body),
            false => Err(error::unreadable()),
        }
    }

    async fn into_error(self, status: StatusCode) -> ErrorAnswer {
        let body = timeout(ERROR, Limited::new(self.body, LARGEST_ERROR).collect()).await;
        let body = match body {
            Ok(Ok(body)) => body.to_bytes(),
            _ => Bytes::new(),
        };
        let secrets = &self.credentials.secrets;
        let error = secrets.removed_from(failure::of_answer(status, &self.headers, &body));
        let network_id = self.headers.get("cf-ray");
        let network_id = network_id.filter(|id| id.len() <= 64 && !secrets.are_in(id.as_bytes()));
        let (status, code) = (status.as_u16(), error.logged_code());
        tracing::info!(status, code, ?network_id, "refused by the backend");
        error
    }
}
