//! The answer to every model call of a measurement: the same bytes, for a request that is neither judged nor
//! recorded. What is in front of the simulator is then the slower part.

use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::http::Request;

/// An answer of six events, and the same as a whole, each with its head.
pub(crate) struct FromMemory {
    streamed: Vec<u8>,
    collected: Vec<u8>,
}

impl FromMemory {
    pub(crate) fn new() -> Self {
        Self {
            streamed: streamed(),
            collected: collected(),
        }
    }

    /// The answer to a model call, also to one that asks for a whole answer, as a client of another service does.
    pub(crate) fn answer(&self, request: &Request) -> Option<&[u8]> {
        let is_call = Endpoint::of(request.path()) == Endpoint::Responses;
        is_call.then_some(match asks_for_a_stream(&request.body) {
            true => &self.streamed,
            false => &self.collected,
        })
    }
}

fn asks_for_a_stream(body: &[u8]) -> bool {
    let asks = |form: &[u8]| body.windows(form.len()).any(|part| part == form);
    asks(br#""stream":true"#) || asks(br#""stream": true"#)
}

fn streamed() -> Vec<u8> {
    let item = item();
    let text = &item["content"][0]["text"];
    let place = |kind: &str| json!({ "type": kind, "item_id": item["id"], "output_index": 0 });
    let mut added = place("response.output_item.added");
    added["item"] = json!({ "id": item["id"], "type": "message", "status": "in_progress", "role": "assistant", "content": [] });
    let mut delta = place("response.output_text.delta");
    delta["content_index"] = json!(0);
    delta["delta"] = text.clone();
    let mut done = place("response.output_item.done");
    done["item"] = item.clone();
    let events = [
        json!({ "type": "response.created", "response": response("in_progress", &[]) }),
        json!({ "type": "response.in_progress", "response": { "id": "resp_1", "status": "in_progress" } }),
        added,
        delta,
        done,
        json!({ "type": "response.completed", "response": response("completed", &[item]) }),
    ];
    let mut body = String::new();
    for (number, mut event) in events.into_iter().enumerate() {
        event["sequence_number"] = json!(number);
        let kind = event["type"].as_str().unwrap_or_default();
        body.push_str(&format!("event: {kind}\ndata: {event}\n\n"));
    }
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes()
}

fn collected() -> Vec<u8> {
    let body = response("completed", &[item()]).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn item() -> Value {
    let part = json!({ "type": "output_text", "text": "Hi.", "annotations": [] });
    json!({ "id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part] })
}

fn response(status: &str, output: &[Value]) -> Value {
    let usage = json!({
        "input_tokens": 9, "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": 2, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": 11,
    });
    json!({
        "id": "resp_1", "object": "response", "created_at": 1_800_000_000, "status": status, "model": "gpt-6-astra",
        "output": output, "parallel_tool_calls": true, "tool_choice": "auto", "tools": [],
        "usage": if status == "completed" { usage } else { Value::Null },
    })
}
