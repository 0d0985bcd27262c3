//! Packages the component: one [`World`] for each kind of runtime.
//!
//! | feature | module | what it does |
//! |---|---|---|
//! | `build` | [`Builder`] | builds a world from source, and labels it in custom sections |
//! | `build` | [`Dependencies`] | lists what a world is built from, for a bill of materials |
//! | `inspect` | [`inspect`] | reads a component and reports where it differs from its world |
//! | `inspect` | [`vendor`] | returns the interface `connection` as a WIT package, for an agent that imports it |
//!
//! A world is reproducible: the same sources and the same toolchain give the same
//! bytes, in any directory and with any `CARGO_HOME`. Its custom sections describe it,
//! and nothing in them depends on the machine. `metadata.rs` has the names of these
//! sections for the writer and the reader.
//!
//! The build script of `host/runtime` builds and embeds worlds. `cargo run --package
//! chatgpt-oauth-packaging --features dist` writes all of them to `dist/`, with the
//! other files of a publication.

#[cfg(feature = "build")]
mod build;
mod digest;
#[cfg(feature = "inspect")]
pub mod inspect;
mod metadata;
#[cfg(feature = "build")]
mod sbom;
#[cfg(feature = "inspect")]
pub mod vendor;
mod world;

#[cfg(feature = "build")]
pub use build::{Builder, plug};
pub use digest::digest;
#[cfg(feature = "build")]
pub use sbom::Dependencies;
pub use world::World;
