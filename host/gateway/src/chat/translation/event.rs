//! Reads the events that a chat answer is made of. Others are not looked into.

use serde_json::Value;

use super::texts::Text;
use crate::stream::{Break, sse};

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The response, which has a name and a model.
    Response,
    ItemAdded,
    ItemDone,
    TextDelta(Text),
    /// The whole text is in this field.
    TextDone(Text, &'static str),
    Citation,
    InputDelta,
    /// The whole input is in this field.
    InputDone(&'static str),
}

impl Kind {
    fn of_type(event: &[u8]) -> Option<Self> {
        use Text::{Content, Reasoning, Refusal};
        Some(match event {
            b"response.created" | b"response.in_progress" => Self::Response,
            b"response.output_item.added" => Self::ItemAdded,
            b"response.output_item.done" => Self::ItemDone,
            b"response.output_text.delta" => Self::TextDelta(Content),
            b"response.output_text.done" => Self::TextDone(Content, "text"),
            b"response.output_text.annotation.added" => Self::Citation,
            b"response.refusal.delta" => Self::TextDelta(Refusal),
            b"response.refusal.done" => Self::TextDone(Refusal, "refusal"),
            b"response.reasoning_summary_text.delta" => Self::TextDelta(Reasoning),
            b"response.reasoning_summary_text.done" => Self::TextDone(Reasoning, "text"),
            b"response.function_call_arguments.delta"
            | b"response.custom_tool_call_input.delta" => Self::InputDelta,
            b"response.function_call_arguments.done" => Self::InputDone("arguments"),
            b"response.custom_tool_call_input.done" => Self::InputDone("input"),
            _ => return None,
        })
    }
}

/// The event of a frame, by its field `event`, else by the `type` of its data; none if no
/// part of an answer is in it.
pub(super) fn read(frame: &[u8]) -> Result<Option<(Kind, Value)>, Break> {
    let named = sse::event(frame).map(Kind::of_type);
    if named == Some(None) {
        return Ok(None);
    }
    // A client drops an event whose data is empty.
    let Some(data) = sse::data(frame).filter(|data| !data.is_empty()) else {
        return Ok(None);
    };
    let event: Value = serde_json::from_slice(&data).map_err(|_| Break::Unreadable)?;
    let by_type = || Kind::of_type(event["type"].as_str()?.as_bytes());
    let kind = named.flatten().or_else(by_type);
    Ok(kind.map(|kind| (kind, event)))
}

/// A field that is a text.
pub(super) fn text<'a>(event: &'a Value, field: &str) -> Result<&'a str, Break> {
    event[field].as_str().ok_or(Break::Unreadable)
}

/// Whether a frame is the event `response.incomplete`.
pub(super) fn is_incomplete(frame: &[u8]) -> bool {
    const TYPE: &str = "response.incomplete";
    if let Some(event) = sse::event(frame) {
        return event == TYPE.as_bytes();
    }
    let data = sse::data(frame).unwrap_or_default();
    serde_json::from_slice::<Value>(&data).is_ok_and(|event| event["type"] == TYPE)
}
