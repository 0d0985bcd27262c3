//! Why a call failed.
//!
//! There is one error type, with the shape that the contract gives it: what the
//! component says goes through unchanged, and what the host itself meets is said
//! in the same closed codes. A caller never has to ask which of the two it was.
//! No text contains a token, a code, a body or a query of a URL.

use std::{fmt, io};

use crate::answers;
use crate::sandbox::bindings::exports::chatgpt::oauth::connection;
use crate::shortage;
use chatgpt_oauth_storage::shortage::Shortage;
use chatgpt_oauth_storage::{InvalidProfileName, StoreError, StoreKind};

pub use connection::ErrorCode;

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What a caller acts on.
    pub code: ErrorCode,
    /// What happened, one sentence. Never contains a secret.
    pub message: String,
    /// What a person can do about it.
    pub hint: String,
    /// True when the same call can succeed later without anybody's doing.
    pub retryable: bool,
    /// How long to wait before trying again, in seconds, where that is known.
    pub retry_after_seconds: Option<u32>,
    /// True when only a new login helps.
    pub relogin_required: bool,
    /// The service's own error code, such as `token_expired`, where it gave one.
    pub service_code: Option<String>,
    /// The HTTP status of the service's answer, where there was one.
    pub service_status: Option<u16>,
}

impl Error {
    /// A failure that lasts until somebody does something about it. Whether that
    /// is a new login follows from the code, as it does in the component.
    #[must_use]
    pub fn permanent(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            retryable: false,
            retry_after_seconds: None,
            relogin_required: answers::ErrorCode::from(code).requires_login(),
            service_code: None,
            service_status: None,
        }
    }

    /// A failure that can pass by itself; it makes sense to try again after so
    /// many seconds.
    pub fn transient(
        code: ErrorCode,
        message: impl Into<String>,
        hint: impl Into<String>,
        retry_after_seconds: u32,
    ) -> Self {
        Self {
            retryable: true,
            retry_after_seconds: Some(retry_after_seconds),
            ..Self::permanent(code, message, hint)
        }
    }

    /// What the operating system refuses to a program as it starts.
    #[must_use]
    pub fn cannot_start(error: &io::Error) -> Self {
        match Shortage::of_io(error) {
            Some(shortage) => shortage::error(shortage, ErrorCode::Internal),
            None => Self::internal(format!("cannot start: {error}")),
        }
    }

    /// A fault of this software.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::permanent(
            ErrorCode::Internal,
            message,
            "this is a fault of this software; please report it",
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<connection::Error> for Error {
    fn from(error: connection::Error) -> Self {
        Self {
            code: error.code,
            message: error.message,
            hint: error.hint,
            retryable: error.retryable,
            retry_after_seconds: error.retry_after_seconds,
            relogin_required: error.relogin_required,
            service_code: error.service_code,
            service_status: error.service_status,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Conflict | StoreError::Busy => Self::transient(
                ErrorCode::StoreBusy,
                message,
                "somebody else is writing; try again",
                1,
            ),
            StoreError::Unavailable(_) => Self::transient(
                ErrorCode::StoreUnavailable,
                message,
                "check that the store can be reached, then try again",
                5,
            ),
            StoreError::Unusable(_) => Self::permanent(
                ErrorCode::StoreUnavailable,
                message,
                "let this user read and write where the store is, or name another place",
            ),
            StoreError::Limited { hint, may_pass, .. } => match may_pass {
                true => Self::transient(ErrorCode::StoreUnavailable, message, hint, 60),
                false => Self::permanent(ErrorCode::StoreUnavailable, message, hint),
            },
            StoreError::Full => Self::transient(
                ErrorCode::StoreUnavailable,
                message,
                "make room on the store's disk",
                60,
            ),
            StoreError::ReadOnly => Self::permanent(
                ErrorCode::StoreUnavailable,
                message,
                "make the store writable for this user",
            ),
            StoreError::Refused { hint, .. } => {
                Self::permanent(ErrorCode::StoreUnavailable, message, hint)
            }
            StoreError::WrongKind { wanted, .. } => {
                Self::permanent(ErrorCode::InvalidArgument, message, other_store(wanted))
            }
            StoreError::NeedsUpgrade => Self::permanent(
                ErrorCode::StoreNeedsUpgrade,
                message,
                "any command that writes upgrades it",
            ),
            StoreError::Newer => Self::permanent(
                ErrorCode::RecordNewer,
                message,
                "use the version of this software that wrote it, or a newer one",
            ),
            StoreError::TooLarge => Self::internal(message),
            StoreError::KeyUnknown => Self::permanent(
                ErrorCode::KeyUnknown,
                message,
                "put the right key file back; or set the profile aside with `chatgpt-oauth reset` and sign in again",
            ),
            StoreError::NoKey { hint, .. } => Self::permanent(ErrorCode::KeyUnknown, message, hint),
            StoreError::Corrupt => Self::permanent(
                ErrorCode::RecordCorrupt,
                message,
                "restore the store; or set the profile aside with `chatgpt-oauth reset` and sign in again",
            ),
            StoreError::Rollback => Self::permanent(
                ErrorCode::RollbackSuspected,
                message,
                "restore the latest store, or sign in again; if it is the latest after all: `chatgpt-oauth adopt`",
            ),
        }
    }
}

