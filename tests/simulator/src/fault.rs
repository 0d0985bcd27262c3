//! Scripted faults: what happens to an answer, and whether the server processes the request first.

mod presets;
mod queue;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::http::{Answer, Body, Cut, Delivery, Pace};
use crate::script::{Gate, Script};

pub(crate) use queue::Faults;

/// A fault of one request.
///
/// A fault that replaces the answer ([`status`](Self::status), [`silence`](Self::silence) …) prevents the request
/// from being processed: the server's state does not change. With [`after_processing`](Self::after_processing), the
/// server first processes the request, for example rotates the token, and then the answer is lost or replaced. A
/// fault that changes the normal answer ([`normal`](Self::normal), [`patch`](Self::patch),
/// [`transform`](Self::transform), [`stream`](Self::stream)) always processes the request.
///
/// ```
/// # use openai_simulator::Fault;
/// # use std::time::Duration;
/// // The request never arrives.
/// Fault::silence();
/// // The token is rotated, and the connection is reset before the answer.
/// Fault::silence().reset().after_processing();
/// // The token is rotated, and half of the answer arrives.
/// Fault::normal().cut_after(300);
/// // Overloaded.
/// Fault::status(503).header("retry-after", "7").delay(Duration::from_secs(1));
/// // The normal answer without a refresh token.
/// Fault::patch(serde_json::json!({ "refresh_token": null }));
/// ```
#[derive(Clone)]
pub struct Fault {
    effect: Effect,
    after_processing: bool,
    delay: Duration,
    gate: Option<Gate>,
    /// These headers replace those of the same name in the answer.
    headers: Vec<(String, String)>,
    chunked: bool,
    pace: Option<Pace>,
    cut_after: Option<usize>,
    reset: bool,
}

#[derive(Clone)]
enum Effect {
    Normal,
    Transform(Arc<dyn Fn(Value) -> Value + Send + Sync>),
    Stream(Arc<Script>),
    Replace(Answer),
    Raw(Vec<u8>),
    Silence,
    Hang,
}

impl Fault {
    /// The normal answer, for modifiers: late, slow, cut, with other headers.
    pub fn normal() -> Self {
        Self::new(Effect::Normal)
    }

    /// An empty answer with this status.
    pub fn status(status: u16) -> Self {
        Self::new(Effect::Replace(Answer::empty(status)))
    }

    /// A JSON answer.
    pub fn json(status: u16, body: Value) -> Self {
        Self::new(Effect::Replace(Answer::json(status, &body)))
    }

    /// An HTML answer.
    pub fn html(status: u16, body: &str) -> Self {
        Self::new(Effect::Replace(Answer::html(status, body)))
    }

    /// The connection ends before a byte of the answer.
    pub fn silence() -> Self {
        Self::new(Effect::Silence)
    }

    /// No byte of an answer, and the connection stays open until the client gives up.
    pub fn hang() -> Self {
        Self::new(Effect::Hang)
    }

