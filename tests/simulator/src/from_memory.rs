//! The answer to every model call of a measurement: the same bytes, for a request that is neither judged nor
//! recorded. What is in front of the simulator is then the slower part. So a usual call is not even copied: its head
//! is read for the path and the length of the body.

use memchr::memmem;
use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::http::Request;

const MAX_HEADERS: usize = 64;
/// What a call that is not copied has at most, in bytes.
const MAX_CALL: usize = 1 << 20;

/// An answer of six events, and the same as a whole, each with its head.
pub(crate) struct FromMemory {
    streamed: Vec<u8>,
    collected: Vec<u8>,
}

/// What the bytes of a client begin with.
pub(crate) enum Next<'a> {
    /// A part of a request.
    Part,
    /// A usual model call of this length, and its answer.
    Call { length: usize, answer: &'a [u8] },
    /// Another request, or a call that needs more than its answer.
    Other,
}

impl FromMemory {
    pub(crate) fn new() -> Self {
        Self {
            streamed: streamed(),
            collected: collected(),
        }
    }

    /// The answer to a model call.
    pub(crate) fn answer(&self, request: &Request) -> Option<&[u8]> {
        is_call(request.path()).then(|| self.answer_to(&request.body))
    }

    /// A whole answer to a call that asks for one, as a client of another service does.
    fn answer_to(&self, body: &[u8]) -> &[u8] {
        match asks_for_a_stream(body) {
            true => &self.streamed,
            false => &self.collected,
        }
    }

    /// Reads what a client has sent so far.
    pub(crate) fn next(&self, received: &[u8]) -> Next<'_> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let begin = match head.parse(received) {
            Ok(httparse::Status::Complete(begin)) => begin,
            Ok(httparse::Status::Partial) if received.len() < MAX_CALL => return Next::Part,
            Ok(httparse::Status::Partial) | Err(_) => return Next::Other,
        };
        let is_call = head.path.is_some_and(is_call);
        let Some(body) = length_of_body(head.headers).filter(|_| is_call) else {
            return Next::Other;
        };
        match received[begin..].get(..body) {
            Some(body) => Next::Call {
                length: begin + body.len(),
                answer: self.answer_to(body),
            },
            None => Next::Part,
        }
    }
}

fn is_call(path: &str) -> bool {
    Endpoint::of(path) == Endpoint::Responses
}

/// None if the body has no length or a large one, or if a header asks for something.
fn length_of_body(headers: &[httparse::Header<'_>]) -> Option<usize> {
    let mut length = None;
    for header in headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value).ok()?.parse().ok();
        }
        let asks = ["connection", "expect", "transfer-encoding"];
        let is_keep_alive = header.value.eq_ignore_ascii_case(b"keep-alive");
        if asks
            .iter()
            .any(|name| header.name.eq_ignore_ascii_case(name))
            && !is_keep_alive
        {
            return None;
        }
    }
    length.filter(|length| *length < MAX_CALL)
}

fn asks_for_a_stream(body: &[u8]) -> bool {
    let asks = |form: &[u8]| memmem::find(body, form).is_some();
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
