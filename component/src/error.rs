//! The hint of each error code, and whether a retry or a login helps.
//!
//! A caller acts on the code. The message says what happened in this call, the
//! hint what a person can do. Neither contains a token, a code, a URL query or a
//! body.

use crate::contract::{Error, ErrorCode};
use crate::ports::StoreError;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;

/// When to retry a store that is full, in seconds.
const FULL_SECONDS: u64 = 60;

/// The result of every function of the contract. The error is boxed: it is
/// large and rare.
pub(crate) type Result<T> = core::result::Result<T, Box<Error>>;

impl Error {
    /// An error of that code, with its hint and consequences from the table below.
    pub(crate) fn boxed(code: ErrorCode, message: &str) -> Box<Self> {
        Box::new(Self {
            code,
            message: message.to_owned(),
            hint: hint(code).to_owned(),
            retryable: is_retryable(code),
            retry_after_seconds: None,
            relogin_required: requires_login(code),
            service_code: None,
            service_status: None,
        })
    }

    /// There is no login.
    pub(crate) fn not_connected() -> Box<Self> {
        Self::boxed(ErrorCode::NotConnected, "not signed in")
    }

    /// Adds when to retry: the same call can then succeed.
    pub(crate) fn retry_after(mut self: Box<Self>, seconds: u64) -> Box<Self> {
        self.retryable = true;
        self.retry_after_seconds = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
        self
    }

    /// New tokens were received and could not be stored, because of `fault`.
    pub(crate) fn lost(fault: &Self) -> Box<Self> {
        let message = "the service returned new tokens, and they could not be stored: ";
        let mut error = Self::boxed(ErrorCode::StoreFailedAfterRefresh, message);
        error.message.push_str(&fault.message);
        error
    }

    /// Replaces the hint of the code.
    pub(crate) fn with_hint(mut self: Box<Self>, hint: &str) -> Box<Self> {
        self.hint = hint.to_owned();
        self
    }
}

impl ErrorCode {
    /// Whether there is a stored record and it cannot be read.
    pub(crate) fn is_unreadable_record(self) -> bool {
        matches!(
            self,
            Self::KeyUnknown | Self::RecordCorrupt | Self::RecordNewer
        )
    }
}

fn is_retryable(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::RefreshInProgress
            | ErrorCode::RefreshUncertain
            | ErrorCode::RejectedByBackend
            | ErrorCode::RateLimited
            | ErrorCode::UpstreamBlocked
            | ErrorCode::Network
            | ErrorCode::UpstreamError
            | ErrorCode::StoreUnavailable
            | ErrorCode::StoreBusy
    )
}

fn requires_login(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotConnected
            | ErrorCode::NeedsLogin
            | ErrorCode::NotRefreshable
            | ErrorCode::AccountMismatch
    )
}

