//! Reads and writes the stored records: `credential`, `pending` and the caches.
//!
//! Values of `state/` go into the bucket and come out of it, moved to the present
//! time of the wall clock. What the records say is decided in `state/`.

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

/// The present reading of both clocks, where the host has a steady one.
fn read_clocks(ports: Ports) -> Option<Stamp> {
    let reading = ports.store.get(STEADY_CLOCK).ok()??;
    Stamp::stored(String::from_utf8(reading).ok(), ports.now())
}

/// By how many seconds the wall clock was set since `stamp`; 0 where that is unknown.
fn clock_step(ports: Ports, stamp: Option<&Stamp>) -> i64 {
    let step = |stamp: &Stamp| Some(stamp.step(&read_clocks(ports)?));
    stamp.and_then(step).unwrap_or(0)
}

/// Writes `value`. After an error it reads back: if the value is there, the
/// write has succeeded. Every value is unlike all others by an `attempt` or a
/// `generation` of its own.
fn write(ports: Ports, key: &str, value: &[u8]) -> Result<(), StoreError> {
    let Err(fault) = ports.store.set(key, value) else {
        return Ok(());
    };
    match ports.store.get(key) {
        Ok(Some(stored)) if stored == value => Ok(()),
        _ => Err(fault),
    }
}
