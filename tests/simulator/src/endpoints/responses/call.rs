//! A request to a model.

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::http::Request;
use crate::random;
use crate::script::Envelope;

/// An authorized request and its body.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) account: Account,
    pub(super) body: Value,
    pub(super) now: i64,
}

impl<'a> Call<'a> {
    pub(super) fn new(request: &'a Request, body: Value, account: Account, now: i64) -> Self {
        Self {
            request,
            account,
            body,
            now,
        }
    }

    pub(super) fn model(&self) -> &str {
        self.body["model"].as_str().unwrap_or_default()
    }

    /// The items of the input; none, if it is not a list.
    pub(super) fn input(&self) -> &[Value] {
        self.body["input"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Whether the request has the form for models that take instructions and tools as items of the input.
    pub(super) fn lite(&self) -> bool {
        self.request
            .header("x-openai-internal-codex-responses-lite")
            .is_some_and(|value| value == "true")
    }

    /// Whether the answer is to contain reasoning that the client can send back.
    pub(super) fn includes_reasoning(&self) -> bool {
        self.body["include"]
            .as_array()
            .is_some_and(|names| names.contains(&json!("reasoning.encrypted_content")))
    }

    pub(super) fn envelope(&self) -> Envelope {
        let input_tokens = self.input_tokens();
        Envelope {
            response: self.settings(),
            input_tokens,
            cached_tokens: if self.reaches_the_cache() {
                input_tokens / 2
            } else {
                0
            },
        }
    }

    /// About four bytes each, as in English text.
    pub(super) fn input_tokens(&self) -> u64 {
        self.request.body.len() as u64 / 4
    }

    /// Only these two together lead to a machine with the conversation's cache; see `prompt_cache_key` in the public
    /// interface.
    fn reaches_the_cache(&self) -> bool {
        let header = |name| self.request.header(name).is_some();
        self.body["prompt_cache_key"].is_string() && (header("session-id") || header("session_id"))
    }

    /// What every `response` of the answer repeats of the request.
    fn settings(&self) -> Map<String, Value> {
        let of_request = |name: &str, default: Value| match &self.body[name] {
            Value::Null => default,
            value => value.clone(),
        };
        let members = [
            ("id", json!(random::id("resp_"))),
            ("object", json!("response")),
            ("created_at", json!(self.now)),
            ("model", json!(self.model())),
            ("background", json!(false)),
            ("instructions", of_request("instructions", Value::Null)),
            ("max_output_tokens", Value::Null),
            ("metadata", json!({})),
            (
                "parallel_tool_calls",
                of_request("parallel_tool_calls", json!(true)),
            ),
            ("previous_response_id", Value::Null),
            (
                "prompt_cache_key",
                of_request("prompt_cache_key", Value::Null),
            ),
            (
                "reasoning",
                of_request("reasoning", json!({ "effort": "medium", "summary": null })),
            ),
            ("safety_identifier", Value::Null),
            ("service_tier", json!("default")),
            ("store", json!(false)),
            ("temperature", json!(1.0)),
            (
                "text",
                of_request("text", json!({ "format": { "type": "text" } })),
            ),
            ("tool_choice", of_request("tool_choice", json!("auto"))),
            ("tools", self.declared_tools()),
            ("top_p", json!(1.0)),
            ("truncation", json!("disabled")),
            ("user", Value::Null),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The tools as the service understands them: a function is strict unless it says otherwise.
    fn declared_tools(&self) -> Value {
        let mut tools = self.body["tools"].as_array().cloned().unwrap_or_default();
        for tool in &mut tools {
            if tool["type"] == "function" && tool["strict"].is_null() {
                tool["strict"] = json!(true);
            }
        }
        json!(tools)
    }
}
