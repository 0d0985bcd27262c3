//! Why a call of the management API fails.

use chatgpt_oauth::Error;
use chatgpt_oauth::api_keys::ApiKeyError;
use chatgpt_oauth::store::StoreError;
use chatgpt_oauth_answers::RefusalCode;

use crate::answer::{self, Answer};
use crate::refused::Refused;

/// Why a call fails.
pub(crate) enum Failed {
    /// The server makes no call.
    Refused(Refused),
    /// The call was made.
    Call(Error),
}

impl axum::response::IntoResponse for Failed {
    fn into_response(self) -> Answer {
        match self {
            Self::Refused(refused) => refused.into_response(),
            Self::Call(error) => answer::failure(&error),
        }
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Call(error.into())
    }
}

impl From<ApiKeyError> for Failed {
    fn from(error: ApiKeyError) -> Self {
        let (code, hint) = match &error {
            ApiKeyError::Unknown => (RefusalCode::NotFound, "the list of keys shows the ids"),
            ApiKeyError::Ended => (RefusalCode::Conflict, "make a new key"),
            ApiKeyError::Store(error) => return error.clone().into(),
        };
        Self::Refused(Refused::new(code, error.to_string(), hint))
    }
}
