//! The environment of a test: the simulator, a gateway to it, and a person who has signed in.

#![allow(dead_code, reason = "each test binary uses its part of it")]

#[cfg(feature = "wasi-http")]
pub mod guest;
pub mod server;

use std::time::{Duration, Instant};

use bytes::Bytes;
use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::{Host, Profile};
use chatgpt_oauth_gateway::{Gateway, ModelAccess, ModelBody};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use openai_simulator::{Builder, Endpoint, Fault, RecordedRequest, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The time at which every test begins, Unix seconds.
const BEGINNING: u64 = 1_800_000_000;
/// Longer than anything of a test takes.
pub const LONG: Duration = Duration::from_secs(60);
/// Shorter than a script that holds a call.
const LEAVING: Duration = Duration::from_secs(50);

pub struct TestEnv {
    pub simulator: Simulator,
    clock: TempDir,
    pub host: Host,
    pub gateway: Gateway,
    pub ada: Profile,
    pub access: ModelAccess,
}

/// An answer that has come completely.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The code of the error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl TestEnv {
    /// An environment in which ada has not signed in.
    pub fn new() -> Self {
        Self::with(|settings| settings)
    }

    pub fn with(settings: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = tempfile::tempdir().unwrap();
        let file = clock.path().join("clock");
        std::fs::write(&file, BEGINNING.to_string()).unwrap();
        let simulator = Simulator::builder().interval(1).clock_file(&file);
        let simulator = settings(simulator).start().unwrap();
        let store = MemoryStore::of_kind(StoreKind::Test);
        let mut host = Host::builder(store)
            .root_certificates(simulator.ca_pem())
            .wall_clock_file(&file);
        for connect_to in simulator.connect_to() {
            host = host.connect_to(connect_to.parse().unwrap());
        }
        let host = host.build().unwrap();
        let gateway = Gateway::builder(host.clone()).build().unwrap();
        let ada = host.profile("ada".parse().unwrap());
        Self {
            access: gateway.access(ada.clone()),
            simulator,
            clock,
            host,
            gateway,
            ada,
        }
    }

    /// An environment in which ada has signed in.
    pub async fn signed_in() -> Self {
        let world = Self::new();
        world.sign_in().await;
        world
    }

    pub async fn sign_in(&self) {
        let prompt = self.ada.start().await.unwrap();
        self.simulator.approve(&prompt.pending.user_code).unwrap();
        self.ada.poll(None).await.unwrap();
        self.simulator.clear_requests();
    }

    /// Lets the login be some minutes old: the component does not renew a token that it has
    /// just got.
    pub fn pass_minutes(&self, minutes: u64) {
        let next = self.clock.path().join("next");
        std::fs::write(&next, (BEGINNING + 60 * minutes).to_string()).unwrap();
        std::fs::rename(next, self.clock.path().join("clock")).unwrap();
    }

    /// Lets the model answer the next call with these events.
    pub fn script(&self, events: &[Value]) {
        self.script_text(&events.iter().map(event).collect::<String>());
    }

    /// Lets the model answer the next call with this stream.
    pub fn script_text(&self, stream: &str) {
        self.simulator.fault(Endpoint::Responses, stream_of(stream));
    }

    /// Sends a request to `/v1/responses`.
    pub async fn post(&self, body: &Value) -> Answer {
        self.send("POST", "/v1/responses", &[], body.to_string())
            .await
    }

    pub async fn send(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        finish(self.access.send(request(method, uri, headers, body)).await).await
    }

    /// The only model call that the backend got.
    pub fn sent(&self) -> RecordedRequest {
        let mut sent = self.calls();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    /// The model calls that the backend got.
    pub fn calls(&self) -> Vec<RecordedRequest> {
        self.simulator.requests_to(Endpoint::Responses)
    }

    /// Waits until the backend knows that the callers of its first calls have left.
    pub async fn wait_for_leaving(&self, calls: usize) {
        let begun = Instant::now();
        let first = || self.calls().into_iter().take(calls);
        while first().any(|call| call.disconnected_after_ms.is_none()) {
            assert!(begun.elapsed() < LEAVING, "a call goes on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How often a refresh was requested.
    pub fn refreshes(&self) -> usize {
        self.simulator.requests_to(Endpoint::Token).len()
    }
}

pub fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: String) -> Request<String> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// Reads an answer to its end.
pub async fn finish(answer: Response<ModelBody>) -> Answer {
    let (head, body) = answer.into_parts();
    let body = tokio::time::timeout(LONG, body.collect());
    let Ok(body) = body.await.expect("the answer ends");
    let text = String::from_utf8(body.to_bytes().to_vec()).unwrap();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        text,
    }
}

/// The next bytes of a streamed answer.
pub async fn next(body: &mut ModelBody) -> Option<Bytes> {
    let frame = tokio::time::timeout(LONG, body.frame());
    let Ok(frame) = frame.await.expect("a frame comes")?;
    frame.into_data().ok()
}

pub fn stream_of(stream: &str) -> Fault {
    Fault::status(200)
        .header("content-type", "text/event-stream")
        .body(stream)
}

pub fn event(data: &Value) -> String {
    format!(
        "event: {}\ndata: {data}\n\n",
        data["type"].as_str().unwrap()
    )
}

/// The order to the hostile guest that makes a model call.
pub const fn model_call() -> [&'static str; 4] {
    [
        "request",
        "authority=openai-codex.invalid",
        "path=/v1/responses",
        r#"body={"model": "openai-codex/gpt-6-astra", "input": "Say hi.", "stream": true}"#,
    ]
}

/// A request of an SDK.
pub fn prompt(is_streamed: bool) -> Value {
    json!({"model": "openai-codex/gpt-6-astra", "input": "Say hi.", "stream": is_streamed})
}

pub fn created() -> Value {
    json!({"type": "response.created", "sequence_number": 0, "response": {
        "id": "resp_1", "object": "response", "created_at": 1_800_000_000, "status": "in_progress", "output": [],
    }})
}

pub fn message(text: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]})
}

pub fn done(index: u64, item: Value) -> Value {
    json!({"type": "response.output_item.done", "sequence_number": 1, "output_index": index, "item": item})
}

pub fn completed(output: Value) -> Value {
    json!({"type": "response.completed", "sequence_number": 2, "response": {
        "id": "resp_1", "object": "response", "status": "completed", "output": output,
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
    }})
}
