//! The body of an answer: known as a whole, or made while it is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::script::Gate;

#[derive(Clone)]
pub(crate) enum Body {
    Whole(Vec<u8>),
    /// Makes the pieces of one answer. A thousand long streams are never in memory as a whole.
    Stream(Arc<dyn Fn() -> Pieces + Send + Sync>),
}

pub(crate) type Pieces = Box<dyn Iterator<Item = Piece> + Send>;

/// Bytes of a body, and what the server waits for before it sends them.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) wait: Wait,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) enum Wait {
    Time(Duration),
    Gate(Gate),
}

impl Body {
    pub(crate) fn stream(pieces: impl Fn() -> Pieces + Send + Sync + 'static) -> Self {
        Self::Stream(Arc::new(pieces))
    }

    /// The length, if it is known before the body is sent.
    pub(crate) fn length(&self) -> Option<usize> {
        match self {
            Self::Whole(bytes) => Some(bytes.len()),
            Self::Stream(_) => None,
        }
    }

    pub(crate) fn pieces(&self) -> Pieces {
        match self {
            Self::Whole(bytes) => Box::new(std::iter::once(Piece {
                wait: Wait::Time(Duration::ZERO),
                bytes: bytes.clone(),
            })),
            Self::Stream(pieces) => pieces(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(out, "{} bytes", bytes.len()),
            Self::Stream(_) => out.write_str("a stream"),
        }
    }
}
