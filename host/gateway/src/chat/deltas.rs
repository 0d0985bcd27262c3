//! The steps of an answer, as the events of the backend come.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body;

use super::delta::{Delta, Head};
use super::translation::Translation;
use crate::error::ErrorAnswer;
use crate::stop::StopSignal;
use crate::stream::{Break, End, Event, Relay, response_of};

/// A relayed stream, translated.
pub(crate) struct Deltas<B> {
    relay: Relay<B>,
    translation: Translation,
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Deltas<B> {
    pub(crate) const fn new(relay: Relay<B>, translation: Translation) -> Self {
        Self { relay, translation }
    }

    /// Lets the platform end the stream between two events.
    pub(crate) fn stop_at(&mut self, stop: StopSignal) {
        self.relay.stop_at(stop);
    }

    pub(super) const fn head(&self) -> &Head {
        self.translation.head()
    }

    /// The steps of the next event, often none of them; the failure that ends the answer;
    /// nothing after the last event.
    pub(super) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<Delta>, ErrorAnswer>>> {
        let event = ready!(self.relay.poll_event(context));
        Poll::Ready(event.map(|event| self.translate(event)))
    }

    fn translate(&mut self, event: Event) -> Result<Vec<Delta>, ErrorAnswer> {
        let deltas = match event {
            Event::Comment(_) => Ok(Vec::new()),
            Event::Progress(frame) => self.translation.read(&frame),
            Event::End(frame, End::Response) => match response_of(&frame) {
                Some(response) => self.translation.end(&frame, &response),
                None => Err(Break::Unreadable),
            },
            Event::End(_, End::Failed(error)) => return Err(*error),
            Event::End(_, End::Broken(why)) => return Err(why.into_answer()),
        };
        deltas.map_err(|why| {
            self.relay.break_off(why);
            why.into_answer()
        })
    }
}
