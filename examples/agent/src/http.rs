//! A request to the runtime's address for model calls, and the events of its answer as they
//! come. The runtime adds the login.

use serde_json::Value;

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};

const HOST: &str = "openai-codex.invalid";
/// The most that a stream takes at once.
const CHUNK: usize = 4096;

/// The server-sent events of an answer. The fields end in this order.
pub struct Events {
    stream: InputStream,
    _body: IncomingBody,
    /// What has come and is not a whole line yet.
    rest: Vec<u8>,
}

/// Sends JSON. An answer other than 200 is an error.
pub fn post(path: &str, json: &[u8]) -> Result<Events, String> {
    let request = request(path)?;
    let body = request.body().map_err(|()| "the request has no body")?;
    let future = outgoing_handler::handle(request, None).map_err(shown)?;
    // An answer may come before all is written, and says more than the write that fails.
    let written = write(body, json);
    future.subscribe().block();
    let response = future.get().and_then(Result::ok);
    let response = response.ok_or("the answer is not there")?.map_err(shown)?;
    let answer = Events::of(&response)?;
    match response.status() {
        200 => written.map(|()| answer),
        status => Err(format!("{status}: {}", answer.error()?)),
    }
}

fn request(path: &str) -> Result<OutgoingRequest, String> {
    let json = ("content-type".to_owned(), b"application/json".to_vec());
    let request = OutgoingRequest::new(Fields::from_list(&[json]).map_err(shown)?);
    request
        .set_method(&Method::Post)
        .and_then(|()| request.set_scheme(Some(&Scheme::Https)))
        .and_then(|()| request.set_authority(Some(HOST)))
        .and_then(|()| request.set_path_with_query(Some(path)))
        .map_err(|()| format!("{path} is no path"))?;
    Ok(request)
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), String> {
    let stream = body.write().map_err(|()| "the body has no stream")?;
    for chunk in bytes.chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk).map_err(shown)?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(shown)
}

impl Events {
    fn of(response: &IncomingResponse) -> Result<Self, String> {
        let body = response.consume().map_err(|()| "the answer has no body")?;
        Ok(Self {
            stream: body.stream().map_err(|()| "the answer has no stream")?,
            _body: body,
            rest: Vec::new(),
        })
    }

    /// Waits for more. Returns whether there is any.
    fn read(&mut self) -> Result<bool, String> {
        match self.stream.blocking_read(CHUNK as u64) {
            Ok(bytes) => self.rest.extend(bytes),
            Err(StreamError::Closed) => return Ok(false),
            Err(error) => return Err(shown(error)),
        }
        Ok(true)
    }

    /// The message of an error in OpenAI's shape.
    fn error(mut self) -> Result<String, String> {
        while self.read()? {}
        let error: Value = serde_json::from_slice(&self.rest).map_err(shown)?;
        let message = error["error"]["message"].as_str();
        Ok(message.unwrap_or("an error without a message").to_owned())
    }

    /// The next event; none at the end.
    fn event(&mut self) -> Result<Option<Value>, String> {
        loop {
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.rest.drain(..=end).collect();
                // The name of an event is in its data, too.
                if let Some(data) = line.strip_prefix(b"data: ") {
                    return serde_json::from_slice(data).map(Some).map_err(shown);
                }
            }
            if !self.read()? {
                return Ok(None);
            }
        }
    }
}

impl Iterator for Events {
    type Item = Result<Value, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.event().transpose()
    }
}

fn shown(error: impl ToString) -> String {
    error.to_string()
}
