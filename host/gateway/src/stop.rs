//! Why a platform ends a call that runs, and the answer to its caller.

use std::pin::Pin;

use http::StatusCode;

use crate::error::ErrorAnswer;

/// Completes when the call must end.
pub(crate) type StopSignal = Pin<Box<dyn Future<Output = Stop> + Send + Sync>>;

/// Why a platform ends a call that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The server shuts down. The caller is told to repeat the call, which another server
    /// answers.
    ShuttingDown,
    /// The caller's key was revoked while the call ran.
    KeyRevoked,
}

impl Stop {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::ShuttingDown => "server_shutting_down",
            Self::KeyRevoked => "invalid_api_key",
        }
    }

    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::ShuttingDown => "The server shuts down. Repeat the call.",
            Self::KeyRevoked => "The API key was revoked.",
        }
    }

    /// The answer to a call of which the caller has got nothing.
    pub(crate) fn into_answer(self) -> ErrorAnswer {
        match self {
            Self::ShuttingDown => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                ErrorAnswer::new(status, self.code(), self.message()).retry_after(1_u64)
            }
            Self::KeyRevoked => {
                let status = StatusCode::UNAUTHORIZED;
                let answer = ErrorAnswer::new(status, self.code(), self.message());
                answer.field("type", "authentication_error")
            }
        }
    }
}
