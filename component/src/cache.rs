//! Copies of what the service said last, under keys of their own.
//!
//! A copy belongs to one login: it carries the login's epoch and counts for
//! nothing under another. Losing one costs a request, so whatever goes wrong
//! with a copy is passed over.

use crate::ports::Ports;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The key of the list of models.
pub(crate) const MODELS: Key = Key {
    name: "models",
    fresh_for: 300,
};

/// The key of the usage.
pub(crate) const USAGE: Key = Key {
    name: "usage",
    fresh_for: 60,
};

/// A forced call asks the service again only when the copy is this old, in seconds.
const FORCED_AFTER: u64 = 10;

/// The version of the copies that this code writes.
const VERSION: u32 = 1;

/// A key and how long its copy counts.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    name: &'static str,
    /// Seconds.
    fresh_for: u64,
}

/// A copy.
#[derive(Serialize, Deserialize)]
pub(crate) struct Copy<T> {
    version: u32,
    epoch: u64,
    /// Unix seconds.
    pub(crate) fetched_at: u64,
    pub(crate) value: T,
}

impl<T> Copy<T> {
    /// Whether the copy answers a call at `now`. One from the future does not.
    pub(crate) fn answers(&self, key: Key, force: bool, now: u64) -> bool {
        let limit = if force { FORCED_AFTER } else { key.fresh_for };
        now.checked_sub(self.fetched_at)
            .is_some_and(|age| age < limit)
    }
}

/// Returns the copy of that login, if there is one.
pub(crate) fn load<T: DeserializeOwned>(ports: Ports, key: Key, epoch: u64) -> Option<Copy<T>> {
    let bytes = ports.store.get(key.name).ok()??;
    let copy: Copy<T> = serde_json::from_slice(&bytes).ok()?;
    (copy.version == VERSION && copy.epoch == epoch).then_some(copy)
}

/// Stores a copy for that login and returns it.
pub(crate) fn store<T: Serialize>(ports: Ports, key: Key, epoch: u64, value: T) -> Copy<T> {
    let copy = Copy {
        version: VERSION,
        epoch,
        fetched_at: ports.now(),
        value,
    };
    if let Ok(bytes) = serde_json::to_vec(&copy) {
        // Whoever wrote meanwhile has just asked the service, too.
        let _ = ports.store.set(key.name, &bytes);
    }
    copy
}

/// Removes both copies.
pub(crate) fn clear(ports: Ports) {
    for key in [MODELS, USAGE] {
        // A copy that stays counts for nothing under the next epoch.
        if let Ok(Some(_)) = ports.store.get(key.name) {
            let _ = ports.store.delete(key.name);
        }
    }
}
