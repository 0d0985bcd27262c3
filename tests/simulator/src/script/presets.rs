//! Presets: streams of the live service that other clients have had trouble with.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Item, Script};
use crate::random;

/// What the presets say.
const SENTENCE: &str = "Hello from the script.";

impl Script {
    /// A whole answer of one message.
    pub fn text(text: &str) -> Self {
        Self::begin().item(Item::message(text)).complete()
    }

    /// A whole answer of one call.
    pub fn call(name: &str, arguments: &str) -> Self {
        Self::begin().item(Item::call(name, arguments)).complete()
    }

    /// `response.completed` has an empty `output` although items were streamed.
    pub fn empty_output() -> Self {
        Self::unfinished().completed_with(json!({ "output": [] }))
    }

    /// `response.completed` has no `output` although items were streamed.
    pub fn missing_output() -> Self {
        Self::unfinished().completed_with(json!({}))
    }

    /// `response.completed` has no usage.
    pub fn without_usage() -> Self {
        let script = Self::unfinished();
        let output = json!(script.output);
        script.completed_with(json!({ "output": output, "usage": null }))
    }

    /// No item has an `id`.
    pub fn items_without_id() -> Self {
        Self::begin()
            .item(Item::message(SENTENCE).with("id", Value::Null))
            .complete()
    }

    /// The stream ends after a few words, between two events.
    pub fn truncated() -> Self {
        let item = Item::message(SENTENCE);
        let events = item.events(0);
        events.into_iter().take(4).fold(Self::begin(), Self::event)
    }

