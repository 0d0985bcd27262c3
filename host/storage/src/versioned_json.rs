//! The JSON of a record that says which version of its layout it has.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Reads a record of this version. The version is read first: a newer record may hold anything.
///
/// # Errors
///
/// [`Newer`](StoreError::Newer) for another version, and [`Corrupt`](StoreError::Corrupt).
pub(crate) fn decode<T: DeserializeOwned>(json: &[u8], known: u32) -> Result<T, StoreError> {
    let corrupt = |_| StoreError::Corrupt;
    let Versioned { version } = serde_json::from_slice(json).map_err(corrupt)?;
    match version == known {
        true => serde_json::from_slice(json).map_err(corrupt),
        false => Err(StoreError::Newer),
    }
}
