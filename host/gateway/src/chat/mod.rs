//! `/v1/chat/completions`: a request becomes one of `/v1/responses`, its events become chunks.
//!
//! One state machine, [`Translation`], turns events into
//! [`Delta`](delta::Delta)s. A streamed answer is their chunks; a collected answer is what
//! they add up to. Nothing of a failure becomes text of the assistant.

mod answer;
mod delta;
mod deltas;
mod request;
mod stream;
mod translation;

pub(crate) use answer::collect;
pub(crate) use deltas::Deltas;
pub(crate) use request::{Conversations, Wishes, judge_apart};
pub(crate) use stream::ChatStream;
pub(crate) use translation::Translation;
