//! A task, from the person's text to the model's last answer.

use serde_json::{Value, json};

use crate::{http, tool};

/// A model that calls the tool more often than this makes no progress.
const TURNS: usize = 8;

/// Asks the model until it calls the tool no more. Returns what it says then.
pub fn answer(model: &str, task: &str) -> Result<String, String> {
    let mut input = vec![json!({ "role": "user", "content": task })];
    for _ in 0..TURNS {
        let turn = Turn::ask(model, &input)?;
        let calls = turn
            .items
            .iter()
            .filter(|item| item["type"] == "function_call");
        let outputs: Vec<_> = calls.map(tool::run).collect();
        if outputs.is_empty() {
            return Ok(turn.text);
        }
        // The model keeps nothing: the next request repeats what it said.
        input.extend(turn.items);
        input.extend(outputs);
    }
    Err(format!("the model has called the tool {TURNS} times"))
}

/// One answer of the model.
#[derive(Default)]
struct Turn {
    text: String,
    /// Messages, reasoning and calls.
    items: Vec<Value>,
}

impl Turn {
    fn ask(model: &str, input: &[Value]) -> Result<Self, String> {
        let request = json!({
            "model": model,
            "instructions": "You are an agent. Count with the tool.",
            "input": input,
            "tools": [tool::description()],
            "include": ["reasoning.encrypted_content"],
            "store": false,
            "stream": true,
        });
        let events = http::post("/v1/responses", request.to_string().as_bytes())?;
        let mut turn = Self::default();
        for event in events {
            if turn.add(event?)? {
                return Ok(turn);
            }
        }
        Err("the model's answer has no end".into())
    }

    /// Adds an event. Returns whether the answer is complete.
    fn add(&mut self, mut event: Value) -> Result<bool, String> {
        match event["type"].as_str().unwrap_or_default() {
            "response.output_text.delta" => {
                self.text += event["delta"].as_str().unwrap_or_default();
            }
            "response.output_item.done" => self.items.push(event["item"].take()),
            "response.completed" => return Ok(true),
            "response.failed" => return Err(message(&event["response"]["error"])),
            "response.incomplete" => {
                let reason = &event["response"]["incomplete_details"]["reason"];
                return Err(format!("the model's answer is incomplete: {reason}"));
            }
            "error" => return Err(message(&event)),
            _ => {}
        }
        Ok(false)
    }
}

/// The message of an error, or all of it.
fn message(error: &Value) -> String {
    let message = error["message"].as_str().map(str::to_owned);
    message.unwrap_or_else(|| error.to_string())
}