    /// The stream ends within an event.
    pub fn half_event() -> Self {
        Self::truncated().raw("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"del")
    }

    /// The stream ends after the last item, before `response.completed`.
    pub fn unfinished() -> Self {
        Self::begin().item(Item::message(SENTENCE))
    }

    /// `response.failed` after a few words.
    pub fn failed(code: &str, message: &str) -> Self {
        Self::truncated().fail(code, message)
    }

    /// An `error` event after a few words, with its members at the top.
    pub fn error_flat(code: &str, message: &str) -> Self {
        Self::truncated()
            .event(json!({ "type": "error", "code": code, "message": message, "param": null }))
    }

    /// An `error` event after a few words, with its members in `error`.
    pub fn error_nested(code: &str, message: &str) -> Self {
        let error =
            json!({ "type": "server_error", "code": code, "message": message, "param": null });
        Self::truncated().event(json!({ "type": "error", "error": error }))
    }

    /// `response.incomplete` after a few words, for `max_output_tokens`, `content_filter` or another reason.
    pub fn stopped(reason: &str) -> Self {
        Self::truncated().incomplete(reason)
    }

    /// The plan's limit, in a stream that began with 200; `resets_at` is in Unix seconds.
    pub fn usage_limit_reached(plan_type: &str, resets_at: i64) -> Self {
        Self::begin().fail_with(json!({
            "type": "usage_limit_reached",
            "code": "usage_limit_reached",
            "message": "The usage limit has been reached",
            "plan_type": plan_type,
            "resets_at": resets_at,
        }))
    }

    /// The arguments of a call come only in `response.function_call_arguments.done` and in the whole item.
    pub fn arguments_only_in_done(name: &str, arguments: &str) -> Self {
        Self::call(name, arguments)
            .retain(|event| event["type"] != "response.function_call_arguments.delta")
    }

    /// The arguments of a call come only in `response.output_item.done`.
    pub fn arguments_only_in_item(name: &str, arguments: &str) -> Self {
        Self::call(name, arguments).retain(|event| {
            let kind = event["type"].as_str().unwrap_or_default();
            !kind.starts_with("response.function_call_arguments.")
        })
    }

    /// A reasoning has another `id` in `response.output_item.done` than in `response.output_item.added`.
    pub fn changed_reasoning_id() -> Self {
        let item = Item::reasoning(&["Thinking it over."])
            .with("encrypted_content", json!(random::token("")));
        let mut script = Self::begin();
        for mut event in item.events(0) {
            if event["type"] == "response.output_item.done" {
                event["item"]["id"] = json!(random::id("rs_"));
                script.output.push(event["item"].clone());
            }
            script = script.event(event);
        }
        script.item(Item::message(SENTENCE)).complete()
    }

    /// The events of two calls alternate.
    pub fn interleaved_calls(first: (&str, &str), second: (&str, &str)) -> Self {
        let calls = [first, second].map(|(name, arguments)| Item::call(name, arguments));
        let mut events = [
            calls[0].events(0).into_iter(),
            calls[1].events(1).into_iter(),
        ];
        let mut script = Self::begin();
        loop {
            let pair: Vec<_> = events.iter_mut().filter_map(Iterator::next).collect();
            if pair.is_empty() {
                break;
            }
            script = pair.into_iter().fold(script, Self::event);
        }
        script.output.extend(calls.map(Item::into_value));
        script.complete()
    }

    /// Reasoning with a summary, a comment of the model, and the final message.
    pub fn phases() -> Self {
        Self::begin()
            .item(Item::reasoning(&["Thinking it over.", "Deciding."]))
            .item(Item::commentary("I look first."))
            .item(Item::message(SENTENCE))
            .complete()
    }

    /// The model refuses.
    pub fn refusal() -> Self {
        Self::begin()
            .item(Item::refusal("I cannot help with that."))
            .complete()
    }

    /// A search of the web, and a message that cites a page.
    pub fn web_search() -> Self {
        let citation = json!({
            "type": "url_citation", "start_index": 0, "end_index": 5, "url": "https://example.com/",
            "title": "Example",
        });
        Self::begin()
            .item(Item::web_search("hello"))
            .item(Item::annotated(SENTENCE, vec![citation]))
            .complete()
    }

    /// Events of types that no client knows, one of them without a type, between the usual ones.
    pub fn unknown_events() -> Self {
        Self::begin()
            .event(json!({ "type": "response.metadata", "metadata": { "safety_buffering": true } }))
            .event(json!({ "type": "codex.something_new", "value": [1, { "deep": true }] }))
            .event(json!({ "note": "without a type" }))
            .item(Item::message(SENTENCE))
            .event(json!({ "type": "response.something_new", "item_id": "x_1" }))
            .complete()
    }

    /// An item of a type that no client knows before the message.
    pub fn unknown_item() -> Self {
        let item = Item::compaction().with("type", json!("something_new"));
        Self::begin()
            .item(item)
            .item(Item::message(SENTENCE))
            .complete()
    }

    /// `codex.rate_limits` after the beginning, as the backend sends it beside the headers.
    pub fn rate_limits() -> Self {
        let window =
            json!({ "used_percent": 12, "window_minutes": 300, "reset_at": 1_800_000_000 });
        Self::begin()
            .event(json!({
                "type": "codex.rate_limits", "plan_type": "plus",
                "rate_limits": { "allowed": true, "limit_reached": false, "primary": window, "secondary": null },
                "credits": null,
            }))
            .item(Item::message(SENTENCE))
            .complete()
    }

    /// Comments, each after a pause, hold the connection before the message.
    pub fn keep_alives(count: usize, pause: Duration) -> Self {
        (0..count)
            .fold(Self::begin(), |script, _| {
                script.pause(pause).comment("keep-alive")
            })
            .item(Item::message(SENTENCE))
            .complete()
    }

    /// Silence in the middle of the message.
    pub fn stall(silence: Duration) -> Self {
        let item = Item::message(SENTENCE);
        let mut script = Self::begin();
        for (index, event) in item.events(0).into_iter().enumerate() {
            if index == 4 {
                script = script.pause(silence);
            }
            script = script.event(event);
        }
        script.output.push(item.into_value());
        script.complete()
    }

    /// A message of one delta with this many bytes.
    pub fn long_event(bytes: usize) -> Self {
        Self::text(&"x".repeat(bytes))
    }

    /// A message of many deltas, with a pause before each event.
    pub fn deltas(count: usize, pause: Duration) -> Self {
        Self::text(&"word ".repeat(count)).pace(pause)
    }

    /// An event whose data is not JSON, within the message.
    pub fn bad_json() -> Self {
        Self::truncated().raw("event: response.output_text.delta\ndata: {\"delta\": oops}\n\n")
    }

    /// Every character class that a split within a character can hit.
    pub fn multilingual() -> Self {
        Self::text("Grüße, Καλημέρα, こんにちは, 👋🏽 and \u{2028} again")
    }

    fn completed_with(self, mut response: Value) -> Self {
        response["status"] = json!("completed");
        self.event(json!({ "type": "response.completed", "response": response }))
    }

    /// Keeps the events that fulfil a condition.
    fn retain(mut self, keep: impl Fn(&Value) -> bool) -> Self {
        self.frames.retain(|frame| match frame {
            super::Frame::Event(event) => keep(event),
            _ => true,
        });
        self
    }
}
