//! Failures in a stream: those that the backend reports, and those that this software does.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::backend;
use crate::error::{ErrorAnswer, PAUSE};
use crate::stop::Stop;
use crate::stream::sse;

/// Why this software ends a response with `response.failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// The backend ended the stream early.
    Truncated,
    /// The backend sent nothing for too long.
    Silent,
    /// The response took too long in all.
    TooLong,
    /// An event, or all finished items, are larger than this software holds.
    TooLarge,
    /// An event that must be translated cannot be read, or contradicts those before.
    Unreadable,
    /// The backend's error quotes the request.
    Hidden,
    /// The platform stopped the call.
    Stopped(Stop),
}

impl Break {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Truncated | Self::Silent | Self::Unreadable => "upstream_stream_truncated",
            Self::TooLong => "upstream_timeout",
            Self::TooLarge => "translation_limit",
            Self::Hidden => "upstream_error",
            Self::Stopped(why) => why.code(),
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Truncated => "The backend ended the stream before the response was complete.",
            Self::Silent => "The backend sent nothing for ten minutes.",
            Self::TooLong => "The response took longer than two hours.",
            Self::TooLarge => {
                "An event or the items of the response are larger than can be relayed."
            }
            Self::Unreadable => {
                "An event of the backend cannot be read, or contradicts those before it."
            }
            Self::Hidden => "The backend failed. Its message quotes the request and is not shown.",
            Self::Stopped(why) => why.message(),
        }
    }

    /// The error of an answer that was collected.
    pub(crate) fn into_answer(self) -> ErrorAnswer {
        if let Self::Stopped(why) = self {
            return why.into_answer();
        }
        let answer = ErrorAnswer::new(StatusCode::BAD_GATEWAY, self.code(), self.message());
        match self {
            Self::Truncated | Self::Silent | Self::Unreadable => answer.retry_after(PAUSE),
            Self::TooLong | Self::TooLarge | Self::Hidden | Self::Stopped(_) => answer,
        }
    }
}

/// What a failure repeats of the events before it.
#[derive(Debug)]
pub(super) struct Context {
    id: String,
    created: Option<Bytes>,
    last: Option<Bytes>,
    /// How many events there were.
    events: u64,
}

impl Context {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            created: None,
            last: None,
            events: 0,
        }
    }

    pub(super) fn note(&mut self, frame: &Bytes) {
        self.last = Some(frame.clone());
        self.events += 1;
    }

    pub(super) fn note_created(&mut self, frame: &Bytes) {
        self.created = Some(frame.clone());
    }

    /// The event `response.failed`, as the backend writes it.
    pub(super) fn failure(&self, why: Break) -> Bytes {
        let mut response = self.response();
        let error = json!({ "code": why.code(), "message": why.message() });
        response.extend([("status".into(), "failed".into()), ("error".into(), error)]);
        let event = json!({
            "type": "response.failed",
            "sequence_number": self.next_sequence_number(),
            "response": response,
        });
        sse::frame("response.failed", &event.to_string())
    }

    /// The response as it was created, or the little that is known of it.
    fn response(&self) -> Map<String, Value> {
        let created = self.created.as_deref().and_then(object_of);
        match created.and_then(|mut event| event.remove("response")) {
            Some(Value::Object(response)) => response,
            _ => Map::from_iter([
                ("id".into(), self.id.clone().into()),
                ("object".into(), "response".into()),
                ("created_at".into(), 0.into()),
                ("output".into(), json!([])),
            ]),
        }
    }

    fn next_sequence_number(&self) -> u64 {
        let last = self.last.as_deref().and_then(object_of);
        let number = last.and_then(|event| event.get("sequence_number")?.as_u64());
        let next = number.map_or(0, |number| number.saturating_add(1));
        next.max(self.events)
    }
}

/// The error that an event reports: in `response.error`, in `error`, or in the event itself.
pub(super) fn read(frame: &[u8]) -> ErrorAnswer {
    let mut event = object_of(frame).unwrap_or_default();
    let nested = match event.remove("response") {
        Some(Value::Object(mut response)) => response.remove("error"),
        _ => event.remove("error"),
    };
    let error = match nested {
        Some(Value::Object(error)) => error,
        _ => {
            event.retain(|name, _| ["code", "message", "param"].contains(&name.as_str()));
            event
        }
    };
    backend::failure::of_event(error)
}

/// The data of an event without escapes of letters, which would hide a secret.
pub(super) fn unescaped(frame: &[u8]) -> String {
    object_of(frame).map_or_else(String::new, |event| Value::Object(event).to_string())
}

fn object_of(frame: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(&sse::data(frame)?).ok()
}
