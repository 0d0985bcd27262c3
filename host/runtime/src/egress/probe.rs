//! Whether a host can be reached at all: a question without a path, a body or a
//! secret, by the way that a guest's requests take.

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

/// What a host answered.
#[derive(Debug)]
pub(crate) struct Reached {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The host's clock, where it tells.
    pub(crate) date: Option<SystemTime>,
}

/// Why a host did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreached {
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There was one, and no answer.
    #[error("no answer came")]
    NoAnswer,
}

impl Transport {
    /// Asks the host of a rule for the head of its first page.
    pub(crate) async fn reach(&self, rule: &Rule) -> Result<Reached, Unreached> {
        if !self.options().reaches(rule.host) {
            return Err(ConnectError::Denied.into());
        }
        let client = self.client(rule).await?;
        let asked = client.request(head(rule));
        let answer = timeout(limits::HTTP, asked).await;
        let answer = answer.map_err(|_| Unreached::NoAnswer)?;
        let answer = answer.map_err(|error| match failure::of_connecting(&error) {
            Some(error) => error.into(),
            None => Unreached::NoAnswer,
        })?;
        let date = answer.headers().get(header::DATE);
        Ok(Reached {
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
