//! A key-value store in one directory, as a WebAssembly component. It exports
//! `wasi:keyvalue/store@0.2.0-draft` and stores each value in a file, over
//! `wasi:filesystem`. Composed with a component that imports the store, it makes that
//! component usable in runtimes that have files and no store.
//!
//! ```text
//!     wasi              the exports: open, get, set …
//!      │
//!     bucket            one value, all keys
//!      │  ├─ mount      chooses the directory
//!      │  ├─ name       maps keys to names of files
//!      │  ├─ replace    writes a value
//!      │  └─ leftovers  removes unfinished values of killed writers
//!      │
//!     directory         the interface of a directory
//!      │
//!     wasi              its implementation over wasi:filesystem
//! ```
//!
//! Everything except `wasi` is ordinary Rust, and runs in native tests with a fake
//! directory.
//!
//! # The bucket
//!
//! The bucket is the directory that the runtime opens to the component; if it opens
//! several, the one with the name `/login`. The identifier of the bucket is `default` or
//! empty. Nothing is kept in memory, so a handle sees the
//! writes of every other handle, in any process. Files appear with the first `set`.
//!
//! # Guarantees
//!
//! - A key has one whole value that was set, or none, even if writers are killed or
//!   several write at once. The last writer wins.
//! - When `set` or `delete` returns, the value is on the disk. So is its name, if
//!   directories can be synced.
//! - On every file system, a key stays inside the directory and never names another
//!   key's file. The store follows no link, and reads, overwrites and removes only
//!   regular files.
//! - A key has at most 64 bytes and a value at most 256 KiB. The store reads no larger
//!   file.
//!
//! # Scope
//!
//! WASI has no file modes, locks or owners. So values are stored in the clear, with the
//! modes that the runtime's umask gives them, and a `set` does not notice that another
//! process has written since the value was read.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated from wit/")]
mod bindings;

pub mod bucket;
pub mod directory;
mod fault;
mod leftovers;
mod mount;
mod name;
mod replace;

#[cfg(target_arch = "wasm32")]
mod wasi;

#[cfg(test)]
mod fake;
