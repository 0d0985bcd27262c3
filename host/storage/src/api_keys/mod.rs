//! API keys: what a caller of a server shows in `Authorization: Bearer`.
//!
//! | file | holds |
//! |---|---|
//! | `keys.rs` | [`ApiKeys`]: the keys of a store, made, found, listed, rotated and ended |
//! | `outcome.rs` | what these take and return |
//! | `text.rs` | [`ApiKey`]: the text that a caller keeps, with its checksum |
//! | `permission.rs` | [`Permission`] and [`Scope`]: what a key allows |
//! | `record.rs` | [`ApiKeyRecord`]: what the store keeps of a key, sealed |
//!
//! The store keeps the SHA-256 of a secret of 196 random bits, so that it cannot give a key
//! back. The record is sealed for its id and owner: who can write the store, but does not have
//! its key, can neither make an API key nor give one to another profile.

mod keys;
mod outcome;
mod permission;
mod record;
#[cfg(test)]
mod tests;
mod text;

pub use keys::{ApiKeys, ROTATION_GRACE};
pub use outcome::{ApiKeyError, CreatedApiKey, ListedApiKey, NewApiKey, RotatedApiKey};
pub use permission::{Permission, Scope, Scopes, UnknownScope};
pub use record::{ApiKeyRecord, ApiKeyState, InvalidLabel, Label};
pub use text::{ApiKey, ApiKeyId, InvalidApiKey};