fn hint(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotConnected => "Call start to sign in.",
        ErrorCode::NoPendingLogin => {
            "Call start to begin a login. status shows whether you are signed in already."
        }
        ErrorCode::LoginSuperseded => "Use the code of the latest start, or call start again.",
        ErrorCode::LoginDenied => "Call start again if the login was declined by mistake.",
        ErrorCode::LoginExpired => {
            "Call start for a new code. If the page refused the code, switch on device codes for Codex in ChatGPT under Settings, Security; in a workspace its admin must permit them."
        }
        ErrorCode::LoginExchangeFailed => "Call start for a new code.",
        ErrorCode::NeedsLogin => {
            "Sign in again: call start. The subscription itself is not affected."
        }
        ErrorCode::RefreshInProgress => "Try again in a second.",
        ErrorCode::RefreshUncertain => {
            "An earlier refresh got no answer. It is retried automatically after a pause. Calling start makes a new login at once."
        }
        ErrorCode::RejectedByBackend => {
            "The service refuses a token it has just issued. Wait a few minutes. If it continues, call logout, then start."
        }
        ErrorCode::RateLimited => "Wait before you try again.",
        ErrorCode::UpstreamBlocked => {
            "OpenAI's content delivery network (CDN) blocks this machine's IP address for now. Wait, or connect from another network."
        }
        ErrorCode::RegionUnsupported => {
            "OpenAI does not offer this service where this machine's traffic comes from. Both auth.openai.com and chatgpt.com must be reached from a supported country."
        }
        ErrorCode::CodexNotEnabled => {
            "Switch on device codes for Codex in ChatGPT under Settings, Security; in a workspace its admin must permit Codex and device codes."
        }
        ErrorCode::Network => "Check the network between this machine and OpenAI, then try again.",
        ErrorCode::UpstreamError => "OpenAI's service failed. Try again later. The login is kept.",
        ErrorCode::UnexpectedAnswer => {
            "OpenAI's service answered something unknown; perhaps it has changed. Look for a newer version of this software."
        }
        ErrorCode::EgressDenied => {
            "The host's policy does not allow this request. It must allow auth.openai.com and chatgpt.com."
        }
        ErrorCode::StoreUnavailable => {
            "Check that the key-value store can be read and written, then try again."
        }
        ErrorCode::StoreBusy => "Try again.",
        ErrorCode::StoreNeedsUpgrade => {
            "Run any command that writes, such as refresh: it upgrades the store."
        }
        ErrorCode::StoreFailedAfterRefresh => {
            "The new tokens could not be stored, and the login may be lost. Fix the store first, then try again. If a new login is then required, call start."
        }
        ErrorCode::KeyUnknown => {
            "Put the right key file back, or reset the profile and call start."
        }
        ErrorCode::RecordCorrupt => {
            "The stored login is damaged and was left as it is. Restore it, or reset the profile and call start."
        }
        ErrorCode::RecordNewer => {
            "Use the version of this software that wrote the login, or a newer one."
        }
        ErrorCode::RollbackSuspected => {
            "The store looks like a restored backup. Restore the latest one, or call start; adopt keeps what is there."
        }
        ErrorCode::AccountMismatch => "Sign in again with the account you want to use: call start.",
        ErrorCode::NotRefreshable => "Sign in again: call start.",
        ErrorCode::InvalidArgument => "Correct the argument.",
        ErrorCode::Internal => "Please report this.",
    }
}

impl From<StoreError> for Box<Error> {
    fn from(fault: StoreError) -> Self {
        let (code, message) = match fault {
            StoreError::Conflict => (
                ErrorCode::StoreBusy,
                "another process wrote at the same time",
            ),
            StoreError::Busy => (
                ErrorCode::StoreBusy,
                "the store is locked by another process",
            ),
            StoreError::Unavailable => (ErrorCode::StoreUnavailable, "the store did not answer"),
            StoreError::Unusable => (ErrorCode::StoreUnavailable, "the store cannot be used"),
            StoreError::ReadOnly => (ErrorCode::StoreUnavailable, "the store takes no writes"),
            StoreError::TooLarge => (
                ErrorCode::StoreUnavailable,
                "the value is over the store's limit",
            ),
            StoreError::Full => (ErrorCode::StoreUnavailable, "the store has no room"),
            StoreError::KeyUnknown => (
                ErrorCode::KeyUnknown,
                "the stored value is sealed with an unknown key",
            ),
            StoreError::Corrupt => (ErrorCode::RecordCorrupt, "the stored value is damaged"),
            StoreError::Newer => (
                ErrorCode::RecordNewer,
                "the store belongs to another version",
            ),
            StoreError::Rollback => (
                ErrorCode::RollbackSuspected,
                "the stored login is older than the one written last",
            ),
        };
        let mut error = Error::boxed(code, message);
        match fault {
            StoreError::Unusable | StoreError::ReadOnly | StoreError::TooLarge => {
                // The store stays like this until its operator repairs it.
                error.retryable = false;
                error
            }
            StoreError::Full => error.retry_after(FULL_SECONDS),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: F13
    #[test]
    fn a_store_to_repair_is_not_retryable_and_a_full_one_is() {
        for (fault, retryable, seconds) in [
            (StoreError::Unusable, false, None),
            (StoreError::ReadOnly, false, None),
            (StoreError::TooLarge, false, None),
            (StoreError::Full, true, Some(60)),
            (StoreError::Unavailable, true, None),
        ] {
            let error = Box::<Error>::from(fault);
            assert_eq!(error.code, ErrorCode::StoreUnavailable, "{fault:?}");
            assert_eq!(error.retryable, retryable, "{fault:?}");
            assert_eq!(error.retry_after_seconds, seconds, "{fault:?}");
        }
    }
}
