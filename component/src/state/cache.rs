//! Cached responses of the service, one key each.
//!
//! A cached response belongs to one login: it carries the `login_seq`, and is
//! ignored under another. Bytes come in through `decode` and go out through
//! `encode`.

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

/// A forced call asks the service if the cached response is at least this old, in
/// seconds.
const FORCED_AFTER: u64 = 10;

/// The version that this code writes.
const VERSION: u64 = 1;

/// A key of the bucket, and how long its cached response is fresh.
#[derive(Clone, Copy)]
pub(crate) struct CacheKey {
    pub(crate) name: &'static str,
    /// Seconds.
    fresh_for: u64,
}

/// A response of the service, reduced to the fields that are read.
pub(crate) struct CachedResponse {
    /// Unix seconds.
    pub(crate) fetched_at: u64,
    /// The service's clock minus this machine's at the time of the request, in
    /// seconds; 0 where it is unknown.
    pub(crate) clock_offset: i64,
    pub(crate) body: Value,
}

impl CachedResponse {
    /// Whether the cached response is fresh at `now`. One from the future is not.
    pub(crate) fn is_fresh(&self, key: CacheKey, force: bool, now: u64) -> bool {
        let limit = if force { FORCED_AFTER } else { key.fresh_for };
        clock_skew::age(self.fetched_at, now).is_some_and(|age| age < limit)
    }
}

/// Reads a cached response; `None` unless it is of that login.
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

/// Encodes a response for the bucket.
pub(crate) fn encode(origin: Object, login_seq: u64, fetched_at: u64, body: Value) -> Vec<u8> {
    origin
        .with("version", VERSION)
        .with("epoch", login_seq)
        .with("fetched_at", fetched_at)
        .with("body", body)
        .to_bytes()
}
