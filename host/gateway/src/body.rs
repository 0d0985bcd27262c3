//! [`ModelBody`]: the body of an answer to a caller, whole or streamed.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::budget::Running;
use crate::chat::ChatStream;
use crate::stop::StopSignal;
use crate::stream::Relay;

/// The body of an answer: a whole one, or a stream of events. Dropping it ends the request
/// to the backend.
///
/// A stream never ends in an error: one that breaks off ends with the event
/// `response.failed`, or with a chunk that has an `error`.
pub struct ModelBody {
    kind: Kind,
    /// None after the end, and without a call.
    running: Option<Running>,
}

enum Kind {
    Full(Option<Bytes>),
    Relay(Box<Relay<Incoming>>),
    Chat(Box<ChatStream<Incoming>>),
}

impl ModelBody {
    pub(crate) fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::new(Kind::Full(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }

    pub(crate) fn relay(relay: Relay<Incoming>) -> Self {
        Self::new(Kind::Relay(Box::new(relay)))
    }

    pub(crate) fn chat(stream: ChatStream<Incoming>) -> Self {
        Self::new(Kind::Chat(Box::new(stream)))
    }

    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            running: None,
        }
    }

    /// The body of an answer that the platform can end, if it is a stream.
    pub(crate) fn until(mut self, stop: StopSignal) -> Self {
        match &mut self.kind {
            Kind::Full(_) => {}
            Kind::Relay(relay) => relay.stop_at(stop),
            Kind::Chat(stream) => stream.stop_at(stop),
        }
        self
    }

    /// The body of an answer to this call, which runs until the body ends.
    pub(crate) fn of_call(self, running: Running) -> Self {
        Self {
            running: Some(running),
            ..self
        }
    }
}

impl Body for ModelBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match &mut self.kind {
            Kind::Full(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Kind::Relay(relay) => ready!(Pin::new(relay.as_mut()).poll_frame(context)),
            Kind::Chat(stream) => ready!(Pin::new(stream.as_mut()).poll_frame(context)),
        };
        if let (Some(running), Some(Ok(frame))) = (&self.running, &frame) {
            running.add_to_answer(frame.data_ref().map_or(0, Bytes::len));
        }
        if frame.is_none() || self.is_end_stream() {
            self.running = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full(bytes) => bytes.is_none(),
            Kind::Relay(relay) => relay.is_end_stream(),
            Kind::Chat(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Relay(_) | Kind::Chat(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for ModelBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Full(_) => "full",
            Kind::Relay(_) | Kind::Chat(_) => "stream",
        };
        write!(f, "ModelBody({kind})")
    }
}
