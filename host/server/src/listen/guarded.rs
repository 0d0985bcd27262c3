//! A connection that is read strictly and in time.
//!
//! | what the caller does | what happens |
//! |---|---|
//! | sends bytes with [two readings](super::framing) | the library gets a byte that no head may hold, and answers 400 |
//! | begins a head and does not end it | 408, and the end |
//! | sends nothing between two requests | the end |
//! | takes nothing of an answer | an error, which ends the answer |
//! | sends a body that nothing reads | the answer, and then its bytes are dropped for a moment, so that they do not reset the connection before the answer has come |

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::framing::{Ambiguous, Framing};
use crate::options::Times;

/// No head and no size of a chunk may hold this byte.
const FORBIDDEN: u8 = 0;
/// The answer to a head that does not end.
const TOO_LATE: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/// For this long the rest of a request is dropped after the last answer.
const LINGER: Duration = Duration::from_secs(1);

/// How many requests of a connection are being answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<AtomicUsize>);

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub(crate) struct Active(Activity);

impl Activity {
    pub(crate) fn begin(&self) -> Active {
        self.0.fetch_add(1, Ordering::Relaxed);
        Active(self.clone())
    }

    fn is_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection, guarded.
pub(crate) struct Guarded<IO> {
    io: IO,
    framing: Framing,
    activity: Activity,
    times: Times,
    reading: Reading,
    /// When the wait for a request, or for the rest of its head, began.
    waiting: Deadline,
    /// When the caller took something last.
    writing: Deadline,
    lingering: Deadline,
    has_received: bool,
}

enum Reading {
    Open,
    /// What is left to write of the answer 408.
    TooLate(&'static [u8]),
    Ended,
}

impl<IO> Guarded<IO> {
    pub(crate) fn new(io: IO, activity: Activity, times: Times) -> Self {
        Self {
            io,
            framing: Framing::default(),
            activity,
            times,
            reading: Reading::Open,
            waiting: Deadline::default(),
            writing: Deadline::default(),
            lingering: Deadline::default(),
            has_received: false,
        }
    }

    /// Checks the bytes of the buffer behind `from`.
    fn check(&mut self, buffer: &mut ReadBuf<'_>, from: usize) {
        let received = &buffer.filled()[from..];
        self.has_received |= !received.is_empty();
        if let Err(Ambiguous { at }) = self.framing.follow(received) {
            tracing::info!("a request has two readings, and is refused");
            buffer.set_filled(from + at);
            buffer.put_slice(&[FORBIDDEN]);
            self.reading = Reading::Ended;
        }
    }

    /// How long the caller may send nothing; none while a request is being read or answered.
    fn patience(&self) -> Option<Duration> {
        if self.framing.is_in_head() || !self.has_received {
            return Some(self.times.head);
        }
        let is_idle = self.framing.is_between_requests() && self.activity.is_idle();
        is_idle.then_some(self.times.idle)
    }

    /// Ready when the caller has sent nothing for too long.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.patience() {
            Some(patience) => self.waiting.poll(context, patience),
            None => {
                self.waiting.clear();
                Poll::Pending
            }
        }
    }

