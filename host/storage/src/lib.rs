//! The storage of chatgpt-oauth: profiles in a store, sealed with a key that is kept
//! elsewhere.
//!
//! | module | holds |
//! |---|---|
//! | [`store`] | the trait [`Store`] and its rows |
//! | [`changes`] | what one process announces to others |
//! | [`server_store`] | the trait [`ServerStore`] and its entries: what a server keeps beside the logins |
//! | [`schedule`] | when the servers of a store look at which login |
//! | [`SqliteStore`], [`MemoryStore`], and with the feature `postgres` `PostgresStore` | the stores |
//! | [`StoreLocation`] | where a store is |
//! | [`seal`] | encryption at rest: [`Keys`], the key file, the sealed value |
//! | [`sealed_store`] | a store that seals values when writing and decrypts them when reading |
//! | [`sealed_entries`] | the same for the entries of a server |
//! | [`api_keys`] | the keys that callers of a server show |
//! | [`links`] | the addresses by which a person signs a profile in |
//! | [`observed`] | a store whose operations are timed |
//! | [`rollback`] | the marks that detect a restored backup |
//! | [`clock`] | the clock that the hosts of one store share |
//! | [`shortage`] | memory, files and threads that the machine refuses, with the limit that causes it |
//!
//! A guest's bucket writes values as bytes to [`sealed_store`], which writes rows to a
//! [`Store`]. This crate knows no WebAssembly and no HTTP, and does not read the values.

pub mod api_keys;
mod base62;
pub mod changes;
pub mod clock;
#[cfg(feature = "postgres")]
mod copy;
mod error;
pub mod links;
mod location;
mod memory;
pub mod observed;
#[cfg(feature = "postgres")]
mod postgres;
mod private_file;
mod profile_name;
mod rights;
pub mod rollback;
pub mod schedule;
pub mod seal;
pub mod sealed_entries;
pub mod sealed_store;
pub mod server_store;
mod shared;
pub mod shortage;
mod sqlite;
pub mod store;
mod versioned_json;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use changes::{Change, Changes};
#[cfg(feature = "postgres")]
pub use copy::{Copied, copy};
pub use error::StoreError;
pub use location::{InvalidLocation, StoreLocation, state_directory};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{Migrated, PostgresStore, PostgresUrl};
pub use profile_name::{InvalidProfileName, ProfileName};
pub use schedule::Schedule;
pub use seal::Keys;
pub use server_store::ServerStore;
pub use sqlite::SqliteStore;
pub use store::{Row, Store, StoreKind, Version};
