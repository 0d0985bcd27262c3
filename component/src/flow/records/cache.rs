//! The cached answers of the service. Losing one costs a request, so every fault
//! of the store is passed over here.

use crate::json::{Object, Value};
use crate::ports::Ports;
use crate::state::cache::{CacheKey, CachedResponse, MODELS, USAGE, decode, encode};

/// Reads the copy of that login, if there is one.
pub(crate) fn load(ports: Ports, key: CacheKey, login_seq: u64) -> Option<CachedResponse> {
    let bytes = ports.store.get(key.name).ok()??;
    decode(&bytes, login_seq)
}

/// Stores a copy for that login and returns its time, Unix seconds. `origin` says
/// how the service was asked and named its answer.
pub(crate) fn store(
    ports: Ports,
    key: CacheKey,
    login_seq: u64,
    body: Value,
    origin: Object,
) -> u64 {
    let fetched_at = ports.now();
    let copy = encode(origin, login_seq, fetched_at, body);
    // The bucket takes a write only over what this call has read.
    let _ = ports.store.get(key.name);
    let _ = ports.store.set(key.name, &copy);
    fetched_at
}

/// Removes both copies.
pub(crate) fn clear(ports: Ports) {
    for key in [MODELS, USAGE] {
        // A copy that stays counts for nothing under the next login_seq.
        if let Ok(Some(_)) = ports.store.get(key.name) {
            let _ = ports.store.delete(key.name);
        }
    }
}
