//! Why a call failed.
//!
//! There is one error type, with the fields of the contract. Errors of the component pass
//! through unchanged; errors of the host have the same closed codes. No text contains a
//! token, a code, a body or the query of a URL.

use std::{fmt, io};

use chatgpt_oauth_storage::api_keys::ApiKeyError;
use chatgpt_oauth_storage::links::{LINK_LIFE, LinkError};
use chatgpt_oauth_storage::shortage::Shortage;
use chatgpt_oauth_storage::{InvalidProfileName, StoreError, StoreKind};

use crate::answers;
use crate::sandbox::bindings::exports::chatgpt::oauth::connection;
use crate::shortage;

pub use connection::ErrorCode;

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The code that a caller acts on.
    pub code: ErrorCode,
    /// What happened, one sentence. Never contains a secret.
    pub message: String,
    /// What a person can do about it.
    pub hint: String,
    /// True when the same call can succeed later without a fix.
    pub retryable: bool,
    /// How long to wait before the next attempt, in seconds, if known.
    pub retry_after_seconds: Option<u32>,
    /// True when only a new login helps.
    pub relogin_required: bool,
    /// The service's own error code, such as `token_expired`, if the answer has one.
    pub service_code: Option<String>,
    /// The HTTP status of the service's answer, if there was an answer.
    pub service_status: Option<u16>,
}

impl Error {
    /// A failure that lasts until a person fixes it. The code determines whether the fix is
    /// a new login, as in the component.
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

    /// A failure that can pass without a fix: the same call may succeed after this many
    /// seconds.
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

    /// An error of the operating system while a program starts.
    #[must_use]
    pub fn cannot_start(error: &io::Error) -> Self {
        match Shortage::of_io(error) {
            Some(shortage) => shortage::error(shortage, ErrorCode::Internal),
            None => Self::internal(format!("cannot start: {error}")),
        }
    }

    /// A bug in this software.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::permanent(
            ErrorCode::Internal,
            message,
            "this is a bug in this software; please report it",
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

/// For a guest that calls the host.
#[cfg(feature = "linker")]
impl From<Error> for connection::Error {
    fn from(error: Error) -> Self {
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
                "another process is writing; try again",
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
                "fix what the message names, or use another store",
            ),
            StoreError::Limited { hint, may_pass, .. } => match may_pass {
                true => Self::transient(ErrorCode::StoreUnavailable, message, hint, 60),
                false => Self::permanent(ErrorCode::StoreUnavailable, message, hint),
            },
            StoreError::Full => Self::transient(
                ErrorCode::StoreUnavailable,
                message,
                "free space on the store's disk",
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
            StoreError::Moved => Self::permanent(
                ErrorCode::StoreUnavailable,
                message,
                "name the store that they were moved to",
            ),
            StoreError::NeedsMigration => Self::permanent(
                ErrorCode::StoreNeedsUpgrade,
                message,
                "run `chatgpt-oauth store migrate` with this store",
            ),
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
                "restore the right key file; if it is lost, `chatgpt-oauth explain key-unknown` says what to do",
            ),
            StoreError::NoKey { hint, .. } => Self::permanent(ErrorCode::KeyUnknown, message, hint),
            StoreError::Corrupt => Self::permanent(
                ErrorCode::RecordCorrupt,
                message,
                "restore the store; or set the profile aside with `chatgpt-oauth reset` and sign in again",
            ),
            StoreError::Damaged => Self::permanent(
                ErrorCode::RecordCorrupt,
                message,
                "restore the latest store, if the disk or a replica has it; or move its files away, and every profile signs in again",
            ),
            StoreError::Rollback => Self::permanent(
                ErrorCode::RollbackSuspected,
                message,
                "restore the latest store, or sign in again; if this store is the latest, run `chatgpt-oauth adopt`",
            ),
            StoreError::Failover => Self::permanent(
                ErrorCode::RollbackSuspected,
                message,
                "bring back the server that has them, or sign in again; to go on with what the database has, run `chatgpt-oauth store accept-failover`",
            ),
        }
    }
}

/// The hint for a store of the wrong kind.
fn other_store(wanted: StoreKind) -> &'static str {
    match wanted {
        StoreKind::OpenAi => {
            "this store was made for tests: use another store, or name the simulator"
        }
        StoreKind::Test => {
            "real logins are never sent elsewhere: use another store to test with a simulator"
        }
    }
}

impl From<ApiKeyError> for Error {
    fn from(error: ApiKeyError) -> Self {
        let hint = match &error {
            ApiKeyError::Store(error) => return error.clone().into(),
            ApiKeyError::Unknown => "`chatgpt-oauth keys list --all` shows the ids",
            ApiKeyError::Ended => "make a new key",
        };
        Self::permanent(ErrorCode::InvalidArgument, error.to_string(), hint)
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Self {
        let message = error.to_string();
        match error {
            LinkError::Store(error) => error.into(),
            LinkError::TooMany => Self::transient(
                ErrorCode::RateLimited,
                message,
                "wait: a link ends after 15 minutes, or an hour after a browser has continued",
                LINK_LIFE as u32,
            ),
            LinkError::Unknown | LinkError::Ended | LinkError::Bound => {
                Self::permanent(ErrorCode::InvalidArgument, message, "make a new link")
            }
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
            (
                StoreError::NeedsMigration,
                ErrorCode::StoreNeedsUpgrade,
                false,
            ),
            (StoreError::Moved, ErrorCode::StoreUnavailable, false),
            (StoreError::Newer, ErrorCode::RecordNewer, false),
            (StoreError::TooLarge, ErrorCode::Internal, false),
            (StoreError::KeyUnknown, ErrorCode::KeyUnknown, false),
            (StoreError::Corrupt, ErrorCode::RecordCorrupt, false),
            (StoreError::Damaged, ErrorCode::RecordCorrupt, false),
            (StoreError::Rollback, ErrorCode::RollbackSuspected, false),
            (StoreError::Failover, ErrorCode::RollbackSuspected, false),
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
