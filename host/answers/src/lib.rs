//! The JSON answers of chatgpt-oauth, as types: the output of the command line with `--json`,
//! and of every other front end.
//!
//! An answer is one object that begins with `ok`. With `true`, the fields of the
//! [answer](connection) to the call follow; with `false`, those of a [`Failure`]. Every field
//! of an answer is present, and `null` when unknown. Names of fields and states
//! are in `snake_case`, [error codes](ErrorCode) in `kebab-case`. Times are Unix seconds.
//!
//! | module | holds |
//! |---|---|
//! | [`connection`] | the answers of the seven functions and of `authorize` |
//! | [`api_keys`] | the answers about the API keys of a server |
//! | [`links`] | the answers about the links by which a person signs in |
//! | [`operations`] | the answers of the commands beside them |
//! | [`Function`] | the seven functions by name |
//! | [`ErrorCode`], [`Class`] | why a call failed, and how a caller reacts |
//! | [`Explanation`], [`Explain`] | what each code means for a person |
//! | [`Refusal`], [`RefusalCode`] | why a server made no call |
//! | [`convert_records`] | the conversions of the contract's records into answers |
//! | `answer`, `to_json`, with the feature `json` | an answer as JSON in one line |
//! | `schema`, with the feature `schemars` | the JSON Schema of each answer |
#![no_std]

extern crate alloc;

/// Derives for each answer what every answer has.
macro_rules! answers {
    ($($(#[$attribute:meta])* $kind:ident $name:ident { $($body:tt)* })*) => {
        $(
            #[derive(Clone, Debug, serde::Serialize)]
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
            $(#[$attribute])*
            pub $kind $name { $($body)* }
        )*
    };
}

pub mod api_keys;
pub mod connection;
mod convert;
mod error;
mod explanation;
mod function;
#[cfg(feature = "json")]
mod json;
pub mod links;
mod ok;
pub mod operations;
mod refusal;
#[cfg(feature = "schemars")]
pub mod schema;

pub use error::{Class, ErrorCode, Failure};
pub use explanation::{Explain, Explained, Explanation};
pub use function::Function;
#[cfg(feature = "json")]
pub use json::{answer, controls_terminal, to_json};
pub use ok::{False, True};
pub use refusal::{Refusal, RefusalCode};
