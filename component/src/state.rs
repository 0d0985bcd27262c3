//! What is stored, as values: the records, their encoding, and every decision
//! about them. Pure: it calls no port and does no I/O.
//!
//! Bytes of the bucket come in through `decode`, and bytes for the bucket go out
//! through `encode`. Outcomes of requests come in from `openai/`. `flow/` reads,
//! writes and sends.

pub(crate) mod cache;
pub(crate) mod clock_skew;
pub(crate) mod credential;
pub(crate) mod envelope;
pub(crate) mod fields;
pub(crate) mod pending;
