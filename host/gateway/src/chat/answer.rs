//! A collected answer: what its steps add up to.

use std::future::poll_fn;

use bytes::Bytes;
use http_body::Body;
use serde_json::{Map, Value, json};

use super::delta::{Call, Delta, FinishReason, Head};
use super::deltas::Deltas;
use crate::error::{self, ErrorAnswer};

/// Reads a stream to its end, and returns the JSON text of the answer.
pub(crate) async fn collect<B>(mut deltas: Deltas<B>) -> Result<String, ErrorAnswer>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    let mut message = Message::default();
    while let Some(steps) = poll_fn(|context| deltas.poll_next(context)).await {
        for delta in steps? {
            message.grow(delta);
        }
    }
    let reason = message.finish_reason.ok_or_else(error::unreadable)?;
    Ok(message.into_json(deltas.head(), reason).to_string())
}

/// The message of an answer so far.
#[derive(Debug, Default)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
    reasoning: Option<String>,
    annotations: Vec<Value>,
    calls: Vec<Call>,
    finish_reason: Option<FinishReason>,
    usage: Option<Value>,
}

impl Message {
    fn grow(&mut self, delta: Delta) {
        let append = |to: &mut Option<String>, text: &str| {
            to.get_or_insert_default().push_str(text);
        };
        match delta {
            Delta::Begin => {}
            Delta::Content(text) => append(&mut self.content, &text),
            Delta::Refusal(text) => append(&mut self.refusal, &text),
            Delta::Reasoning(text) => append(&mut self.reasoning, &text),
            Delta::Call(call) => self.calls.push(call),
            Delta::Input { index, text, .. } => {
                if let Some(call) = self.calls.get_mut(index) {
                    call.input.push_str(&text);
                }
            }
            Delta::Annotations(annotations) => self.annotations = annotations,
            Delta::Finish(reason) => self.finish_reason = Some(reason),
            Delta::End { usage } => self.usage = usage,
        }
    }

    fn into_json(self, head: &Head, reason: FinishReason) -> Value {
        let mut message = Map::from_iter([
            ("role".to_owned(), "assistant".into()),
            ("content".to_owned(), self.content.into()),
            ("refusal".to_owned(), self.refusal.into()),
            ("annotations".to_owned(), self.annotations.into()),
        ]);
        // Some clients treat a field that is null as present.
        if let Some(reasoning) = self.reasoning {
            message.insert("reasoning_content".to_owned(), reasoning.into());
        }
        if !self.calls.is_empty() {
            let calls = self.calls.iter().map(Call::to_json);
            message.insert("tool_calls".to_owned(), calls.collect());
        }
        json!({
            "id": head.id,
            "object": "chat.completion",
            "created": head.created,
            "model": head.model,
            "choices": [{
                "index": 0,
                "message": message,
                "logprobs": null,
                "finish_reason": reason.name(),
            }],
            "usage": self.usage,
        })
    }
}

#[cfg(test)]
mod tests;
