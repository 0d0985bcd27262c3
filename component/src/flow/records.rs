//! Reads and writes the stored records: `credential`, `pending` and the caches.
//!
//! Bytes come out of the bucket, are decoded by `state/`, and go back as bytes. If the wall
//! clock was set since a record was written, `credential` and `pending` move their times by
//! the same step.

pub(crate) mod cache;
pub(crate) mod credential;
pub(crate) mod pending;

use crate::ports::{Ports, StoreError};
use crate::state::clock_skew::Stamp;
use alloc::string::String;

/// The key under which a host offers a clock that is never set: its name and its
/// seconds, `NAME SECONDS`. Two readings of the same name can be subtracted. Other
/// hosts have no value there.
const STEADY_CLOCK: &str = "clock";

/// The present reading of both clocks, where the host has a steady one, and the wall clock
/// of the same reading, Unix seconds.
pub(crate) fn read_clocks(ports: Ports) -> (Option<Stamp>, u64) {
    let steady = ports.store.get(STEADY_CLOCK).ok().flatten();
    let now = ports.now();
    let steady = steady.and_then(|reading| String::from_utf8(reading).ok());
    (Stamp::stored(steady, now), now)
}

/// Writes `value`. After an error it reads back: if the value is there, the write
/// has succeeded. Each value is unique, by its `attempt` or its `generation`.
fn write(ports: Ports, key: &str, value: &[u8]) -> Result<(), StoreError> {
    let Err(fault) = ports.store.set(key, value) else {
        return Ok(());
    };
    match ports.store.get(key) {
        Ok(Some(stored)) if stored == value => Ok(()),
        _ => Err(fault),
    }
}
