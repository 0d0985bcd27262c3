//! What chatgpt-oauth keeps on disks: profiles in a store, sealed with a key that
//! lies elsewhere.
//!
//! | module | holds |
//! |---|---|
//! | [`store`] | the trait [`Store`] and its rows; [`SqliteStore`], [`MemoryStore`] and [`StoreLocation`] |
//! | [`seal`] | encryption at rest: [`Keys`], the key file, the sealed value |
//! | [`sealed_store`] | a store whose values are sealed on the way in and opened on the way out |
//! | [`rollback`] | the marks by which a restored backup is noticed |
//! | [`shortage`] | memory, files and threads that the machine refuses, with the limit that is in the way |
//!
//! Values come in from a guest's bucket as bytes, pass through [`sealed_store`],
//! and end up as rows of a [`Store`]. This crate knows no WebAssembly, no HTTP and
//! nothing of what the values say.

mod error;
mod location;
mod memory;
mod private_file;
mod profile_name;
mod rights;
pub mod rollback;
pub mod seal;
pub mod sealed_store;
mod shared;
pub mod shortage;
mod sqlite;
pub mod store;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use error::StoreError;
pub use location::{InvalidLocation, StoreLocation, state_directory};
pub use memory::MemoryStore;
pub use profile_name::{InvalidProfileName, ProfileName};
pub use seal::Keys;
pub use sqlite::SqliteStore;
pub use store::{Row, Store, StoreKind, Version};
