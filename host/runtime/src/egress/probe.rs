//! Checks whether a host can be reached: sends a request without a path, a body or a
//! secret in the same way as a guest's request.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use tokio::time::timeout;

use super::connect::ConnectError;
use super::failure;
use super::policy::Rule;
use super::transport::{Transport, USER_AGENT};
use crate::sandbox::limits;

/// The answer of a host that was reached.
#[derive(Debug)]
pub(crate) struct Reachability {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The host's clock, if the answer has a date.
    pub(crate) date: Option<SystemTime>,
}

/// Why a host was not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreachable {
    /// No connection was made.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A connection was made, and no answer came.
    #[error("no answer came")]
    NoAnswer,
}

impl Transport {
    /// Requests the head of the front page of a rule's host.
    pub(crate) async fn probe(&self, rule: &Rule) -> Result<Reachability, Unreachable> {
        if !self.options().allows(rule.host) {
            return Err(ConnectError::Denied.into());
        }
        let client = self.client(rule).await?;
        let request = client.request(head(rule));
        let answer = timeout(limits::HTTP, request).await;
        let answer = answer.map_err(|_| Unreachable::NoAnswer)?;
        let answer = answer.map_err(|error| match failure::of_connecting(&error) {
            Some(error) => error.into(),
            None => Unreachable::NoAnswer,
        })?;
        let date = answer.headers().get(header::DATE);
        Ok(Reachability {
            status: answer.status().as_u16(),
            date: date
                .and_then(|date| date.to_str().ok())
                .and_then(|date| httpdate::parse_http_date(date).ok()),
        })
    }
}

fn head(rule: &Rule) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.method_mut() = http::Method::HEAD;
    *request.uri_mut() = rule.front_page();
    request.headers_mut().insert(header::USER_AGENT, USER_AGENT);
    request
}
