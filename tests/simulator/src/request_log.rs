//! The requests that the simulator received, and its answers.

use std::collections::VecDeque;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::endpoint::Endpoint;
use crate::http::{Request, decoded};

/// A request that reached the simulator, for assertions. Requests to `/_simulator/` are not recorded.
#[derive(Clone, Serialize)]
pub struct RecordedRequest {
    /// The number in the order of arrival, from 0; clearing the log does not restart it.
    pub sequence: u64,
    /// Unix seconds on the simulator's clock.
    pub at: i64,
    /// Real milliseconds since the simulator started. The simulator's clock does not affect them.
    pub after_ms: u64,
    /// The endpoint of the path.
    pub endpoint: Endpoint,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In the order and spelling sent, `Host` and `Authorization` included.
    pub headers: Vec<(String, String)>,
    /// As sent; in JSON, as text.
    #[serde(serialize_with = "as_text")]
    pub body: Vec<u8>,
    /// The answer.
    pub answered: Answered,
    /// When the client disconnected without waiting for the end of the answer, counted as `after_ms` is.
    pub disconnected_after_ms: Option<u64>,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// Not yet: a fault delays it.
    Waiting,
    /// By the endpoint itself.
    Normally {
        /// HTTP status.
        status: u16,
    },
    /// By a fault.
    ByFault {
        /// The HTTP status; `None` if no status line was sent.
        status: Option<u16>,
        /// Whether the endpoint processed the request, so that its state may have changed.
        processed: bool,
    },
}

impl RecordedRequest {
    /// The first header of that name, in any spelling.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The `Host` header.
    pub fn host(&self) -> &str {
        self.header("host").unwrap_or_default()
    }

    /// The body as text, decompressed if it is compressed; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&decoded(&self.headers, &self.body)).into_owned()
    }

    /// The body as JSON, decompressed if it is compressed; or null.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&decoded(&self.headers, &self.body)).unwrap_or_default()
    }

    /// The body as form fields in the order sent.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

/// Without headers and body, which carry secrets.
impl fmt::Debug for RecordedRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sequence,
            at,
            method,
            target,
            answered,
            ..
        } = self;
        write!(out, "#{sequence} at {at}: {method} {target} → {answered:?}")
    }
}

pub(crate) struct RequestLog {
    next: u64,
    /// Without gaps in their sequence.
    requests: VecDeque<RecordedRequest>,
    /// How many requests are kept.
    kept: usize,
}

impl RequestLog {
    pub(crate) fn new(kept: usize) -> Self {
        Self {
            next: 0,
            requests: VecDeque::new(),
            kept,
        }
    }

    /// Returns the number of the request.
    pub(crate) fn record(&mut self, request: &Request, at: i64, after_ms: u64) -> u64 {
        let sequence = self.next;
        self.next += 1;
        self.requests.push_back(RecordedRequest {
            sequence,
            at,
            after_ms,
            endpoint: Endpoint::of(request.path()),
            scheme: request.scheme,
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            answered: Answered::Waiting,
            disconnected_after_ms: None,
        });
        if self.requests.len() > self.kept {
            self.requests.pop_front();
        }
        sequence
    }

    pub(crate) fn answered(&mut self, sequence: u64, answered: Answered) {
        if let Some(request) = self.find(sequence) {
            request.answered = answered;
        }
    }

    /// Only the first moment counts: a write may fail again later.
    pub(crate) fn disconnected(&mut self, sequence: u64, after_ms: u64) {
        if let Some(request) = self.find(sequence) {
            request.disconnected_after_ms.get_or_insert(after_ms);
        }
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }

    /// The request with this number, unless it is no longer in the log.
    fn find(&mut self, sequence: u64) -> Option<&mut RecordedRequest> {
        let first = self.requests.front()?.sequence;
        let index = usize::try_from(sequence.checked_sub(first)?).ok()?;
        self.requests.get_mut(index)
    }
}

fn as_text<S: Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}
