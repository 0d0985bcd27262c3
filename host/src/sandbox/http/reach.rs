//! Whether a host can be reached at all: a question without a path, a body or a
//! secret, by the way that a guest's requests take.

use std::time::SystemTime;

use http::header;
use tokio::time::timeout;
use wasmtime_wasi_http::Error;

use super::{Transport, failure};
use crate::sandbox::egress::Rule;
use crate::sandbox::limits;

/// What a host answered.
#[derive(Debug)]
pub(crate) struct Reached {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The host's clock, where it tells.
    pub(crate) date: Option<SystemTime>,
}

impl Transport {
    /// Asks the host of a rule for the head of its first page.
    pub(crate) async fn reach(&self, rule: &Rule) -> Result<Reached, Error> {
        if !self.reaches(rule.host) {
            return Err(Error::HttpRequestDenied);
        }
        let client = self.client(rule).await?;
        let asked = client.head(format!("https://{}/", rule.host)).send();
        let answer = timeout(limits::HTTP, asked).await;
        let answer = answer.map_err(|_| Error::HttpResponseTimeout)?;
        let answer = answer.map_err(|error| failure::of_sending(&error))?;
        let date = answer.headers().get(header::DATE);
        Ok(Reached {
            status: answer.status().as_u16(),
            date: date
                .and_then(|date| date.to_str().ok())
                .and_then(|date| httpdate::parse_http_date(date).ok()),
        })
    }
}
