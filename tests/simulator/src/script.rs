//! Scripts: what the model endpoint streams.

mod gate;
mod item;
mod presets;
mod rendering;

use std::time::Duration;

use serde_json::{Value, json};

pub use gate::Gate;
pub use item::Item;
pub(crate) use rendering::{Envelope, Rendering};

/// A stream of a model, frame by frame, for [`Fault::stream`](crate::Fault::stream).
///
/// The endpoint fills in what every stream has: a `sequence_number` in each event; in each `response` its id, model,
/// time and the settings of the request, as far as the script leaves them out; the usage when a response ends.
///
/// ```
/// # use openai_simulator::{Endpoint, Fault, Item, LineEnd, Script, Simulator};
/// # use std::time::Duration;
/// # let simulator = Simulator::start()?;
/// // A message and a call, with 20 ms before each event and CRLF between lines.
/// let script = Script::begin()
///     .item(Item::message("Let me look."))
///     .item(Item::call("weather", r#"{"city":"Ulm"}"#))
///     .complete()
///     .pace(Duration::from_millis(20))
///     .line_end(LineEnd::CrLf);
/// simulator.fault(Endpoint::Responses, Fault::stream(script));
/// // A stream that ends in the middle of an event, by RST.
/// let script = Script::truncated().raw("event: response.output_text.de");
/// simulator.fault(Endpoint::Responses, Fault::stream(script).cut_after(usize::MAX).reset());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Script {
    frames: Vec<Frame>,
    /// The complete items so far, for the end of the response.
    output: Vec<Value>,
    content_type: Option<&'static str>,
    line_end: LineEnd,
    pace: Duration,
    split: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Frame {
    Event(Value),
    Comment(String),
    Raw(Vec<u8>),
    Pause(Duration),
    Gate(Gate),
}

/// What ends the lines of events and comments. The specification of server-sent events permits all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// The usual one.
    Lf,
    /// As some proxies send it.
    CrLf,
    /// Permitted, and rare.
    Cr,
}

impl Script {
    /// Without any frame.
    pub fn empty() -> Self {
        Self {
            frames: Vec::new(),
            output: Vec::new(),
            content_type: Some("text/event-stream"),
            line_end: LineEnd::Lf,
            pace: Duration::ZERO,
            split: None,
        }
    }

    /// The events that begin every response: `response.created` and `response.in_progress`.
    pub fn begin() -> Self {
        Self::empty().begun()
    }

    pub(crate) fn begun(self) -> Self {
        let response = json!({
            "status": "in_progress", "output": [], "usage": null, "error": null, "incomplete_details": null,
        });
        self.event(json!({ "type": "response.created", "response": response }))
            .event(json!({ "type": "response.in_progress", "response": response }))
    }

    /// An event of this type and data; without a `type`, only data.
    pub fn event(mut self, event: Value) -> Self {
        self.frames.push(Frame::Event(event));
        self
    }

    /// A comment, which clients ignore.
    pub fn comment(mut self, text: &str) -> Self {
        self.frames.push(Frame::Comment(text.to_owned()));
        self
    }

    /// Any bytes, as they are.
    pub fn raw(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.frames.push(Frame::Raw(bytes.into()));
        self
    }

    /// Silence before what follows, or before the end of the stream.
    pub fn pause(mut self, time: Duration) -> Self {
        self.frames.push(Frame::Pause(time));
        self
    }

    /// Silence until the gate is open.
    pub fn gate(mut self, gate: &Gate) -> Self {
        self.frames.push(Frame::Gate(gate.clone()));
        self
    }

    /// All events of the next item, from `response.output_item.added` to `response.output_item.done`.
    pub fn item(mut self, item: Item) -> Self {
        let events = item.events(self.output.len());
        self.frames.extend(events.into_iter().map(Frame::Event));
        self.output.push(item.into_value());
        self
    }

    /// The end of an answer: `response.completed` with all items.
    pub fn complete(self) -> Self {
        let response = json!({
            "status": "completed", "output": self.output, "error": null, "incomplete_details": null,
        });
        self.event(json!({ "type": "response.completed", "response": response }))
    }

    /// The end of an answer that stopped early: `response.incomplete` with a reason, `max_output_tokens` or
    /// `content_filter`.
    pub fn incomplete(self, reason: &str) -> Self {
        let response = json!({
            "status": "incomplete", "output": self.output, "error": null, "incomplete_details": { "reason": reason },
        });
        self.event(json!({ "type": "response.incomplete", "response": response }))
    }

    /// The end of an answer that failed: `response.failed` with a code and a message.
    pub fn fail(self, code: &str, message: &str) -> Self {
        self.fail_with(json!({ "code": code, "message": message }))
    }

    /// Like [`fail`](Self::fail), with any error.
    pub fn fail_with(self, error: Value) -> Self {
        let response = json!({
            "status": "failed", "output": [], "usage": null, "error": error, "incomplete_details": null,
        });
        self.event(json!({ "type": "response.failed", "response": response }))
    }

    /// The answer has no `content-type`.
    pub fn without_content_type(mut self) -> Self {
        self.content_type = None;
        self
    }

    /// What ends the lines.
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end;
        self
    }

    /// A pause before each event.
    pub fn pace(mut self, pause: Duration) -> Self {
        self.pace = pause;
        self
    }

    /// Sends each event in three parts with pauses between them: cut in the middle, within a character if it has one
    /// outside of ASCII, and before the last byte of the blank line.
    pub fn split(mut self, pause: Duration) -> Self {
        self.split = Some(pause);
        self
    }

    pub(crate) fn content_type(&self) -> Option<&'static str> {
        self.content_type
    }
}

impl LineEnd {
    fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}
