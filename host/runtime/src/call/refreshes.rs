//! Bounds and counts the refreshes of this process.
//!
//! When many logins are due at once, 16 of them are refreshed at a time, so that the token
//! endpoint does not push back. A call takes a slot when it is about to write the login, before
//! it presents a token. If there is none, it ends, waits outside of the sandbox, and begins
//! again with a slot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorCode};
use crate::sandbox::TokenAnswer;

/// How many logins are refreshed at a time.
const MOST: usize = 16;
/// When a caller without a slot is to call again, in seconds: spread, so that the callers do
/// not come at once.
const FIRST_RETRY: u32 = 5;
const RETRIES: u32 = 30;

/// The place of one refresh, until it is dropped.
pub(crate) type Slot = OwnedSemaphorePermit;

/// The refreshes of one host. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Refreshes {
    slots: Arc<Semaphore>,
    counts: Arc<[AtomicU64; TokenAnswer::KINDS]>,
}

impl Default for Refreshes {
    fn default() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(MOST)),
            counts: Arc::default(),
        }
    }
}

impl Refreshes {
    /// A slot if one is free and no call waits for it.
    pub(crate) fn try_slot(&self) -> Option<Slot> {
        self.slots.clone().try_acquire_owned().ok()
    }

    /// Waits for a slot, in the order of arrival. None if the slots were closed, which nothing does.
    pub(crate) async fn slot(&self) -> Option<Slot> {
        self.slots.clone().acquire_owned().await.ok()
    }

    pub(crate) fn count(&self, answer: TokenAnswer) {
        self.counts[answer.kind()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counted(&self) -> RefreshCounts {
        let [granted, refused, pushed_back, failed] =
            std::array::from_fn(|kind| self.counts[kind].load(Ordering::Relaxed));
        RefreshCounts {
            granted,
            refused,
            pushed_back,
            failed,
        }
    }
}

/// How the token endpoint has answered the refreshes of a host until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefreshCounts {
    /// With status 200.
    pub granted: u64,
    /// With another status below 500, as for a token that has ended.
    pub refused: u64,
    /// With 429 or a web page: too many requests, or requests that are not wanted.
    pub pushed_back: u64,
    /// With a failure of the service, or not at all.
    pub failed: u64,
}

/// The error of a call that got no slot in time.
pub(crate) fn too_many() -> Error {
    let spread = getrandom::u32().unwrap_or_default() % RETRIES;
    Error::transient(
        ErrorCode::RefreshInProgress,
        "too many logins are being refreshed",
        "call again later",
        FIRST_RETRY + spread,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_waits_gets_the_next_slot() {
        let refreshes = Refreshes::default();
        let mut taken: Vec<_> = (0..MOST).map(|_| refreshes.try_slot().unwrap()).collect();
        assert!(refreshes.try_slot().is_none());
        let mut waiting = std::pin::pin!(refreshes.slot());
        assert!(poll_once(waiting.as_mut()).is_none());
        taken.pop();
        assert!(refreshes.try_slot().is_none(), "a call waits for it");
        assert!(waiting.await.is_some());
    }

    fn poll_once<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.poll(&mut context) {
            std::task::Poll::Ready(done) => Some(done),
            std::task::Poll::Pending => None,
        }
    }
}
