//! A connection whose client may disconnect at any time.

use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::request::{self, Request};
use crate::from_memory::{FromMemory, Next};

pub(crate) struct Connection<S> {
    stream: S,
    /// Bytes that arrived after the last request.
    unread: Vec<u8>,
    scheme: &'static str,
}

/// A stream that can end with RST.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Transport for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Transport for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl<S: Transport> Connection<S> {
    /// `scheme` is `http` or `https`.
    pub(crate) fn new(stream: S, scheme: &'static str) -> Self {
        Self {
            stream,
            unread: Vec::new(),
            scheme,
        }
    }

    /// The next request; `None` if the client has disconnected.
    pub(crate) async fn request(&mut self) -> io::Result<Option<Request>> {
        request::read(&mut self.stream, &mut self.unread, self.scheme).await
    }

    /// Answers the model calls that come, until there is another request or none.
    pub(crate) async fn answer_from(&mut self, memory: &FromMemory) -> io::Result<()> {
        loop {
            match memory.next(&self.unread) {
                Next::Call { length, answer } => {
                    self.unread.drain(..length);
                    self.write(answer).await?;
                }
                Next::Part if self.stream.read_buf(&mut self.unread).await? > 0 => {}
                Next::Part | Next::Other => return Ok(()),
            }
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Waits this long.
    ///
    /// # Errors
    /// As soon as the client disconnects.
    pub(crate) async fn pause(&mut self, time: Duration) -> io::Result<()> {
        self.wait(tokio::time::sleep(time)).await
    }

    /// Like [`pause`](Self::pause), until something has happened.
    ///
    /// # Errors
    /// As soon as the client disconnects.
    pub(crate) async fn wait(&mut self, end: impl Future<Output = ()>) -> io::Result<()> {
        let mut end = pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                read = self.stream.read_buf(&mut self.unread) => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }

    /// Ends the connection in order: by FIN, over TLS after its own close.
    pub(crate) async fn close(mut self) {
        // The client may have disconnected before.
        let _ = self.stream.shutdown().await;
    }

    /// Ends the connection by RST.
    pub(crate) fn reset(self) {
        reset(self.stream.tcp());
    }
}

/// Dropping the socket afterwards sends RST instead of FIN.
pub(crate) fn reset(tcp: &TcpStream) {
    let _ = tcp.set_zero_linger();
}
