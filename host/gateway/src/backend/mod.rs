//! The ChatGPT backend: requests to it, and what its answers mean.

mod answer;
mod client;
pub(crate) mod failure;
pub(crate) mod headers;

pub(crate) use answer::Answer;
pub(crate) use client::{Backend, COMPACT, MODELS, RESPONSES};
