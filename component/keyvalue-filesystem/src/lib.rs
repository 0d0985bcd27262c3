//! A key-value store in one directory, as a WebAssembly component: it exports
//! `wasi:keyvalue/store@0.2.0-draft` and keeps a value a file, over
//! `wasi:filesystem`. Composed with a component that imports the store, it makes
//! one for runtimes that have files and no store.
//!
//! ```text
//!     wasi              what a caller asks for: open, get, set …
//!      │
//!     bucket            one value, all keys
//!      │  ├─ name       which file is which key's
//!      │  ├─ replace    how a value is written
//!      │  └─ leftovers  what writers that were killed leave
//!      │
//!     directory         what all of them need of a directory
//!      │
//!     wasi              the same over wasi:filesystem
//! ```
//!
//! Everything but `wasi` is ordinary Rust and is tested natively with a fake
//! directory.
//!
//! # The bucket
//!
//! The bucket is the first directory that the runtime opens to the component,
//! and its identifier is `default` or empty. Nothing is kept in memory: every
//! handle, in this process or another, sees what any of them has written. Files
//! appear with the first `set`.
//!
//! # What is promised
//!
//! - Under a key lies one whole value that was set there, or none, whenever a
//!   writer is killed and however many write at once; the last one wins.
//! - A value that `set` or `delete` has returned for is on the disk, and so is its
//!   name where directories can be synced.
//! - No key leads out of the directory or to another key's file, on no file
//!   system; no link is followed, and nothing but a regular file is read, written
//!   over or removed.
//! - A key has at most 64 bytes, a value at most 256 KiB, and no larger file is
//!   read.
//!
//! # Scope
//!
//! WASI has no file modes, locks or owners. So the values lie in the clear with
//! the modes that the runtime's umask leaves them, and a `set` does not notice
//! that somebody else has written since the value was read.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated from wit/")]
mod bindings;

pub mod bucket;
pub mod directory;
mod fault;
mod leftovers;
mod name;
mod replace;

#[cfg(target_arch = "wasm32")]
mod wasi;

#[cfg(test)]
mod fake;
