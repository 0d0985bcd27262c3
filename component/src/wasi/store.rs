//! The port [`Store`] over wasi:keyvalue.

use crate::bindings::keyvalue::{self, Error};
use crate::ports::{Store, StoreError};
use alloc::vec::Vec;

/// The names of the bucket, in the order in which they are tried. Runtimes with
/// several buckets call the first one `default`; other runtimes have one without
/// a name.
const NAMES: [&str; 2] = ["default", ""];

/// The bucket of this connection, opened once a call.
pub(super) struct Bucket(keyvalue::Bucket);

impl Bucket {
    pub(super) fn open() -> Result<Self, StoreError> {
        let [name, fallback] = NAMES;
        let bucket = match keyvalue::open(name) {
            Err(Error::NoSuchStore | Error::AccessDenied) => keyvalue::open(fallback),
            opened => opened,
        };
        Ok(Self(bucket.map_err(fault)?))
    }
}

impl Store for Bucket {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key).map_err(fault)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.0.set(key, value).map_err(fault)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key).map_err(fault)
    }
}

/// Hosts that know this component begin the text with a word of this list. Any
/// other text means that the store is unavailable.
fn fault(error: Error) -> StoreError {
    let Error::Other(text) = error else {
        return StoreError::Unavailable;
    };
    let word = text
        .split(|c: char| !c.is_ascii_lowercase() && c != '-')
        .next();
    match word.unwrap_or_default() {
        "conflict" => StoreError::Conflict,
        "busy" => StoreError::Busy,
        "unusable" => StoreError::Unusable,
        "read-only" => StoreError::ReadOnly,
        "full" => StoreError::Full,
        "too-large" => StoreError::TooLarge,
        "key-unknown" => StoreError::KeyUnknown,
        "corrupt" => StoreError::Corrupt,
        "newer" => StoreError::Newer,
        "rollback" => StoreError::Rollback,
        _ => StoreError::Unavailable,
    }
}
