//! From frames to bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Frame, Script};
use crate::http::Piece;

/// What the events of one answer share.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// Members of `response` that do not change during the answer.
    pub(crate) response: Map<String, Value>,
    pub(crate) input_tokens: u64,
    /// How many of them were cached.
    pub(crate) cached_tokens: u64,
}

/// The pieces of one answer, made while they are sent.
pub(crate) struct Rendering {
    script: Arc<Script>,
    envelope: Arc<Envelope>,
    /// The frame that is next.
    next: usize,
    sequence_number: u64,
    /// Each delta counts as one token.
    output_tokens: u64,
    reasoning_tokens: u64,
    /// The other parts of a frame that is sent in parts.
    parts: VecDeque<Piece>,
}

/// How many tokens a reasoning item counts.
const REASONING_TOKENS: u64 = 32;

impl Rendering {
    pub(crate) fn new(script: Arc<Script>, envelope: Arc<Envelope>) -> Self {
        Self {
            script,
            envelope,
            next: 0,
            sequence_number: 0,
            output_tokens: 0,
            reasoning_tokens: 0,
            parts: VecDeque::new(),
        }
    }

    fn event(&mut self, event: &Value) -> Vec<u8> {
        let event = self.complete(event.clone());
        let end = self.script.line_end.text();
        match event["type"].as_str() {
            Some(kind) => format!("event: {kind}{end}data: {event}{end}{end}"),
            None => format!("data: {event}{end}{end}"),
        }
        .into_bytes()
    }

    /// Fills in what the script leaves out.
    fn complete(&mut self, mut event: Value) -> Value {
        self.count(&event);
        let kind = event["type"].as_str().unwrap_or_default();
        let ends = matches!(kind, "response.completed" | "response.incomplete");
        let Some(members) = event.as_object_mut() else {
            return event;
        };
        members
            .entry("sequence_number")
            .or_insert(json!(self.sequence_number));
        self.sequence_number += 1;
        if let Some(response) = members.get_mut("response").and_then(Value::as_object_mut) {
            for (name, value) in &self.envelope.response {
                response.entry(name).or_insert_with(|| value.clone());
            }
            if ends {
                response.entry("usage").or_insert_with(|| self.usage());
            }
        }
        event
    }

    fn count(&mut self, event: &Value) {
        let kind = event["type"].as_str().unwrap_or_default();
        if kind.ends_with(".delta") {
            self.output_tokens += 1;
        }
        if kind == "response.output_item.done" && event["item"]["type"] == "reasoning" {
            self.reasoning_tokens += REASONING_TOKENS;
            self.output_tokens += REASONING_TOKENS;
        }
    }

    fn usage(&self) -> Value {
        json!({
            "input_tokens": self.envelope.input_tokens,
            "input_tokens_details": { "cached_tokens": self.envelope.cached_tokens },
            "output_tokens": self.output_tokens,
            "output_tokens_details": { "reasoning_tokens": self.reasoning_tokens },
            "total_tokens": self.envelope.input_tokens + self.output_tokens,
        })
    }

    /// The first part; the others wait for their turn.
    fn split(&mut self, piece: Piece) -> Piece {
        let Some(pause) = self.script.split else {
            return piece;
        };
        let Piece {
            pause: first,
            bytes,
        } = piece;
        let (rest, last) = bytes.split_at(bytes.len().saturating_sub(1));
        let (start, middle) = rest.split_at(within_character(rest));
        self.parts.extend([middle, last].map(|part| Piece {
            pause,
            bytes: part.to_vec(),
        }));
        Piece {
            pause: first,
            bytes: start.to_vec(),
        }
    }
}

impl Iterator for Rendering {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if let Some(part) = self.parts.pop_front() {
            return Some(part);
        }
        let script = Arc::clone(&self.script);
        let frame = script.frames.get(self.next)?;
        self.next += 1;
        let end = script.line_end.text();
        Some(match frame {
            Frame::Event(event) => {
                let bytes = self.event(event);
                self.split(Piece {
                    pause: script.pace,
                    bytes,
                })
            }
            Frame::Comment(text) => Piece {
                pause: Duration::ZERO,
                bytes: format!(": {text}{end}{end}").into_bytes(),
            },
            Frame::Raw(bytes) => Piece {
                pause: Duration::ZERO,
                bytes: bytes.clone(),
            },
            Frame::Pause(pause) => Piece {
                pause: *pause,
                bytes: Vec::new(),
            },
        })
    }
}

/// A place in the middle; within the nearest character after it that has several bytes, if there is one.
fn within_character(text: &[u8]) -> usize {
    let continues = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let middle = text.len() / 2;
    text[middle..]
        .iter()
        .position(continues)
        .map_or(middle, |after| middle + after)
}
