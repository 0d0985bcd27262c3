//! Relays a stream of events from the backend to the caller.
//!
//! The backend is read only when the caller reads, so a slow caller slows the backend. While
//! the backend is silent, the relay keeps the caller's connection alive. No task runs before
//! the last event: a dropped relay drops the request to the backend.

use std::convert::Infallible;
use std::iter;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use uuid::Uuid;

use super::events::{Break, End, Event, Events};
use crate::stop::StopSignal;

/// After this long without a byte for the caller, a comment is sent.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After this long without an event, `response.in_progress` is repeated: the Codex CLI gives
/// up after 300 seconds, and comments do not count.
const REPEAT: Duration = Duration::from_secs(240);
/// After this long without a byte of the backend, the response has failed.
const SILENCE: Duration = Duration::from_secs(600);
/// How long a response may take.
const LONGEST: Duration = Duration::from_secs(2 * 3600);
/// How long the end of the backend's message is waited for after the last event, so that its
/// connection can be used again.
const DRAIN: Duration = Duration::from_millis(250);

pub(crate) const COMMENT: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// A stream of events on its way.
pub(crate) struct Relay<B> {
    upstream: Upstream<B>,
    events: Events,
    times: Times,
    timer: Pin<Box<Sleep>>,
    /// None if the platform cannot stop the stream.
    stop: Option<StopSignal>,
    record: Record,
}

enum Upstream<B> {
    /// Events come.
    Open(B),
    /// Nothing more comes; the last event may be missing.
    Ended,
    /// The caller has everything.
    Done,
}

/// When what happened last.
struct Times {
    begun: Instant,
    /// Bytes came from the backend.
    received: Instant,
    /// An event was sent.
    event: Instant,
    /// Bytes were sent.
    sent: Instant,
}

impl Times {
    fn now() -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            received: now,
            event: now,
            sent: now,
        }
    }

    /// When something must be done if nothing happens.
    fn next(&self) -> Instant {
        (self.sent + KEEP_ALIVE)
            .min(self.event + REPEAT)
            .min(self.received + SILENCE)
            .min(self.begun + LONGEST)
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Relay<B> {
    /// Relays what comes from the backend. `received` has come already.
    pub(crate) fn new(request: Uuid, upstream: B, received: Bytes, mut events: Events) -> Self {
        events.push(&received);
        let times = Times::now();
        Self {
            upstream: Upstream::Open(upstream),
            events,
            timer: Box::pin(sleep_until(times.next())),
            times,
            stop: None,
            record: Record::new(request),
        }
    }

    /// Lets the platform end the stream between two events.
    pub(crate) fn stop_at(&mut self, stop: StopSignal) {
        self.stop = Some(stop);
    }

    /// The next event for the caller; none after the last one.
    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            if let Some(event) = self.events.next() {
                return Poll::Ready(Some(self.sending(event)));
            }
            if let Some(event) = self.stopped(context) {
                return Poll::Ready(Some(self.sending(event)));
            }
            match &mut self.upstream {
                Upstream::Open(upstream) => match Pin::new(upstream).poll_frame(context) {
                    Poll::Ready(Some(Ok(frame))) => self.take(frame),
                    Poll::Ready(Some(Err(_)) | None) => self.upstream = Upstream::Ended,
                    Poll::Pending => {
                        let event = ready!(self.poll_silence(context));
                        return Poll::Ready(Some(self.sending(event)));
                    }
                },
                Upstream::Ended => match self.events.next_at_end() {
                    Some(event) => return Poll::Ready(Some(self.sending(event))),
                    None => self.upstream = Upstream::Done,
                },
                Upstream::Done => return Poll::Ready(None),
            }
        }
    }

    /// The next event that has come already.
    fn received(&mut self) -> Option<Event> {
        let event = self.events.next()?;
        Some(self.sending(event))
    }

    /// Ends the response with a failure, and the request to the backend.
    pub(crate) fn break_off(&mut self, why: Break) {
        let event = self.events.break_off(why);
        self.sending(event);
    }

    fn take(&mut self, frame: Frame<Bytes>) {
        // Trailers are not read.
        if let Ok(bytes) = frame.into_data() {
            self.times.received = Instant::now();
            self.events.push(&bytes);
        }
    }

    /// The end, if the platform stops the stream while the backend sends.
    fn stopped(&mut self, context: &mut Context<'_>) -> Option<Event> {
        let is_open = matches!(self.upstream, Upstream::Open(_));
        let stop = self.stop.as_mut().filter(|_| is_open)?;
        match stop.as_mut().poll(context) {
            Poll::Ready(why) => Some(self.events.break_off(Break::Stopped(why))),
            Poll::Pending => None,
        }
    }

    /// What to send while the backend sends nothing.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            // Nearly every event moves the deadline: the timer is reset only when it fires.
            let next = self.times.next();
            if self.timer.is_elapsed() || self.timer.deadline() > next {
                self.timer.as_mut().reset(next);
            }
            ready!(self.timer.as_mut().poll(context));
            let now = Instant::now();
            if now >= self.times.begun + LONGEST {
                return Poll::Ready(self.events.break_off(Break::TooLong));
            }
            if now >= self.times.received + SILENCE {
                return Poll::Ready(self.events.break_off(Break::Silent));
            }
            if now >= self.times.event + REPEAT {
                self.times.event = now;
                if let Some(frame) = self.events.in_progress() {
                    return Poll::Ready(Event::Progress(frame));
                }
            }
            if now >= self.times.sent + KEEP_ALIVE {
                return Poll::Ready(Event::Comment(COMMENT));
            }
        }
    }

    /// Notes what is sent.
    fn sending(&mut self, event: Event) -> Event {
        let now = Instant::now();
        self.times.sent = now;
        match &event {
            Event::Comment(frame) => self.record.bytes += frame.len(),
            Event::Progress(frame) => {
                self.times.event = now;
                self.record.note(frame);
            }
            Event::End(frame, end) => {
                self.record.note(frame);
                self.record.end = Some(name(end));
                self.end(matches!(end, End::Broken(_)));
            }
        }
        event
    }

    fn end(&mut self, is_broken: bool) {
        let upstream = mem::replace(&mut self.upstream, Upstream::Done);
        let (false, Upstream::Open(mut upstream)) = (is_broken, upstream) else {
            return;
        };
        // The end has often come with the last event.
        if !matches!(upstream.frame().now_or_never(), Some(None)) {
            tokio::spawn(drain(upstream));
        }
    }
}

