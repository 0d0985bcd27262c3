//! What the two records, `credential` and `pending`, have in common: a version.

use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::json::{self, Object};
use crate::ports::StoreError;
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
