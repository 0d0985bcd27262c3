//! What the calls of a gateway have needed, for the metrics of a platform.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the calls of a gateway have needed since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Requests that the backend answered with success.
    pub upstream_accepted: u64,
    /// Requests that the backend answered with an error.
    pub upstream_refused: u64,
    /// Requests without an answer of the backend.
    pub upstream_failed: u64,
    /// Calls whose authorization was kept.
    pub authorization_hits: u64,
    /// Calls that asked the component for an authorization.
    pub authorization_misses: u64,
    /// Authorizations that the backend refused.
    pub authorization_refused: u64,
    /// The bytes of bodies that are held now.
    pub buffered_bytes: u64,
}

/// Counts while calls run.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) upstream_accepted: Count,
    pub(crate) upstream_refused: Count,
    pub(crate) upstream_failed: Count,
    pub(crate) authorization_hits: Count,
    pub(crate) authorization_misses: Count,
    pub(crate) authorization_refused: Count,
}

/// A number that only rises.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(crate) fn read(&self, buffered_bytes: u64) -> Statistics {
        Statistics {
            upstream_accepted: self.upstream_accepted.get(),
            upstream_refused: self.upstream_refused.get(),
            upstream_failed: self.upstream_failed.get(),
            authorization_hits: self.authorization_hits.get(),
            authorization_misses: self.authorization_misses.get(),
            authorization_refused: self.authorization_refused.get(),
            buffered_bytes,
        }
    }
}
