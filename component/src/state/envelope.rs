//! What the two records in the bucket, `credential` and `pending`, have in
//! common: a version, and writes that may have landed although they failed.

use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::json::{self, Object};
use crate::ports::{Ports, StoreError};
use crate::text::{decimal, join};

/// Reads the fields of a record whose version is `known`. `what` names it to
/// people. A newer version and a damaged record are different errors.
pub(crate) fn fields(bytes: &[u8], known: u64, what: &str) -> Result<Object> {
    let mut fields = json::parse_object(bytes).ok_or(StoreError::Corrupt)?;
    match fields.required_number("version") {
        Some(version) if version == known => Ok(fields),
        Some(version) if version > known => Err(Error::boxed(
            ErrorCode::RecordNewer,
            &join(&[
                "the ",
                what,
                " has version ",
                &decimal(version),
                ", this software knows ",
                &decimal(known),
            ]),
        )),
        _ => Err(StoreError::Corrupt.into()),
    }
}

/// Writes `value`. After an error it reads back: if the value is there, the
/// write has succeeded. Every value is unlike all others by an `attempt` or a
/// `generation` of its own.
pub(crate) fn write(ports: Ports, key: &str, value: &[u8]) -> core::result::Result<(), StoreError> {
    let Err(fault) = ports.store.set(key, value) else {
        return Ok(());
    };
    match ports.store.get(key) {
        Ok(Some(stored)) if stored == value => Ok(()),
        _ => Err(fault),
    }
}
