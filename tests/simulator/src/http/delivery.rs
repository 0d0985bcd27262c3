//! Sends an answer: whole, in pieces, in part, or not at all.

use std::io;
use std::time::Duration;

use super::{Answer, Connection, Piece, Transport, Wait};

/// How long a connection without an answer is kept, at most.
const HANG: Duration = Duration::from_secs(24 * 3600);

/// How many bytes are collected for one write. Pieces without a pause between them are sent together.
const WRITE: usize = 64 * 1024;

/// What the server sends.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    Answer {
        answer: Answer,
        /// Sent with the chunked transfer coding instead of a `Content-Length`.
        chunked: bool,
        pace: Option<Pace>,
        cut: Option<Cut>,
    },
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// Nothing; the connection ends.
    Nothing { reset: bool },
    /// Nothing; the connection stays open until the client gives up.
    Hang,
}

/// The body in pieces with pauses between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Bytes of each piece.
    pub(crate) piece: usize,
    pub(crate) pause: Duration,
}

/// The connection ends within the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// How many bytes of the body are sent.
    pub(crate) after: usize,
    /// By RST instead of FIN.
    pub(crate) reset: bool,
}

/// What happens to the connection afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Another request may follow.
    Whole,
    /// Close it.
    End,
    /// Close it by RST.
    Reset,
}

impl Delivery {
    pub(crate) fn whole(answer: Answer) -> Self {
        Self::Answer {
            answer,
            chunked: false,
            pace: None,
            cut: None,
        }
    }

    /// The status that the client sees, if the head of an answer reaches it.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { answer, .. } => Some(answer.status),
            // "HTTP/1.1 200 …"
            Self::Raw(bytes) => std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok(),
            Self::Nothing { .. } | Self::Hang => None,
        }
    }

    /// # Errors
    /// If the client disconnects before it has everything.
    pub(crate) async fn send<S: Transport>(
        &self,
        connection: &mut Connection<S>,
        date: &str,
    ) -> io::Result<Sent> {
        match self {
            Self::Answer {
                answer,
                chunked,
                pace,
                cut,
            } => {
                let chunked = *chunked || answer.body.length().is_none();
                let mut sending = Sending {
                    connection,
                    chunked,
                    collected: head(answer, chunked, date).into_bytes(),
                };
                let left = cut.map_or(usize::MAX, |cut| cut.after);
                sending.body(answer.body.pieces(), *pace, left).await?;
                if cut.is_none() {
                    sending.end();
                }
                sending.write().await?;
                Ok(match cut {
                    None => Sent::Whole,
                    Some(Cut { reset: false, .. }) => Sent::End,
                    Some(Cut { reset: true, .. }) => Sent::Reset,
                })
            }
            Self::Raw(bytes) => connection.write(bytes).await.map(|()| Sent::End),
            Self::Nothing { reset: false } => Ok(Sent::End),
            Self::Nothing { reset: true } => Ok(Sent::Reset),
            Self::Hang => connection.pause(HANG).await.map(|()| Sent::End),
        }
    }
}

/// An answer on its way.
struct Sending<'a, S> {
    connection: &'a mut Connection<S>,
    chunked: bool,
    /// What the next write sends.
    collected: Vec<u8>,
}

impl<S: Transport> Sending<'_, S> {
    /// Sends the body up to `left` bytes.
    async fn body(
        &mut self,
        pieces: impl Iterator<Item = Piece>,
        pace: Option<Pace>,
        mut left: usize,
    ) -> io::Result<()> {
        let pace = pace.unwrap_or(Pace {
            piece: usize::MAX,
            pause: Duration::ZERO,
        });
        for Piece { wait, bytes } in pieces {
            match wait {
                Wait::Time(pause) => self.pause(pause).await?,
                Wait::Gate(gate) => {
                    self.write().await?;
                    self.connection.wait(gate.opened()).await?;
                }
            }
            for part in bytes.chunks(pace.piece.max(1)) {
                self.pause(pace.pause).await?;
                let part = &part[..part.len().min(left)];
                self.collect(part).await?;
                left -= part.len();
                if left == 0 {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn pause(&mut self, time: Duration) -> io::Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        self.write().await?;
        self.connection.pause(time).await
    }

    async fn collect(&mut self, part: &[u8]) -> io::Result<()> {
        // A chunk without bytes would end the body.
        if part.is_empty() {
            return Ok(());
        }
        if self.chunked {
            let size = format!("{:x}\r\n", part.len());
            self.collected.extend_from_slice(size.as_bytes());
        }
        self.collected.extend_from_slice(part);
        if self.chunked {
            self.collected.extend_from_slice(b"\r\n");
        }
        if self.collected.len() >= WRITE {
            self.write().await?;
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.chunked {
            self.collected.extend_from_slice(b"0\r\n\r\n");
        }
    }

    async fn write(&mut self) -> io::Result<()> {
        if self.collected.is_empty() {
            return Ok(());
        }
        self.connection.write(&self.collected).await?;
        self.collected.clear();
        Ok(())
    }
}

/// Status line and headers, without duplicates of those that the answer sets itself.
fn head(answer: &Answer, chunked: bool, date: &str) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    let mut add = |name: &str, value: &str| {
        if super::request::header(&answer.headers, name).is_none() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    };
    add("date", date);
    if chunked {
        add("transfer-encoding", "chunked");
    } else if let Some(length) = answer.body.length()
        && answer.status != 204
    {
        add("content-length", &length.to_string());
    }
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head
}

/// The reason phrase (RFC 9110, section 15); empty for rare statuses, which is allowed.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
