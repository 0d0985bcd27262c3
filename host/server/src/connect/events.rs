//! The state of a login while it waits, as server-sent events: the server polls at the interval
//! that the service wants, for as long as the browser listens.
//!
//! | event | data |
//! |---|---|
//! | `status` | a line for the person |
//! | `change` | nothing: the page is loaded again, and shows what has changed |

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use chatgpt_oauth::Error;
use futures_util::{StreamExt, stream};
use http::header::{self, HeaderValue};
use tokio::time::{Instant, sleep_until};

use super::session::{Session, State};
use super::texts::Texts;
use crate::answer::{Answer, Body};
use crate::drain::{Phase, Progress};
use crate::limits::Running;

/// An intermediary may cut a stream that is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The shortest pause after a failure, in seconds.
const PAUSE: u32 = 5;
/// How soon the browser asks again after the end of the stream, in milliseconds.
const RETRY: &str = "retry: 2000\n\n";

/// The states of the login of a session, until it ends or the browser leaves.
pub(super) fn answer(session: Session, running: Running, texts: &'static Texts) -> Answer {
    let watch = Watch {
        progress: session.app().progress.clone(),
        session,
        texts,
        next: Instant::now(),
        is_over: false,
        _running: running,
    };
    let first = stream::iter([Ok::<_, Infallible>(Bytes::from_static(RETRY.as_bytes()))]);
    let rest = stream::unfold(watch, |mut watch| async move {
        let event = watch.event().await?;
        Some((Ok(Bytes::from(event)), watch))
    });
    let mut answer = Answer::new(Body::from_stream(first.chain(rest)));
    let headers = answer.headers_mut();
    let media_type = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}

/// A browser that listens.
struct Watch {
    session: Session,
    progress: Progress,
    texts: &'static Texts,
    /// When the service is asked next.
    next: Instant,
    is_over: bool,
    /// Counts among the calls of the link.
    _running: Running,
}

impl Watch {
    /// The next event; none at the end, also that of the server.
    async fn event(&mut self) -> Option<String> {
        if self.is_over {
            return None;
        }
        let silence = Instant::now() + KEEP_ALIVE;
        tokio::select! {
            () = sleep_until(self.next.min(silence)) => {}
            () = self.progress.reached(Phase::Closing) => return None,
        }
        match Instant::now() < self.next {
            true => Some(": keep-alive\n\n".to_owned()),
            false => Some(self.poll().await),
        }
    }

    async fn poll(&mut self) -> String {
        let (pause, line) = match self.look().await {
            Ok(Some(pause)) => (pause, self.texts.waiting),
            Ok(None) => return self.change(),
            // The code may still be approved, and the next poll finishes the login.
            Err(error) => {
                let pause = error.retry_after_seconds.unwrap_or(PAUSE).max(PAUSE);
                (pause, self.texts.of_error(error.code))
            }
        };
        self.next = Instant::now() + Duration::from_secs(pause.into());
        format!("event: status\ndata: {line}\n\n")
    }

    /// How long the login that the page shows waits for its next poll, in seconds; none when the
    /// page has something else to show.
    async fn look(&mut self) -> Result<Option<u32>, Error> {
        if !self.session.is_current().await? {
            return Ok(None);
        }
        let shown = self.session.record.login.clone();
        let state = self.session.poll().await?;
        match state {
            State::Waiting { pause, .. } if self.session.record.login == shown => Ok(Some(pause)),
            _ => Ok(None),
        }
    }

    fn change(&mut self) -> String {
        self.is_over = true;
        "event: change\ndata:\n\n".to_owned()
    }
}
