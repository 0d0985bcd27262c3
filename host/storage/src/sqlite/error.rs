//! What an error of SQLite says about the store.

use rusqlite::{Error, ErrorCode};

use crate::StoreError;
use crate::shortage::Shortage;

/// How many files SQLite has open at a time: the store, its journal, its shared memory, and
/// their directory.
const FILES: usize = 4;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::SqliteFailure(failure, message) => {
                let message = message.unwrap_or_else(|| failure.to_string());
                of_code(failure.code, message)
            }
            // Without the statement, which its `Display` repeats.
            Error::SqlInputError { msg, .. } => Self::Unavailable(msg),
            Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..) => Self::Corrupt,
            error => Self::unavailable(error.to_string()),
        }
    }
}

fn of_code(code: ErrorCode, message: String) -> StoreError {
    match code {
        ErrorCode::OutOfMemory => Shortage::Memory.into(),
        ErrorCode::CannotOpen if let Some(shortage) = Shortage::of_open_files(FILES) => {
            shortage.into()
        }
        ErrorCode::PermissionDenied
        | ErrorCode::CannotOpen
        | ErrorCode::AuthorizationForStatementDenied => StoreError::Unusable(message),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy,
        ErrorCode::ReadOnly => StoreError::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt,
        ErrorCode::DiskFull => StoreError::Full,
        _ => StoreError::Unavailable(message),
    }
}
