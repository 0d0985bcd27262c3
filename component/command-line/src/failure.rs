//! The failures that this component finds itself.

use alloc::borrow::ToOwned;

use chatgpt_oauth_answers::{ErrorCode, Failure, False};

/// An argument or a directory that cannot be used.
pub(crate) fn invalid_argument(message: &str, hint: &str) -> Failure {
    Failure {
        ok: False,
        error: message.to_owned(),
        code: ErrorCode::InvalidArgument,
        hint: hint.to_owned(),
        retryable: false,
        retry_after_seconds: None,
        relogin_required: false,
        service_code: None,
        service_status: None,
    }
}
