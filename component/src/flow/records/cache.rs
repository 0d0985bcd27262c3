//! The caches of models and usage. A lost cache entry costs one request, so
//! faults of the store are ignored.

use crate::json::{Object, Value};
use crate::ports::Ports;
use crate::state::cache::{CacheKey, CachedResponse, MODELS, USAGE, decode, encode};

/// Reads the cached response of that login, if there is one.
pub(crate) fn load(ports: Ports, key: CacheKey, login_seq: u64) -> Option<CachedResponse> {
    let bytes = ports.store.get(key.name).ok()??;
    decode(&bytes, login_seq)
}

/// Caches a response for that login and returns its time, Unix seconds. `origin`
/// has further fields to store beside the body.
pub(crate) fn store(
    ports: Ports,
    key: CacheKey,
    login_seq: u64,
    body: Value,
    origin: Object,
) -> u64 {
    let fetched_at = ports.now();
    let bytes = encode(origin, login_seq, fetched_at, body);
    // The bucket accepts a write only over the value that this call has read.
    let _ = ports.store.get(key.name);
    let _ = ports.store.set(key.name, &bytes);
    fetched_at
}

/// Removes both cache entries.
pub(crate) fn clear(ports: Ports) {
    for key in [MODELS, USAGE] {
        // An entry that stays is ignored: the `login_seq` is another.
        if let Ok(Some(_)) = ports.store.get(key.name) {
            let _ = ports.store.delete(key.name);
        }
    }
}
