//! What an answer grows by, and the chunk of a stream that says so.

use serde_json::{Value, json};

/// A step of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Delta {
    /// The answer begins.
    Begin,
    Content(String),
    Refusal(String),
    /// Of the summary of the reasoning.
    Reasoning(String),
    /// A call begins.
    Call(Call),
    /// A call's input grows.
    Input {
        index: usize,
        tool: Tool,
        text: String,
    },
    /// Every place of the content that cites a page.
    Annotations(Vec<Value>),
    Finish(FinishReason),
    /// The answer is complete.
    End {
        usage: Option<Value>,
    },
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Its place among the calls.
    pub(crate) index: usize,
    pub(crate) tool: Tool,
    pub(crate) id: String,
    pub(crate) name: String,
    /// What is known of its input.
    pub(crate) input: String,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Function,
    Custom,
}

impl Tool {
    /// The type of a call, and the field with its name and input.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Custom => "custom",
        }
    }

    /// The field with the input of a call.
    pub(crate) const fn input(self) -> &'static str {
        match self {
            Self::Function => "arguments",
            Self::Custom => "input",
        }
    }
}

impl Call {
    /// A call as a message has it.
    pub(crate) fn to_json(&self) -> Value {
        let Self { tool, id, .. } = self;
        let named = json!({ "name": self.name, tool.input(): self.input });
        json!({ "id": id, "type": tool.name(), tool.name(): named })
    }
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FinishReason {
    Stop,
    ToolCalls,
    Length,
    ContentFilter,
}

impl FinishReason {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::ToolCalls => "tool_calls",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
        }
    }
}

/// What every chunk of an answer repeats.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) id: String,
    /// Unix seconds.
    pub(crate) created: u64,
    pub(crate) model: String,
}

impl Delta {
    /// How many bytes of text it brings.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Content(text) | Self::Refusal(text) | Self::Reasoning(text) => text.len(),
            Self::Call(call) => call.id.len() + call.name.len() + call.input.len(),
            Self::Input { text, .. } => text.len(),
            Self::Begin | Self::Annotations(_) | Self::Finish(_) | Self::End { .. } => 0,
        }
    }

    /// The field `delta` of a chunk; none if the step is no part of the message.
    fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Begin => json!({ "role": "assistant", "content": "" }),
            Self::Content(text) => json!({ "content": text }),
            Self::Refusal(text) => json!({ "refusal": text }),
            Self::Reasoning(text) => json!({ "reasoning_content": text }),
            Self::Call(call) => {
                let mut began = call.to_json();
                began["index"] = call.index.into();
                json!({ "tool_calls": [began] })
            }
            Self::Input { index, tool, text } => {
                let grown = json!({ "index": index, tool.name(): { tool.input(): text } });
                json!({ "tool_calls": [grown] })
            }
            Self::Annotations(annotations) => json!({ "annotations": annotations }),
            Self::Finish(_) => json!({}),
            Self::End { .. } => return None,
        })
    }

    /// The chunk of a stream; none for the end of a stream without the usage.
    pub(crate) fn to_chunk(&self, head: &Head, includes_usage: bool) -> Option<Value> {
        let finish_reason = match self {
            Self::Finish(reason) => Some(reason.name()),
            _ => None,
        };
        let choices = match self.to_json() {
            Some(delta) => json!([{
                "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason,
            }]),
            None if includes_usage => json!([]),
            None => return None,
        };
        let mut chunk = json!({
            "id": head.id,
            "object": "chat.completion.chunk",
            "created": head.created,
            "model": head.model,
            "choices": choices,
        });
        if includes_usage {
            chunk["usage"] = match self {
                Self::End { usage } => usage.clone().into(),
                _ => Value::Null,
            };
        }
        Some(chunk)
    }
}
