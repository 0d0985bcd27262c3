//! Reads the version of a stored `credential` or `pending`, and returns its fields.

use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::json;
use crate::ports::StoreError;
use crate::state::fields::Fields;
use crate::text::{decimal, join};

/// Returns the fields of a record whose version is `known`. `what` names the
/// record in the error. A newer version and a damaged record are different
/// errors.
pub(crate) fn fields(bytes: &[u8], known: u64, what: &str) -> Result<Fields> {
    let mut object = json::parse_object(bytes).ok_or(StoreError::Corrupt)?;
    match object.take("version").as_u64() {
        Some(version) if version == known => Ok(Fields::of(object)),
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
