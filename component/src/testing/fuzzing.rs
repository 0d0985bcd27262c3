//! One function a parser. Each takes any bytes, panics if what the parser makes
//! of them breaks a promise, and says in a word what it made.
//!
//! The fuzz targets in `component/fuzz` call them, and so do the tests beside
//! this file, with the seeds in `component/fuzz/corpus`, with edits of those and
//! with bodies of the fields that are read. The name of a seed begins with the
//! word that it has to be answered with.

mod backend;
mod promises;
mod records;
mod tokens;
mod wire;

pub use backend::{models, usage};
pub use records::{credential, json, models_copy, pending, usage_copy};
pub use tokens::{claims, time};
pub use wire::{device_token, exchange, refresh, refusal, user_code};

/// When all of it happens, Unix seconds.
const NOW: u64 = 1_795_514_400;

/// A parser's function.
pub type Target = fn(&[u8]) -> &'static str;

/// All of them, by the names of their seeds' folders.
pub const TARGETS: [(&str, Target); 14] = [
    ("claims", claims),
    ("credential", credential),
    ("device_token", device_token),
    ("exchange", exchange),
    ("json", json),
    ("models", models),
    ("models_copy", models_copy),
    ("pending", pending),
    ("refresh", refresh),
    ("refusal", refusal),
    ("time", time),
    ("usage", usage),
    ("usage_copy", usage_copy),
    ("user_code", user_code),
];

#[cfg(test)]
mod inputs;
#[cfg(test)]
mod tests;
