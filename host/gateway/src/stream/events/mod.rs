//! The events of one response: what is repaired, and how the response ends.
//!
//! Most frames go on as they came, unread. Read are those that add or finish an item, and the
//! last one:
//!
//! | fault of the backend | repair |
//! |---|---|
//! | `response.completed` without the output that was streamed | filled from the finished items |
//! | an item of the last event has no id, or a reasoning item has another id than it began with | the first id |
//! | the stream ends without a last event | `response.failed`, `upstream_stream_truncated` |
//!
//! A streamed and a collected answer are made from the same events.

mod failure;
mod items;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::error::ErrorAnswer;
use crate::json::Fields;
use crate::secrets::Secrets;
use crate::stream::sse::{self, Frames, TooLarge};
use failure::Context;
use items::Items;

pub(crate) use failure::Break;

/// A frame that the caller gets.
#[derive(Debug)]
pub(crate) enum Event {
    /// A comment, which tells a parser nothing.
    Comment(Bytes),
    Progress(Bytes),
    /// The last one.
    End(Bytes, End),
}

impl Event {
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Comment(frame) | Self::Progress(frame) | Self::End(frame, _) => frame,
        }
    }
}

/// How a response ends.
#[derive(Debug)]
pub(crate) enum End {
    /// `response.completed` or `response.incomplete`.
    Response,
    /// `response.failed` or `error`.
    Failed(Box<ErrorAnswer>),
    /// The stream broke off.
    Broken(Break),
}

/// What the type of an event means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Comment,
    Created,
    InProgress,
    ItemAdded,
    ItemDone,
    /// `response.completed` or `response.incomplete`.
    Ended,
    /// `response.failed` or `error`.
    Failed,
    Other,
}

impl Kind {
    /// The kind of a frame: by its field `event`, else by the `type` of its data.
    fn of(frame: &[u8]) -> Self {
        if let Some(event) = sse::event(frame) {
            return Self::of_type(event);
        }
        let Some(data) = sse::data(frame) else {
            return Self::Comment;
        };
        let kind = std::str::from_utf8(&data).ok();
        let kind = kind.and_then(|data| Fields::parse(data).ok()?.string("type"));
        kind.map_or(Self::Other, |kind| Self::of_type(kind.as_bytes()))
    }

    fn of_type(event: &[u8]) -> Self {
        match event {
            b"response.created" => Self::Created,
            b"response.in_progress" => Self::InProgress,
            b"response.output_item.added" => Self::ItemAdded,
            b"response.output_item.done" => Self::ItemDone,
            b"response.completed" | b"response.incomplete" => Self::Ended,
            b"response.failed" | b"error" => Self::Failed,
            _ => Self::Other,
        }
    }
}

/// The response of the frame that ends it; none if it cannot be read.
pub(crate) fn response_of(frame: &[u8]) -> Option<Box<RawValue>> {
    let event = sse::text(frame)?;
    let event = Fields::parse(&event).ok()?;
    let response = event.raw("response")?;
    Fields::parse(response.get()).ok()?;
    Some(response.to_owned())
}

/// Reads the events of one response.
#[derive(Debug)]
pub(crate) struct Events {
    frames: Frames,
    items: Items,
    context: Context,
    in_progress: Option<Bytes>,
    secrets: Secrets,
    has_ended: bool,
}

impl Events {
    /// `id` names the response if the backend does not.
    pub(crate) fn new(id: String, secrets: Secrets) -> Self {
        Self {
            frames: Frames::default(),
            items: Items::default(),
            context: Context::new(id),
            in_progress: None,
            secrets,
            has_ended: false,
        }
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if !self.has_ended {
            self.frames.push(bytes);
        }
    }

    /// Returns the next event; `None` while it is incomplete, and after the last one.
    pub(crate) fn next(&mut self) -> Option<Event> {
        if self.has_ended {
            return None;
        }
        let event = match self.frames.next() {
            Ok(frame) => self.read(frame?),
            Err(TooLarge) => Err(TooLarge),
        };
        Some(event.unwrap_or_else(|TooLarge| self.break_off(Break::TooLarge)))
    }

    /// The next event after the end of the stream: at last an
    /// [`End`](Event::End), then none.
    pub(crate) fn next_at_end(&mut self) -> Option<Event> {
        self.frames.end();
        if let Some(event) = self.next() {
            return Some(event);
        }
        (!self.has_ended).then(|| self.break_off(Break::Truncated))
    }

    /// Ends the response with a failure.
    pub(crate) fn break_off(&mut self, why: Break) -> Event {
        self.has_ended = true;
        Event::End(self.context.failure(why), End::Broken(why))
    }

    /// The last `response.in_progress`, as it came.
    pub(crate) fn in_progress(&self) -> Option<Bytes> {
        self.in_progress.clone()
    }

    fn read(&mut self, frame: Bytes) -> Result<Event, TooLarge> {
        let kind = Kind::of(&frame);
        if kind == Kind::Comment {
            return Ok(Event::Comment(frame));
        }
        self.context.note(&frame);
        Ok(match kind {
            Kind::Created => {
                self.context.note_created(&frame);
                Event::Progress(frame)
            }
            Kind::InProgress => {
                self.in_progress = Some(frame.clone());
                Event::Progress(frame)
            }
            Kind::ItemAdded => {
                if let Some(event) = sse::text(&frame) {
                    self.items.note_added(&event);
                }
                Event::Progress(frame)
            }
            Kind::ItemDone => Event::Progress(self.with_item(frame)?),
            Kind::Ended => self.ended(frame),
            Kind::Failed => self.failed(frame),
            Kind::Comment | Kind::Other => Event::Progress(frame),
        })
    }

    /// Keeps a finished item, and returns its frame, repaired.
    fn with_item(&mut self, frame: Bytes) -> Result<Bytes, TooLarge> {
        let repaired = match sse::text(&frame) {
            Some(event) => self.items.keep_done(&event)?,
            None => None,
        };
        Ok(match repaired {
            Some(event) => sse::with_data(&frame, event.get()),
            None => frame,
        })
    }

    fn ended(&mut self, frame: Bytes) -> Event {
        self.has_ended = true;
        let repaired = sse::text(&frame).and_then(|event| self.items.repaired(&event));
        let frame = match repaired {
            Some(event) => sse::with_data(&frame, event.get()),
            None => frame,
        };
        Event::End(frame, End::Response)
    }

    fn failed(&mut self, frame: Bytes) -> Event {
        let unescaped = failure::unescaped(&frame);
        if self.secrets.are_in(&frame) || self.secrets.are_in(unescaped.as_bytes()) {
            tracing::error!("an event of the backend quotes the request, and is replaced");
            return self.break_off(Break::Hidden);
        }
        self.has_ended = true;
        let error = failure::read(&frame);
        Event::End(frame, End::Failed(Box::new(error)))
    }
}

#[cfg(test)]
mod tests;
