//! Items of a model's output, and the events that stream them.

use serde_json::{Value, json};

use crate::random;

/// An item of the output: a message, a call, a reasoning.
#[derive(Clone, Debug)]
pub struct Item(Value);

/// How many characters of arguments or input one delta carries.
const ARGUMENTS_DELTA: usize = 12;

impl Item {
    /// The final message of an answer.
    pub fn message(text: &str) -> Self {
        Self::in_phase("final_answer", text)
    }

    /// A message before the final one.
    pub fn commentary(text: &str) -> Self {
        Self::in_phase("commentary", text)
    }

    /// A message whose text has annotations, for example of the type `url_citation`.
    pub fn annotated(text: &str, annotations: Vec<Value>) -> Self {
        let mut item = Self::message(text);
        item.0["content"][0]["annotations"] = json!(annotations);
        item
    }

    /// A message in which the model refuses.
    pub fn refusal(text: &str) -> Self {
        let mut item = Self::message("");
        item.0["content"] = json!([{ "type": "refusal", "refusal": text }]);
        item
    }

    /// A call of a function, with its arguments as JSON text.
    pub fn call(name: &str, arguments: &str) -> Self {
        Self(json!({
            "type": "function_call", "id": random::id("fc_"), "call_id": random::id("call_"), "name": name,
            "arguments": arguments, "status": "completed",
        }))
    }

    /// A call of a custom tool, with its input as text.
    pub fn custom_call(name: &str, input: &str) -> Self {
        Self(json!({
            "type": "custom_tool_call", "id": random::id("ctc_"), "call_id": random::id("call_"), "name": name,
            "input": input, "status": "completed",
        }))
    }

    /// A reasoning with a summary of these parts. It has no `encrypted_content`; [`with`](Self::with) adds one.
    pub fn reasoning(summary: &[&str]) -> Self {
        let parts: Vec<_> = summary
            .iter()
            .map(|text| json!({ "type": "summary_text", "text": text }))
            .collect();
        Self(json!({ "type": "reasoning", "id": random::id("rs_"), "summary": parts }))
    }

    /// A search of the web by the service.
    pub fn web_search(query: &str) -> Self {
        Self(json!({
            "type": "web_search_call", "id": random::id("ws_"), "status": "completed",
            "action": { "type": "search", "query": query },
        }))
    }

    /// An image that the service made, in base64.
    pub fn image(base64: &str) -> Self {
        Self(json!({
            "type": "image_generation_call", "id": random::id("ig_"), "status": "completed", "result": base64,
        }))
    }

    /// What stands for a conversation that was compacted.
    pub fn compaction() -> Self {
        Self(json!({
            "type": "compaction", "id": random::id("cmp_"), "encrypted_content": random::token(""),
        }))
    }

    /// Sets a member; removes it if the value is null.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            match value {
                Value::Null => members.remove(name),
                value => members.insert(name.to_owned(), value),
            };
        }
        self
    }

    /// The events that stream the item at this place of the output.
    pub fn events(&self, output_index: usize) -> Vec<Value> {
        let mut events = Events {
            item: &self.0,
            output_index,
            events: Vec::new(),
        };
        events.push(json!({ "type": "response.output_item.added", "item": self.begun() }));
        match self.0["type"].as_str().unwrap_or_default() {
            "message" => events.message(),
            "function_call" => events.input("response.function_call_arguments", "arguments"),
            "custom_tool_call" => events.input("response.custom_tool_call_input", "input"),
            "reasoning" => events.reasoning(),
            "web_search_call" => events.progress(&["in_progress", "searching", "completed"]),
            "image_generation_call" => events.image(),
            _ => {}
        }
        events.push(json!({ "type": "response.output_item.done", "item": self.0 }));
        events.events
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }

    fn in_phase(phase: &str, text: &str) -> Self {
        Self(json!({
            "type": "message", "id": random::id("msg_"), "role": "assistant", "status": "completed", "phase": phase,
            "content": [{ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }],
        }))
    }

    /// The item as `response.output_item.added` has it: without what the next events bring.
    fn begun(&self) -> Value {
        let mut item = self.0.clone();
        for (name, begun) in [
            ("status", json!("in_progress")),
            ("content", json!([])),
            ("arguments", json!("")),
            ("input", json!("")),
            ("summary", json!([])),
            ("result", Value::Null),
        ] {
            if let Some(member) = item.get_mut(name) {
                *member = begun;
            }
        }
        item
    }
}

