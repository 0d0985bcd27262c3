//! Copies of what the service said last, under keys of their own.
//!
//! A copy belongs to one login: it carries the login's login_seq and counts for
//! nothing under another. Losing one costs a request, so whatever goes wrong
//! with a copy is passed over.

use crate::json::{self, Object, Value};
use crate::state::clock_skew;
use alloc::vec::Vec;

/// The key of the list of models.
pub(crate) const MODELS: CacheKey = CacheKey {
    name: "models",
    fresh_for: 300,
};

/// The key of the usage.
pub(crate) const USAGE: CacheKey = CacheKey {
    name: "usage",
    fresh_for: 60,
};

/// A forced call asks the service again only when the copy is this old, in seconds.
const FORCED_AFTER: u64 = 10;

/// The version of the copies that this code writes.
const VERSION: u64 = 1;

/// A key and how long its copy counts.
#[derive(Clone, Copy)]
pub(crate) struct CacheKey {
    pub(crate) name: &'static str,
    /// Seconds.
    fresh_for: u64,
}

/// A copy: the service's answer, cut down to what is read of it.
pub(crate) struct CachedResponse {
    /// Unix seconds.
    pub(crate) fetched_at: u64,
    /// The service's clock minus this machine's when it was fetched, in seconds;
    /// 0 where it is not known.
    pub(crate) clock_offset: i64,
    pub(crate) body: Value,
}

impl CachedResponse {
    /// Whether the copy answers a call at `now`. One from the future does not.
    pub(crate) fn answers(&self, key: CacheKey, force: bool, now: u64) -> bool {
        let limit = if force { FORCED_AFTER } else { key.fresh_for };
        clock_skew::age(self.fetched_at, now).is_some_and(|age| age < limit)
    }
}

/// Reads a stored copy, if it is one of that login.
pub(crate) fn decode(bytes: &[u8], login_seq: u64) -> Option<CachedResponse> {
    let mut fields = json::parse_object(bytes)?;
    let number = |name| fields.get(name).as_u64();
    let is_ours = number("version")? == VERSION && number("epoch")? == login_seq;
    is_ours.then_some(())?;
    Some(CachedResponse {
        fetched_at: number("fetched_at")?,
        clock_offset: fields.take("clock_offset").as_i64().unwrap_or(0),
        body: fields.take("body"),
    })
}

/// Writes a copy for the bucket.
pub(crate) fn encode(origin: Object, login_seq: u64, fetched_at: u64, body: Value) -> Vec<u8> {
    origin
        .with("version", VERSION)
        .with("epoch", login_seq)
        .with("fetched_at", fetched_at)
        .with("body", body)
        .to_bytes()
}
