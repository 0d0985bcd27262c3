//! Sends an answer: whole, in pieces, in part, or not at all.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Answer;

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
    /// Keep it open and silent.
    Hang,
}

/// A connection that can end with RST.
pub(crate) trait Transport {
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

    pub(crate) async fn send(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        date: &str,
    ) -> io::Result<Sent> {
        let sent = match self {
            Self::Answer {
                answer,
                chunked,
                pace,
                cut,
            } => {
                stream
                    .write_all(head(answer, *chunked, date).as_bytes())
                    .await?;
                let end = cut.map_or(answer.body.len(), |cut| cut.after.min(answer.body.len()));
                send_body(stream, &answer.body[..end], *chunked, *pace).await?;
                match cut {
                    None => {
                        if *chunked {
                            stream.write_all(b"0\r\n\r\n").await?;
                        }
                        Sent::Whole
                    }
                    Some(Cut { reset: false, .. }) => Sent::End,
                    Some(Cut { reset: true, .. }) => Sent::Reset,
                }
            }
            Self::Raw(bytes) => {
                stream.write_all(bytes).await?;
                Sent::End
            }
            Self::Nothing { reset: false } => Sent::End,
            Self::Nothing { reset: true } => Sent::Reset,
            Self::Hang => Sent::Hang,
        };
        stream.flush().await?;
        Ok(sent)
    }
}

async fn send_body(
    stream: &mut (impl AsyncWrite + Unpin),
    body: &[u8],
    chunked: bool,
    pace: Option<Pace>,
) -> io::Result<()> {
    let (piece, pause) = pace.map_or((body.len(), Duration::ZERO), |pace| {
        (pace.piece, pace.pause)
    });
    for part in body.chunks(piece.max(1)) {
        if !pause.is_zero() {
            stream.flush().await?;
            tokio::time::sleep(pause).await;
        }
        if chunked {
            stream
                .write_all(format!("{:x}\r\n", part.len()).as_bytes())
                .await?;
        }
        stream.write_all(part).await?;
        if chunked {
            stream.write_all(b"\r\n").await?;
        }
    }
    Ok(())
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
    } else if answer.status != 204 {
        add("content-length", &answer.body.len().to_string());
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