/// The events of an item so far.
struct Events<'a> {
    item: &'a Value,
    output_index: usize,
    events: Vec<Value>,
}

impl Events<'_> {
    fn push(&mut self, mut event: Value) {
        event["output_index"] = json!(self.output_index);
        self.events.push(event);
    }

    /// An event within the item.
    fn within(&mut self, mut event: Value) {
        event["item_id"] = self.item["id"].clone();
        self.push(event);
    }

    fn message(&mut self) {
        let parts = self.item["content"].as_array().cloned().unwrap_or_default();
        for (index, part) in parts.iter().enumerate() {
            if part["type"] == "refusal" {
                self.refusal(index, part);
            } else {
                self.text(index, part);
            }
        }
    }

    fn text(&mut self, content_index: usize, part: &Value) {
        let text = part["text"].as_str().unwrap_or_default();
        self.within(json!({
            "type": "response.content_part.added", "content_index": content_index,
            "part": { "type": "output_text", "text": "", "annotations": [], "logprobs": [] },
        }));
        for word in text.split_inclusive(' ') {
            self.within(json!({
                "type": "response.output_text.delta", "content_index": content_index, "delta": word, "logprobs": [],
            }));
        }
        for (index, annotation) in part["annotations"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            self.within(json!({
                "type": "response.output_text.annotation.added", "content_index": content_index,
                "annotation_index": index, "annotation": annotation,
            }));
        }
        self.within(json!({
            "type": "response.output_text.done", "content_index": content_index, "text": text, "logprobs": [],
        }));
        self.within(json!({
            "type": "response.content_part.done", "content_index": content_index, "part": part,
        }));
    }

    fn refusal(&mut self, content_index: usize, part: &Value) {
        let refusal = part["refusal"].as_str().unwrap_or_default();
        self.within(json!({
            "type": "response.content_part.added", "content_index": content_index,
            "part": { "type": "refusal", "refusal": "" },
        }));
        for word in refusal.split_inclusive(' ') {
            self.within(json!({
                "type": "response.refusal.delta", "content_index": content_index, "delta": word,
            }));
        }
        self.within(json!({
            "type": "response.refusal.done", "content_index": content_index, "refusal": refusal,
        }));
        self.within(json!({
            "type": "response.content_part.done", "content_index": content_index, "part": part,
        }));
    }

    /// The arguments or the input of a call.
    fn input(&mut self, prefix: &str, member: &str) {
        let text = self.item[member].as_str().unwrap_or_default();
        let characters: Vec<char> = text.chars().collect();
        for part in characters.chunks(ARGUMENTS_DELTA) {
            let delta: String = part.iter().collect();
            self.within(json!({ "type": format!("{prefix}.delta"), "delta": delta }));
        }
        self.within(json!({ "type": format!("{prefix}.done"), member: text }));
    }

    fn reasoning(&mut self) {
        let parts = self.item["summary"].as_array().cloned().unwrap_or_default();
        for (index, part) in parts.iter().enumerate() {
            let text = part["text"].as_str().unwrap_or_default();
            self.within(json!({
                "type": "response.reasoning_summary_part.added", "summary_index": index,
                "part": { "type": "summary_text", "text": "" },
            }));
            for word in text.split_inclusive(' ') {
                self.within(json!({
                    "type": "response.reasoning_summary_text.delta", "summary_index": index, "delta": word,
                }));
            }
            self.within(json!({
                "type": "response.reasoning_summary_text.done", "summary_index": index, "text": text,
            }));
            self.within(json!({
                "type": "response.reasoning_summary_part.done", "summary_index": index, "part": part,
            }));
        }
    }

    fn image(&mut self) {
        self.progress(&["in_progress", "generating"]);
        self.within(json!({
            "type": "response.image_generation_call.partial_image", "partial_image_index": 0,
            "partial_image_b64": self.item["result"],
        }));
    }

    /// Events of a hosted tool that only name a state.
    fn progress(&mut self, states: &[&str]) {
        let kind = self.item["type"].as_str().unwrap_or_default();
        for state in states {
            self.within(json!({ "type": format!("response.{kind}.{state}") }));
        }
    }
}
