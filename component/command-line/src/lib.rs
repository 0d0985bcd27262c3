//! The seven functions as commands, as a WebAssembly component. It exports
//! `wasi:cli/run`, reads one command from its arguments, calls the function of
//! `chatgpt:oauth/connection` with its name, and prints the answer as the program
//! `chatgpt-oauth` does with `--json`.
//!
//! ```text
//!     wasi              the export: arguments in, output and exit code out
//!      │
//!     reply             what a run prints, and its exit code
//!      │  ├─ arguments  the command and its options
//!      │  ├─ directory  the directory of the login
//!      │  ├─ call       the function, and its answer
//!      │  └─ help       the text of `--help`
//! ```
//!
//! Everything except `wasi` and `call` is ordinary Rust, and runs in native tests.
//!
//! # Scope
//!
//! This component keeps nothing and knows no store: it is composed with a component that
//! exports `connection`. Answers, exit codes and escapes come from
//! `chatgpt-oauth-answers`, which the program uses too.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated from wit/")]
mod bindings;

pub mod arguments;
pub mod call;
pub mod directory;
mod failure;
mod help;
pub mod reply;

#[cfg(target_arch = "wasm32")]
mod wasi;
