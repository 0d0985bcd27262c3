//! From frames to bytes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value, json};

use super::{Frame, Script};
use crate::http::{Piece, Wait};

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
        self.count(event);
        let kind = event["type"].as_str();
        let complete = Complete {
            event,
            sequence_number: self.sequence_number,
            envelope: &self.envelope,
            usage: matches!(kind, Some("response.completed" | "response.incomplete"))
                .then(|| self.usage()),
        };
        self.sequence_number += 1;
        let end = self.script.line_end.text();
        // Values are always JSON.
        let data = serde_json::to_string(&complete).unwrap_or_default();
        match kind {
            Some(kind) => format!("event: {kind}{end}data: {data}{end}{end}"),
            None => format!("data: {data}{end}{end}"),
        }
        .into_bytes()
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
        let Piece { wait, bytes } = piece;
        let (rest, last) = bytes.split_at(bytes.len().saturating_sub(1));
        let (start, middle) = rest.split_at(within_character(rest));
        self.parts.extend([middle, last].map(|part| Piece {
            wait: Wait::Time(pause),
            bytes: part.to_vec(),
        }));
        Piece {
            wait,
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
                    wait: Wait::Time(script.pace),
                    bytes,
                })
            }
            Frame::Comment(text) => Piece {
                wait: Wait::Time(Duration::ZERO),
                bytes: format!(": {text}{end}{end}").into_bytes(),
            },
            Frame::Raw(bytes) => Piece {
                wait: Wait::Time(Duration::ZERO),
                bytes: bytes.clone(),
            },
            Frame::Pause(pause) => Piece {
                wait: Wait::Time(*pause),
                bytes: Vec::new(),
            },
            Frame::Gate(gate) => Piece {
                wait: Wait::Gate(gate.clone()),
                bytes: Vec::new(),
            },
        })
    }
}

/// An event with what the script leaves out. Thousands of them per second are written, so nothing is copied.
struct Complete<'a> {
    event: &'a Value,
    sequence_number: u64,
    envelope: &'a Envelope,
    /// Only at the end of a response.
    usage: Option<Value>,
}

impl Serialize for Complete<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(members) = self.event else {
            return self.event.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in members {
            match value {
                Value::Object(response) if name == "response" => {
                    map.serialize_entry(name, &self.response(response))?;
                }
                value => map.serialize_entry(name, value)?,
            }
        }
        if !members.contains_key("sequence_number") {
            map.serialize_entry("sequence_number", &self.sequence_number)?;
        }
        map.end()
    }
}

impl Complete<'_> {
    fn response<'a>(&'a self, members: &'a Map<String, Value>) -> BTreeMap<&'a str, &'a Value> {
        let usage = self.usage.iter().map(|usage| ("usage", usage));
        let shared = self.envelope.response.iter();
        let own = members.iter();
        // The later ones replace the earlier ones.
        usage
            .chain(shared.map(|(name, value)| (name.as_str(), value)))
            .chain(own.map(|(name, value)| (name.as_str(), value)))
            .collect()
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