/// Waits for the end of the backend's message. The caller's message ends before it: its last
/// event and its end are one write.
async fn drain(mut upstream: impl Body + Unpin) {
    let end = async { while let Some(Ok(_)) = upstream.frame().await {} };
    // A backend that stays open loses the connection.
    _ = timeout(DRAIN, end).await;
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Body for Relay<B> {
    type Data = Bytes;
    type Error = Infallible;

    /// All events that came together are one frame: each frame costs a chunk.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(first) = ready!(self.poll_event(context)) else {
            return Poll::Ready(None);
        };
        let events = iter::once(first).chain(iter::from_fn(|| self.received()));
        let bytes = joined(events.map(Event::into_bytes).collect());
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.upstream, Upstream::Done)
    }
}

fn joined(mut frames: Vec<Bytes>) -> Bytes {
    match frames.as_mut_slice() {
        [only] => mem::take(only),
        all => all.concat().into(),
    }
}

const fn name(end: &End) -> &'static str {
    match end {
        End::Response => "response",
        End::Failed(_) => "failed",
        End::Broken(why) => why.code(),
    }
}

/// What was relayed, for the log.
struct Record {
    request: Uuid,
    begun: Instant,
    events: usize,
    bytes: usize,
    /// None while the last event is missing.
    end: Option<&'static str>,
}

impl Record {
    fn new(request: Uuid) -> Self {
        Self {
            request,
            begun: Instant::now(),
            events: 0,
            bytes: 0,
            end: None,
        }
    }

    fn note(&mut self, frame: &Bytes) {
        self.events += 1;
        self.bytes += frame.len();
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Self {
            request,
            events,
            bytes,
            ..
        } = self;
        let milliseconds = self.begun.elapsed().as_millis();
        match self.end {
            None => {
                tracing::info!(%request, events, bytes, milliseconds, "cancelled by the caller")
            }
            Some(end @ "response") => {
                tracing::debug!(%request, events, bytes, milliseconds, end, "relayed");
            }
            Some(end @ "failed") => {
                tracing::info!(%request, events, bytes, milliseconds, end, "relayed");
            }
            Some(end) => tracing::warn!(%request, events, bytes, milliseconds, end, "broke off"),
        }
    }
}

#[cfg(test)]
mod tests;
