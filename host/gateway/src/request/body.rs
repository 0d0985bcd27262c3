//! Collects the body of a request, within limits of size, time and memory.
//!
//! A body is collected whole, because a call that the backend answers 401 to is sent again.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use http::header::{self, HeaderMap};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::budget::Running;
use crate::error::ErrorAnswer;

/// The largest body, in bytes.
pub(crate) const LARGEST: usize = 32 << 20;
/// How long a body may take.
const LONGEST: Duration = Duration::from_secs(60);
/// How many bytes one permit stands for.
const UNIT: usize = 1 << 10;

/// The room for the bodies of all calls.
#[derive(Clone)]
pub(crate) struct Room {
    free: Arc<Semaphore>,
    units: usize,
}

/// A body, and the room that it takes.
pub(crate) struct Collected {
    pub(crate) bytes: Bytes,
    pub(crate) reserved: Reserved,
}

/// Room that is taken until this is dropped.
pub(crate) struct Reserved {
    _permits: Vec<OwnedSemaphorePermit>,
}

impl Room {
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        let permits = (bytes / UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(permits)),
            units: permits,
        }
    }

    /// How many bytes are taken.
    pub(crate) fn taken(&self) -> u64 {
        let units = self.units.saturating_sub(self.free.available_permits());
        (units * UNIT) as u64
    }

    /// Collects the body of a call.
    pub(crate) async fn collect<B>(
        &self,
        headers: &HeaderMap,
        body: B,
        running: &Running,
    ) -> Result<Collected, ErrorAnswer>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        check_encoding(headers)?;
        match timeout(LONGEST, self.read(body, running)).await {
            Ok(collected) => collected,
            Err(_) => {
                let message = "The body did not come within 60 s.";
                let status = StatusCode::REQUEST_TIMEOUT;
                Err(ErrorAnswer::new(status, "request_timeout", message))
            }
        }
    }

    async fn read<B: Body>(&self, body: B, running: &Running) -> Result<Collected, ErrorAnswer> {
        if body.size_hint().lower() > LARGEST as u64 {
            return Err(too_large());
        }
        let mut body = pin!(body);
        let mut bytes = BytesMut::new();
        let mut room = Vec::new();
        let mut reserved = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| broken())?;
            let Ok(mut chunk) = frame.into_data() else {
                continue;
            };
            let size = chunk.remaining();
            let chunk = chunk.copy_to_bytes(size);
            if bytes.len() + chunk.len() > LARGEST {
                return Err(too_large());
            }
            running.add_to_request(chunk.len())?;
            reserved = self.reserve(&mut room, reserved, bytes.len() + chunk.len())?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(Collected {
            bytes: bytes.freeze(),
            reserved: Reserved { _permits: room },
        })
    }

    /// Reserves room up to this size of a body, and returns how much is reserved.
    fn reserve(
        &self,
        room: &mut Vec<OwnedSemaphorePermit>,
        reserved: usize,
        size: usize,
    ) -> Result<usize, ErrorAnswer> {
        if size <= reserved {
            return Ok(reserved);
        }
        let units = (size - reserved).div_ceil(UNIT);
        room.push(self.take(units * UNIT)?);
        Ok(reserved + units * UNIT)
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ErrorAnswer> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        self.free
            .clone()
            .try_acquire_many_owned(units)
            .map_err(|_| {
                tracing::warn!("there is no room for the bodies of requests");
                let message = "Too many large requests at a time.";
                let status = StatusCode::SERVICE_UNAVAILABLE;
                ErrorAnswer::new(status, "overloaded", message).retry_after(1_u64)
            })
    }
}

/// Refuses an encoded body, which could grow without bound.
fn check_encoding(headers: &HeaderMap) -> Result<(), ErrorAnswer> {
    match headers.contains_key(header::CONTENT_ENCODING) {
        false => Ok(()),
        true => {
            let message = "Send the body without content-encoding.";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Err(ErrorAnswer::new(
                status,
                "unsupported_content_encoding",
                message,
            ))
        }
    }
}

fn too_large() -> ErrorAnswer {
    let message = "The body is larger than 32 MiB.";
    ErrorAnswer::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message)
}

fn broken() -> ErrorAnswer {
    ErrorAnswer::invalid(None, "The body ended early.")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};

    use super::*;
    use crate::budget::Budget;

    fn running() -> Running {
        Budget::default().begin().ok().unwrap()
    }

    async fn status(room: &Room, body: impl Body<Error = Infallible>) -> Result<usize, u16> {
        let running = running();
        let collected = room.collect(&HeaderMap::new(), body, &running).await;
        let collected = collected.map_err(|error| error.status.as_u16())?;
        Ok(collected.bytes.len())
    }

    fn chunked(chunks: usize, size: usize) -> impl Body<Error = Infallible> {
        let chunk = move |_| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b' '; size])));
        StreamBody::new(stream::iter((0..chunks).map(chunk)))
    }

    /// Faults: X29 G09
    #[tokio::test]
    async fn a_body_has_32_mib_declared_or_chunked() {
        let room = Room::of_bytes(LARGEST * 2);
        let whole = |size| Full::new(Bytes::from(vec![b' '; size]));
        assert_eq!(status(&room, whole(LARGEST)).await, Ok(LARGEST));
        assert_eq!(status(&room, whole(LARGEST + 1)).await, Err(413));
        assert_eq!(status(&room, chunked(32, 1 << 20)).await, Ok(LARGEST));
        assert_eq!(status(&room, chunked(33, 1 << 20)).await, Err(413));
    }

    /// Faults: G10
    #[tokio::test]
    async fn all_bodies_together_have_a_limit_that_ends_with_them() {
        let room = Room::of_bytes(4 << 20);
        let headers = HeaderMap::new();
        let first = room
            .collect(&headers, chunked(3, 1 << 20), &running())
            .await
            .ok()
            .unwrap();
        assert_eq!(status(&room, chunked(2, 1 << 20)).await, Err(503));
        assert_eq!(status(&room, chunked(1, 1 << 20)).await, Ok(1 << 20));
        drop(first);
        assert_eq!(status(&room, chunked(4, 1 << 20)).await, Ok(4 << 20));
    }

    /// Faults: G11
    #[tokio::test]
    async fn an_encoded_body_is_refused() {
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, "gzip".parse().unwrap())]);
        let refused = Room::of_bytes(LARGEST)
            .collect(&headers, chunked(1, 1), &running())
            .await;
        assert_eq!(refused.err().unwrap().status, 415);
    }

    /// Faults: G08
    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_given_up() {
        let never = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(status(&Room::of_bytes(LARGEST), never).await, Err(408));
    }
}