    /// These bytes instead of an HTTP answer, then the end of the connection: malformed heads, informational answers.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Effect::Raw(bytes.into()))
    }

    /// The normal JSON answer with some members set, or removed if `patch` has null for them (RFC 7396).
    pub fn patch(patch: Value) -> Self {
        Self::transform(move |mut answer| {
            merge(&mut answer, &patch);
            answer
        })
    }

    /// The normal JSON answer, changed by a closure.
    pub fn transform(change: impl Fn(Value) -> Value + Send + Sync + 'static) -> Self {
        Self::new(Effect::Transform(Arc::new(change)))
    }

    /// What the model endpoint streams instead of its own answer, if it accepts the request. Other endpoints answer
    /// normally.
    pub fn stream(script: Script) -> Self {
        Self::new(Effect::Stream(Arc::new(script)))
    }

    /// Sets the body of an answer that replaces the normal one.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        if let Effect::Replace(answer) = &mut self.effect {
            answer.body = Body::Whole(body.into());
        }
        self
    }

    /// Sets a header. A header set twice is sent twice.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits before the answer, and before processing too, unless [`after_processing`](Self::after_processing) is
    /// set.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits where [`delay`](Self::delay) waits, until a test opens the gate.
    pub fn gate(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Sends the body in pieces of this many bytes, with a pause before each.
    pub fn drip(mut self, piece: usize, pause: Duration) -> Self {
        self.pace = Some(Pace { piece, pause });
        self
    }

    /// Ends the connection after this many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Ends the connection by RST, if the fault ends it.
    pub fn reset(mut self) -> Self {
        self.reset = true;
        self
    }

    /// Sends the body with the chunked transfer coding.
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Lets the server process the request before the fault takes effect.
    pub fn after_processing(mut self) -> Self {
        self.after_processing = true;
        self
    }

    fn new(effect: Effect) -> Self {
        Self {
            effect,
            after_processing: false,
            delay: Duration::ZERO,
            gate: None,
            headers: Vec::new(),
            chunked: false,
            pace: None,
            cut_after: None,
            reset: false,
        }
    }

    pub(crate) fn processes(&self) -> bool {
        self.after_processing
            || matches!(
                self.effect,
                Effect::Normal | Effect::Transform(_) | Effect::Stream(_)
            )
    }

    /// What the model endpoint streams while it processes the request.
    pub(crate) fn script(&self) -> Option<&Arc<Script>> {
        match &self.effect {
            Effect::Stream(script) => Some(script),
            _ => None,
        }
    }

    pub(crate) fn waits(&self) -> bool {
        !self.delay.is_zero() || self.gate.is_some()
    }

    pub(crate) fn waits_after_processing(&self) -> bool {
        self.after_processing
    }

    /// Ends when the delay is over and the gate is open.
    pub(crate) async fn waited(&self) {
        tokio::time::sleep(self.delay).await;
        if let Some(gate) = &self.gate {
            gate.opened().await;
        }
    }

    /// What to send, given the normal answer if the request was processed.
    pub(crate) fn deliver(&self, normal: Option<Answer>) -> Delivery {
        let mut answer = match (&self.effect, normal) {
            (Effect::Normal | Effect::Stream(_), Some(normal)) => normal,
            (Effect::Transform(change), Some(normal)) => transform(normal, change.as_ref()),
            (Effect::Normal | Effect::Stream(_) | Effect::Transform(_), None) => {
                unreachable!("these are processed")
            }
            (Effect::Replace(answer), _) => answer.clone(),
            (Effect::Raw(bytes), _) => return Delivery::Raw(bytes.clone()),
            (Effect::Silence, _) => return Delivery::Nothing { reset: self.reset },
            (Effect::Hang, _) => return Delivery::Hang,
        };
        let replaced = |name: &str| {
            self.headers
                .iter()
                .any(|(new, _)| new.eq_ignore_ascii_case(name))
        };
        answer.headers.retain(|(name, _)| !replaced(name));
        answer.headers.extend_from_slice(&self.headers);
        Delivery::Answer {
            answer,
            chunked: self.chunked,
            pace: self.pace,
            cut: self.cut_after.map(|after| Cut {
                after,
                reset: self.reset,
            }),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match &self.effect {
            Effect::Normal => "normal".to_owned(),
            Effect::Transform(_) => "transform".to_owned(),
            Effect::Stream(_) => "stream".to_owned(),
            Effect::Replace(answer) => format!("status {}", answer.status),
            Effect::Raw(bytes) => format!("{} raw bytes", bytes.len()),
            Effect::Silence => "silence".to_owned(),
            Effect::Hang => "hang".to_owned(),
        };
        out.debug_struct("Fault")
            .field("effect", &effect)
            .field("processes", &self.processes())
            .field("delay", &self.delay)
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

/// Changes a JSON body; leaves every other answer as it is.
fn transform(answer: Answer, change: &dyn Fn(Value) -> Value) -> Answer {
    let Body::Whole(bytes) = &answer.body else {
        return answer;
    };
    match serde_json::from_slice(bytes) {
        Ok(body) => {
            let changed = change(body).to_string();
            answer.body(changed)
        }
        Err(_) => answer,
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Default::default());
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.remove(name);
            } else {
                merge(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}
