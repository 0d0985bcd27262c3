//! A streamed response: split into events, repaired, and relayed to the caller.

mod events;
mod relay;
mod sse;

pub(crate) use events::{End, Event, Events};
pub(crate) use relay::Relay;
