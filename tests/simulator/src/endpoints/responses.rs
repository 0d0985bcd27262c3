//! `POST /backend-api/codex/responses`: one fixed sentence as server-sent events, enough for a client to end a turn.
//!
//! The answer to a request for a WebSocket (`GET`) makes the client use HTTP.

use serde_json::{Value, json};

use super::bearer::authorize;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};
use crate::random;

/// The model's answer.
const SENTENCE: &str = "Hello from the simulator.";

pub(super) fn answer(issuer: &Issuer, request: &Request, arrival: Arrival) -> Answer {
    if request.method == "GET" {
        return Answer::empty(426);
    }
    if let Err(answer) = authorize(issuer, request, arrival) {
        return answer;
    }
    let response_id = random::id("resp_");
    let item = json!({
        "type": "message", "id": random::id("msg_"), "role": "assistant", "status": "completed",
        "content": [{ "type": "output_text", "text": SENTENCE, "annotations": [] }],
    });
    let usage = json!({
        "input_tokens": 1, "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": 1, "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": 2,
    });
    let events = [
        json!({ "type": "response.created", "response": { "id": response_id } }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        // Clients wait for this event and for no other end mark.
        json!({ "type": "response.completed", "response": { "id": response_id, "usage": usage } }),
    ];
    let stream: String = events.iter().map(event).collect();
    Answer::empty(200)
        .header("content-type", "text/event-stream")
        .body(stream)
}

fn event(data: &Value) -> String {
    let kind = data["type"].as_str().unwrap_or_default();
    format!("event: {kind}\ndata: {data}\n\n")
}