    fn give_up(&mut self) {
        // An answer that runs would be cut by this one.
        let is_answerable = self.framing.is_in_head() && self.activity.is_idle();
        self.reading = match is_answerable {
            true => Reading::TooLate(TOO_LATE),
            false => Reading::Ended,
        };
        tracing::info!(
            is_in_head = self.framing.is_in_head(),
            "a caller sent nothing for too long"
        );
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Guarded<IO> {
    /// Fails when the caller takes nothing for too long.
    fn poll_taken<T>(
        &mut self,
        context: &mut Context<'_>,
        taken: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if taken.is_ready() {
            self.writing.clear();
            return taken;
        }
        ready!(self.writing.poll(context, self.times.stalled));
        tracing::info!("a caller takes nothing of its answer");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes the rest of the answer 408.
    fn poll_too_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Reading::TooLate(rest @ [_, ..]) = self.reading {
            let written = ready!(Pin::new(&mut self.io).poll_write(context, rest));
            match written {
                Ok(written @ 1..) => self.reading = Reading::TooLate(&rest[written..]),
                _ => break,
            }
        }
        self.reading = Reading::Ended;
        Poll::Ready(())
    }

    /// Drops what the caller still sends.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut dropped = [0; 4096];
        loop {
            if self.lingering.poll(context, LINGER).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut dropped);
            let read = ready!(Pin::new(&mut self.io).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guarded<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match this.reading {
            Reading::Open => {}
            Reading::TooLate(_) => {
                ready!(this.poll_too_late(context));
                return Poll::Ready(Ok(()));
            }
            Reading::Ended => return Poll::Ready(Ok(())),
        }
        let from = buffer.filled().len();
        match Pin::new(&mut this.io).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                // A head has its time from its first byte on, however it drips.
                if !this.framing.is_in_head() {
                    this.waiting.clear();
                }
                this.check(buffer, from);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                ready!(this.poll_patience(context));
                this.give_up();
                ready!(this.poll_too_late(context));
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.poll_taken(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.poll_taken(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.poll_taken(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(context);
        ready!(self.poll_taken(context, shut))?;
        if !self.framing.is_between_requests() {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

/// A deadline that begins at the first poll. Its timer outlives [`clear`](Self::clear) and is
/// reset only when it fires, so a busy connection hardly ever resets it.
#[derive(Default)]
struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn poll(&mut self, context: &mut Context<'_>, after: Duration) -> Poll<()> {
        let at = *self.at.get_or_insert_with(|| Instant::now() + after);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        ready!(timer.as_mut().poll(context));
        if timer.deadline() == at {
            return Poll::Ready(());
        }
        timer.as_mut().reset(at);
        timer.as_mut().poll(context)
    }

    fn clear(&mut self) {
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn guarded(activity: &Activity) -> (DuplexStream, Guarded<DuplexStream>) {
        let (caller, io) = duplex(1024);
        (caller, Guarded::new(io, activity.clone(), Times::default()))
    }

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    /// Faults: G08
    #[tokio::test(start_paused = true)]
    async fn a_head_has_ten_seconds_from_its_first_byte_however_it_drips() {
        let (mut caller, mut io) = guarded(&Activity::default());
        let begun = Instant::now();
        let drip = tokio::spawn(async move {
            for byte in HEAD {
                if caller.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            let mut answer = String::new();
            caller.read_to_string(&mut answer).await.unwrap();
            answer
        });
        let mut read = Vec::new();
        io.read_to_end(&mut read).await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 10);
        drop(io);
        let answer = drip.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_between_requests_ends_later_and_without_an_answer() {
        let (mut caller, mut io) = guarded(&Activity::default());
        caller.write_all(HEAD).await.unwrap();
        let begun = Instant::now();
        let mut read = Vec::new();
        io.read_to_end(&mut read).await.unwrap();
        assert_eq!(begun.elapsed(), Times::default().idle);
        drop(io);
        assert_eq!(caller.read_to_end(&mut read).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_answered_has_no_such_limit() {
        let activity = Activity::default();
        let (mut caller, mut io) = guarded(&activity);
        caller.write_all(HEAD).await.unwrap();
        let active = activity.begin();
        let mut read = [0; 1024];
        assert_eq!(io.read(&mut read).await.unwrap(), HEAD.len());
        let hour = Duration::from_secs(3600);
        let waited = tokio::time::timeout(hour, io.read(&mut read)).await;
        assert!(waited.is_err());
        drop(active);
        assert_eq!(io.read(&mut read).await.unwrap(), 0);
    }

    /// Faults: G07
    #[tokio::test(start_paused = true)]
    async fn a_caller_that_takes_nothing_for_two_minutes_is_cut() {
        let (_caller, mut io) = guarded(&Activity::default());
        let begun = Instant::now();
        let cut = io.write_all(&[b'x'; 4096]).await.unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 120);
    }

    /// Faults: G12
    #[tokio::test]
    async fn the_library_never_sees_a_head_with_two_readings() {
        let (mut caller, mut io) = guarded(&Activity::default());
        caller
            .write_all(b"GET / HTTP/1.1\nhost: x\n\n")
            .await
            .unwrap();
        let mut read = Vec::new();
        io.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, [FORBIDDEN]);
    }
}
