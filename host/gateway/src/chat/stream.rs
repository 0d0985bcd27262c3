//! A streamed answer: its steps as chunks, and what a stream needs around them.
//!
//! A complete answer ends with `[DONE]`, a failed one with the error and without it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};
use serde_json::json;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::delta::Delta;
use super::deltas::Deltas;
use crate::error::ErrorAnswer;
use crate::stop::StopSignal;
use crate::stream::{COMMENT, KEEP_ALIVE};

const DONE: &str = "data: [DONE]\n\n";

/// A stream of chunks on its way.
pub(crate) struct ChatStream<B> {
    deltas: Deltas<B>,
    includes_usage: bool,
    /// The chunks that came before the head of the answer.
    first: Option<Bytes>,
    /// When bytes were sent last.
    sent: Instant,
    timer: Pin<Box<Sleep>>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The caller has the end; the end of the backend's message is waited for.
    Ended,
    Done,
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> ChatStream<B> {
    pub(crate) fn new(deltas: Deltas<B>, includes_usage: bool) -> Self {
        let now = Instant::now();
        Self {
            deltas,
            includes_usage,
            first: None,
            sent: now,
            timer: Box::pin(sleep_until(now + KEEP_ALIVE)),
            state: State::Open,
        }
    }

    /// Lets the platform end the stream between two events.
    pub(crate) fn stop_at(&mut self, stop: StopSignal) {
        self.deltas.stop_at(stop);
    }

    /// Waits for the first chunk, so that a call that fails at once has a status. Silence of
    /// 15 s is a beginning, too.
    pub(crate) async fn begin(&mut self) -> Result<(), ErrorAnswer> {
        let first = poll_fn(|context| self.poll_chunks(context));
        if let Ok(Some(first)) = timeout(KEEP_ALIVE, first).await {
            self.first = Some(first?);
        }
        Ok(())
    }

    /// The next chunks, or the failure.
    fn poll_chunks(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ErrorAnswer>>> {
        loop {
            let chunks = match ready!(self.deltas.poll_next(context)) {
                Some(Ok(deltas)) => self.chunks(&deltas),
                Some(Err(error)) => {
                    self.state = State::Ended;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.state = State::Done;
                    return Poll::Ready(None);
                }
            };
            if !chunks.is_empty() {
                return Poll::Ready(Some(Ok(chunks.into())));
            }
            if self.is_silent() {
                return Poll::Ready(Some(Ok(COMMENT)));
            }
        }
    }

    fn chunks(&mut self, deltas: &[Delta]) -> String {
        let mut chunks = String::new();
        for delta in deltas {
            if let Some(chunk) = delta.to_chunk(self.deltas.head(), self.includes_usage) {
                chunks += &format!("data: {chunk}\n\n");
            }
            if let Delta::End { .. } = delta {
                chunks += DONE;
                self.state = State::Ended;
            }
        }
        chunks
    }

    /// Whether the caller has waited long, though events have come.
    fn is_silent(&self) -> bool {
        self.state == State::Open && self.sent.elapsed() >= KEEP_ALIVE
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        if self.state == State::Done {
            return Poll::Ready(None);
        }
        if let Poll::Ready(chunks) = self.poll_chunks(context) {
            return Poll::Ready(chunks.map(|chunks| chunks.unwrap_or_else(|error| failed(&error))));
        }
        if self.state == State::Ended {
            return Poll::Pending;
        }
        self.timer.as_mut().reset(self.sent + KEEP_ALIVE);
        self.timer.as_mut().poll(context).map(|()| Some(COMMENT))
    }
}

/// The last chunk of an answer that failed.
fn failed(error: &ErrorAnswer) -> Bytes {
    format!("data: {}\n\n", json!({ "error": error.fields })).into()
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Body for ChatStream<B> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = ready!(self.poll_bytes(context));
        self.sent = Instant::now();
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Done && self.first.is_none()
    }
}

#[cfg(test)]
mod tests;
