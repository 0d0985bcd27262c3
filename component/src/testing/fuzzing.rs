//! The entry points of the fuzz targets: one function for each parser. Each takes any bytes, panics if the result breaks a
//! promise, and returns a word for the result.
//!
//! The fuzz targets in `fuzz` call them. The tests beside this file
//! call them with the seeds in `fuzz/corpus`, with edits of the seeds
//! and with other fields. The name of a seed begins with the word of its result.

mod backend;
mod promises;
mod records;
mod tokens;
mod wire;

pub use backend::{models, usage};
pub use records::{credential, json, models_copy, pending, usage_copy};
pub use tokens::{claims, time};
pub use wire::{device_token, exchange, refresh, refusal, user_code};

/// The present time, Unix seconds.
const NOW: u64 = 1_795_514_400;

/// A parser's function.
pub type Target = fn(&[u8]) -> &'static str;

/// All functions, by the names of the folders of their seeds.
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
