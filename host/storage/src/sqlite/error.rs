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
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged,
        ErrorCode::DiskFull => StoreError::Full,
        // By the triggers of the schema.
        ErrorCode::ConstraintViolation if message == "moved" => StoreError::Moved,
        _ => StoreError::Unavailable(message),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn of(code: i32) -> StoreError {
        Error::SqliteFailure(ffi::Error::new(code), Some("why".into())).into()
    }

    #[test]
    fn an_extended_code_says_what_its_primary_code_says() {
        let unusable = StoreError::Unusable("why".into());
        let unavailable = StoreError::Unavailable("why".into());
        for (codes, expected) in [
            (vec![ffi::SQLITE_PERM, ffi::SQLITE_AUTH], &unusable),
            (
                vec![ffi::SQLITE_CANTOPEN, ffi::SQLITE_CANTOPEN_ISDIR],
                &unusable,
            ),
            (
                vec![ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_RECOVERY],
                &StoreError::Busy,
            ),
            (
                vec![ffi::SQLITE_BUSY_SNAPSHOT, ffi::SQLITE_LOCKED],
                &StoreError::Busy,
            ),
            (
                vec![ffi::SQLITE_READONLY, ffi::SQLITE_READONLY_CANTINIT],
                &StoreError::ReadOnly,
            ),
            (
                vec![ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX],
                &StoreError::Damaged,
            ),
            (vec![ffi::SQLITE_NOTADB], &StoreError::Damaged),
            (vec![ffi::SQLITE_FULL], &StoreError::Full),
            (
                vec![ffi::SQLITE_IOERR, ffi::SQLITE_IOERR_FSYNC],
                &unavailable,
            ),
            (vec![ffi::SQLITE_ERROR, ffi::SQLITE_PROTOCOL], &unavailable),
        ] {
            for code in codes {
                assert_eq!(&of(code), expected, "{code}");
            }
        }
        assert_eq!(of(ffi::SQLITE_NOMEM), Shortage::Memory.into());
    }

    #[test]
    fn an_error_in_a_statement_does_not_repeat_the_statement() {
        let sqlite = rusqlite::Connection::open_in_memory().unwrap();
        let wrong = sqlite.execute_batch("SELECT secret").unwrap_err();
        let message = StoreError::from(wrong).to_string();
        assert!(message.contains("no such column"), "{message}");
        assert!(!message.contains("SELECT"), "{message}");
    }
}
