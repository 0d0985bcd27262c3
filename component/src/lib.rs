//! OpenAI's device-code login for ChatGPT subscriptions, as a WebAssembly component.
//!
//! Data comes in through the seven functions of [`exports::connection`] (and, in the
//! world `platform`, by [`exports::credentials`]), goes out through the four [`ports`],
//! and is stored in one key-value bucket:
//!
//! ```text
//!     exports/                  what a caller asks for
//!        │
//!     flow/                     refresh, exchange, backend calls; reads and writes records
//!        │        │
//!     openai/  state/           the wire │ what is stored; both pure
//!        │
//!     ports: Http · Store · Clock · Random
//!        │
//!     wasi/                     the only files that know WASI
//! ```
//!
//! Everything above `wasi/` is ordinary Rust over the ports, tested natively with the
//! fakes of `testing/`. Only `wasi/` is compiled for WebAssembly alone.
//!
//! # What is promised
//!
//! - The component stores the intent before it presents a refresh token
//!   (`flow::refresh`). It presents the same token again only if the service has not
//!   processed it, or if that is unknown. In the second case it waits, until no
//!   access token is live either, and stores that the presentation is a probe.
//! - The component stores what it receives before it uses or returns it.
//! - No function of [`exports::connection`] returns a token, and no error contains one.
//! - The component never sleeps and never loops over the network: every call makes a
//!   few requests and returns.
//!
//! # Scope
//!
//! One bucket is one person's connection. The host chooses the bucket, decides which
//! addresses can be reached, seals the stored values, and waits.

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
