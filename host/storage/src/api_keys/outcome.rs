//! What the operations on API keys take and return.

use super::{ApiKey, ApiKeyRecord, Label, Permission};
use crate::StoreError;
use crate::server_store::Owner;

/// What a new key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// What it allows.
    pub permission: Permission,
    /// What its owner calls it.
    pub label: Label,
    /// When it expires, in Unix seconds.
    pub expires_at: Option<u64>,
}

/// A key that was made, with the only copy of its secret.
#[derive(Debug)]
pub struct CreatedApiKey {
    /// The key, for the caller alone.
    pub key: ApiKey,
    /// What the store keeps of it.
    pub record: ApiKeyRecord,
}

/// A key that replaces another.
#[derive(Debug)]
pub struct RotatedApiKey {
    /// The new key.
    pub created: CreatedApiKey,
    /// When the previous one expires, in Unix seconds.
    pub previous_expires_at: u64,
}

/// One key of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedApiKey {
    /// Its id.
    pub id: String,
    /// Whose key it is.
    pub owner: Owner,
    /// The record, or why it cannot be read.
    pub record: Result<ApiKeyRecord, StoreError>,
}

/// Why a key was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// There is no key with this id.
    #[error("there is no API key with this id")]
    Unknown,
    /// The key has expired or was revoked.
    #[error("the API key has expired or was revoked")]
    Ended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
