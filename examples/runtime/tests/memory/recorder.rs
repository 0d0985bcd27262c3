//! Hooks that record what an agent sends, as it built it, and what it receives.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chatgpt_oauth_gateway::ModelHooks;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

type Processing = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sending = Box<dyn Future<Output = Result<(Response<WasiBody>, Processing), Error>> + Send>;

/// What was recorded so far.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<u8>>>);

impl Recording {
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }

    fn add(&self, line: String, headers: &impl Debug) {
        let head = format!("{line} {headers:?}\n");
        self.0.lock().unwrap().extend(head.bytes());
    }

    fn add_frame(&self, frame: &Frame<Bytes>) {
        let mut recorded = self.0.lock().unwrap();
        match frame.data_ref() {
            Some(data) => recorded.extend(data),
            None => recorded.extend(format!("{frame:?}").bytes()),
        }
    }

    /// The body, which is recorded as it passes.
    fn of(&self, body: WasiBody) -> WasiBody {
        let recording = self.clone();
        let pass = move |frame| {
            recording.add_frame(&frame);
            frame
        };
        body.map_frame(pass).boxed_unsync()
    }
}

pub struct Recorder {
    inner: ModelHooks,
    recording: Recording,
}

impl Recorder {
    pub fn new(inner: ModelHooks, recording: Recording) -> Self {
        Self { inner, recording }
    }
}

impl WasiHttpHooks for Recorder {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        processing: Processing,
    ) -> Sending {
        let recording = self.recording.clone();
        let line = format!("{} {}", request.method(), request.uri());
        recording.add(line, request.headers());
        let request = request.map(|body| recording.of(body));
        let sending = self.inner.send_request(request, options, processing);
        Box::new(async move {
            let (answer, processing) = Pin::from(sending).await?;
            recording.add(answer.status().to_string(), answer.headers());
            let answer = answer.map(|body| recording.of(body));
            Ok((answer, processing))
        })
    }
}