/// What to do when a store is not of the kind that is needed.
fn other_store(wanted: StoreKind) -> &'static str {
    match wanted {
        StoreKind::OpenAi => {
            "this one was made for tests: name another one, or say where the simulator is"
        }
        StoreKind::Test => {
            "real logins are never sent elsewhere: name another store to test with a simulator"
        }
    }
}

impl From<InvalidProfileName> for Error {
    fn from(error: InvalidProfileName) -> Self {
        Self::permanent(
            ErrorCode::InvalidArgument,
            error.to_string(),
            "choose another name for the profile",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_store_map_to_the_codes_of_the_contract() {
        let refused = StoreError::Refused {
            message: "x is open to other users".into(),
            hint: "chmod 600 'x'".into(),
        };
        let wrong = StoreError::WrongKind {
            found: StoreKind::Test,
            wanted: StoreKind::OpenAi,
        };
        for (fault, code, retryable) in [
            (StoreError::Conflict, ErrorCode::StoreBusy, true),
            (StoreError::Busy, ErrorCode::StoreBusy, true),
            (
                StoreError::unavailable("x"),
                ErrorCode::StoreUnavailable,
                true,
            ),
            (
                StoreError::Unusable("x".into()),
                ErrorCode::StoreUnavailable,
                false,
            ),
            (StoreError::Full, ErrorCode::StoreUnavailable, true),
            (StoreError::ReadOnly, ErrorCode::StoreUnavailable, false),
            (refused, ErrorCode::StoreUnavailable, false),
            (wrong, ErrorCode::InvalidArgument, false),
            (
                StoreError::NeedsUpgrade,
                ErrorCode::StoreNeedsUpgrade,
                false,
            ),
            (StoreError::Newer, ErrorCode::RecordNewer, false),
            (StoreError::TooLarge, ErrorCode::Internal, false),
            (StoreError::KeyUnknown, ErrorCode::KeyUnknown, false),
            (StoreError::Corrupt, ErrorCode::RecordCorrupt, false),
            (StoreError::Rollback, ErrorCode::RollbackSuspected, false),
        ] {
            let error = Error::from(fault);
            assert_eq!(
                (error.code, error.retryable),
                (code, retryable),
                "{error:?}"
            );
            assert_eq!(error.retry_after_seconds.is_some(), retryable, "{error:?}");
            assert!(
                !error.message.is_empty() && !error.hint.is_empty(),
                "{error:?}"
            );
            assert!(!error.relogin_required, "{error:?}");
        }
    }

    #[test]
    fn a_store_of_the_wrong_kind_is_an_invalid_argument() {
        let hint = |found, wanted| {
            let error = Error::from(StoreError::WrongKind { found, wanted });
            assert_eq!(error.code, ErrorCode::InvalidArgument);
            error.hint
        };
        let tests = hint(StoreKind::Test, StoreKind::OpenAi);
        assert!(tests.contains("was made for tests"), "{tests}");
        let real = hint(StoreKind::OpenAi, StoreKind::Test);
        assert!(real.contains("real logins"), "{real}");
    }

    #[test]
    fn the_code_says_whether_a_new_login_is_required() {
        for (code, required) in [
            (ErrorCode::NotConnected, true),
            (ErrorCode::NeedsLogin, true),
            (ErrorCode::NotRefreshable, true),
            (ErrorCode::AccountMismatch, true),
            (ErrorCode::InvalidArgument, false),
            (ErrorCode::StoreUnavailable, false),
        ] {
            let error = Error::permanent(code, "x", "y");
            assert_eq!(error.relogin_required, required, "{error:?}");
        }
    }

    #[test]
    fn a_refused_file_keeps_the_command_that_fixes_it() {
        let error = Error::from(StoreError::Refused {
            message: "x is open to other users".into(),
            hint: "chmod 600 'x'".into(),
        });
        assert_eq!(error.to_string(), "x is open to other users");
        assert_eq!(error.hint, "chmod 600 'x'");
    }
}
