//! Requests to the backend, over the connector of the host.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use chatgpt_oauth::{Error, Host, MODEL_POLICY, ModelConnector, Rule};
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use crate::error::{self, ErrorAnswer};

static POLICY: [Rule; 3] = MODEL_POLICY;

/// The endpoint of model calls.
pub(crate) static RESPONSES: &Rule = &POLICY[0];
/// The endpoint that compacts the input of a model call.
pub(crate) static COMPACT: &Rule = &POLICY[1];
/// The endpoint that lists models.
pub(crate) static MODELS: &Rule = &POLICY[2];

/// How long the head of an answer may take, with five seconds to connect.
const HEAD: Duration = Duration::from_secs(125);
/// How many idle connections are kept. A call that finds none idle opens one, even if another
/// is about to become idle. With a bound near the number of callers, connections open and
/// close all the time.
const IDLE: usize = 256;
/// How long an idle connection is kept.
const IDLE_TIME: Duration = Duration::from_secs(90);
/// How many headers an answer may have. Each answer takes memory for so many.
const HEADERS: usize = 256;

/// Sends requests to the addresses of the policy. Follows no redirect.
#[derive(Clone)]
pub(crate) struct Backend(Client<ModelConnector, Full<Bytes>>);

impl Backend {
    pub(crate) fn new(host: &Host) -> Self {
        let client = legacy::Builder::new(TokioExecutor::new())
            .http1_max_headers(HEADERS)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE)
            .build(host.model_connector());
        Self(client)
    }

    /// Sends a request to the address of a rule, and returns the answer when its head has
    /// come. Dropping the future, or the body of the answer, ends the request.
    pub(crate) async fn send(
        &self,
        rule: &Rule,
        query: Option<&str>,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, ErrorAnswer> {
        let unusable = |_| ErrorAnswer::invalid(None, "The query is not one of a URL.");
        let url: Uri = rule.url(query).parse().map_err(unusable)?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = rule.method().clone();
        *request.uri_mut() = url;
        *request.headers_mut() = headers;
        let answer = timeout(HEAD, self.0.request(request)).await;
        let answer = answer.map_err(|_| error::timed_out(HEAD))?;
        let answer = answer.map_err(|error| failed(&error))?;
        check_encoding(answer.headers())?;
        Ok(answer)
    }
}

/// Refuses an encoded answer, which was not asked for: it could grow without bound.
fn check_encoding(headers: &HeaderMap) -> Result<(), ErrorAnswer> {
    let is_identity = |value: &http::HeaderValue| {
        let value = value.as_bytes();
        value.eq_ignore_ascii_case(b"identity")
    };
    if headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(is_identity)
    {
        return Ok(());
    }
    let message = "The backend sent an encoded answer, which was not asked for.";
    Err(ErrorAnswer::new(
        StatusCode::BAD_GATEWAY,
        "upstream_error",
        message,
    ))
}

fn failed(error: &legacy::Error) -> ErrorAnswer {
    let source = error.source();
    if let Some(cause) = source.and_then(|cause| cause.downcast_ref::<Error>()) {
        tracing::warn!(code = ?cause.code, %cause, "no connection to the backend");
        return cause.clone().into();
    }
    let broken: Option<&hyper::Error> = source.and_then(|cause| cause.downcast_ref());
    let message = match broken.is_some_and(hyper::Error::is_parse) {
        true => "The head of the backend's answer cannot be read.",
        false => "The backend closed the connection without an answer.",
    };
    tracing::warn!("{message}");
    ErrorAnswer::new(StatusCode::BAD_GATEWAY, "upstream_error", message).retry_after(error::PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_is_its_line_of_the_policy() {
        assert!(RESPONSES.path().ends_with("/codex/responses"));
        assert!(COMPACT.path().ends_with("/codex/responses/compact"));
        assert!(MODELS.path().ends_with("/codex/models"));
    }

    /// Faults: G11
    #[test]
    fn an_encoded_answer_is_refused() {
        let headers = |value| HeaderMap::from_iter([(header::CONTENT_ENCODING, value)]);
        let value = http::HeaderValue::from_static;
        assert!(check_encoding(&HeaderMap::new()).is_ok());
        assert!(check_encoding(&headers(value("identity"))).is_ok());
        let refused = check_encoding(&headers(value("gzip"))).unwrap_err();
        assert_eq!(refused.status, StatusCode::BAD_GATEWAY);
    }
}
