//! A streamed response: split into events, repaired, and relayed to the caller.

mod events;
mod relay;
pub(crate) mod sse;

pub(crate) use events::{Break, End, Event, Events, response_of};
pub(crate) use relay::{COMMENT, KEEP_ALIVE, Relay};
