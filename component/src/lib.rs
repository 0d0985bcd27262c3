//! OpenAI's device-code login for ChatGPT subscriptions, as a WebAssembly component.
//!
//! Data comes in by the seven functions of [`exports::connection`] (and, in the
//! world `platform`, by [`exports::credentials`]), goes out by the four [`ports`],
//! and is stored in one key-value bucket:
//!
//! ```text
//!     exports/                  what a caller asks for
//!        │
//!     flow/                     transactions: every request, read and write
//!        │        │
//!     openai/  state/           the wire │ what is stored; both pure
//!        │
//!     ports: Http · Store · Clock · Random
//!        │
//!     wasi/                     the only files that know WASI
//! ```
//!
//! Everything above `wasi/` is ordinary Rust over the ports and is tested
//! natively with fakes; only `wasi/` is compiled for WebAssembly alone.
//!
//! # What is promised
//!
//! - A refresh token is presented once, and the intent to do so is stored first
//!   (`flow::refresh`). It is presented again only if the service has not looked at
//!   it, or if nobody knows whether it has: then after a pause, while no access
//!   token lives any more, each time as a probe that is recorded.
//! - What was received is stored before it is used or returned.
//! - No function of [`exports::connection`] returns a token, and no error contains one.
//! - The component never sleeps and never loops over the network: every call
//!   makes a handful of requests and returns.
//!
//! # Scope
//!
//! One bucket is one person's connection. Choosing the bucket, deciding which
//! addresses may be reached, sealing what is stored and waiting are the host's.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated from wit/")]
mod bindings;

mod error;
pub mod exports;
mod flow;
mod json;
mod openai;
pub mod ports;
mod secret;
mod state;
mod text;

#[cfg(target_arch = "wasm32")]
mod wasi;

#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod testing;

/// The types of the contract, generated from `wit/connection.wit`.
pub mod contract {
    pub use crate::bindings::exports::chatgpt::oauth::connection::{
        AnswerSource, ConnectionState, ConnectionStatus, Error, ErrorCode, LoginProgress,
        LoginPrompt, LoginStatus, LogoutResult, LogoutStatus, Model, ModelList, PendingLogin,
        RefreshResult, UsageCredits, UsageReport, UsageWindow,
    };
}
