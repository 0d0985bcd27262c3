//! The JSON answers of chatgpt-oauth, as types: what the command line prints with
//! `--json`, and what every other front end sends.
//!
//! An answer is one object that begins with `ok`. After `true` come the fields of the
//! [answer](connection) to this call, after `false` those of a [`Failure`]. A field
//! that an answer has is always there, `null` when unknown. Names of fields and states
//! are in `snake_case`, [error codes](ErrorCode) in `kebab-case`. Times are Unix seconds.
//!
//! | module | holds |
//! |---|---|
//! | [`connection`] | the answers of the seven functions and of `authorize` |
//! | [`operations`] | the answers of the commands beside them |
//! | [`ErrorCode`], [`Class`] | why a call failed, and what a caller does about it |
//! | `schema`, with the feature `schemars` | the JSON Schema of each answer |
#![no_std]

extern crate alloc;

pub mod connection;
mod error;
mod ok;
pub mod operations;
#[cfg(feature = "schemars")]
pub mod schema;

pub use error::{Class, ErrorCode, Failure};
pub use ok::{False, True};
