//! What an answer of the token endpoint says about what was presented to it, a
//! refresh token or an authorization code: the only table of such answers.

use super::failure::{Failure, FailureKind, ServiceError};
use super::response::Response;
use super::token_response::TokenResponse;
use crate::ports::{HttpError, HttpResponse};

/// Codes about this software, which say nothing about what it presented.
const CLIENT: [&str; 2] = ["invalid_client", "unauthorized_client"];

/// What the answer says about what was presented.
pub(crate) enum TokenOutcome {
    /// New tokens.
    Granted(TokenResponse),
    /// The service has not looked at it: it can be presented again later.
    NotProcessed(Failure),
    /// The service refuses it for good, by a code of its own.
    Rejected(ServiceError),
    /// Whether the service took it is unknown. With [`FailureKind::UnknownRefusal`] it
    /// has answered, by a code that is not known.
    Unknown(Failure),
}

impl TokenOutcome {
    /// What may be shown of the service's answer.
    pub(crate) fn service_error(&self) -> ServiceError {
        match self {
            Self::Granted(_) => ServiceError::default(),
            Self::Rejected(service_error) => service_error.clone(),
            Self::NotProcessed(failure) | Self::Unknown(failure) => failure.service_error.clone(),
        }
    }
}

/// Reads the answer; a client error with one of the `definitive` codes refuses
/// for good. What is not certainly one of the first three is unknown. `asked_at`
/// is when the request was sent, Unix seconds.
pub(super) fn read(
    response: Result<HttpResponse, HttpError>,
    definitive: &[&[&str]],
    asked_at: u64,
) -> TokenOutcome {
    let response = match response {
        Ok(response) => Response::read(response, asked_at),
        Err(error @ HttpError::NotSent(_)) => {
            return TokenOutcome::NotProcessed(Failure::of(error));
        }
        Err(error @ HttpError::MaybeSent(_)) => return TokenOutcome::Unknown(Failure::of(error)),
    };
    if let Some(gateway_failure) = response.gateway_failure() {
        return TokenOutcome::NotProcessed(gateway_failure);
    }
    let is_definitive = definitive.iter().any(|codes| response.has_code(codes));
    match response.status {
        400..=499 if is_definitive => TokenOutcome::Rejected(response.service_error()),
        404 => TokenOutcome::NotProcessed(response.failure_of(FailureKind::Client)),
        _ if response.has_code(&CLIENT) => {
            TokenOutcome::NotProcessed(response.failure_of(FailureKind::Client))
        }
        200 => match TokenResponse::read(&response) {
            Some(grant) => TokenOutcome::Granted(grant),
            None => TokenOutcome::Unknown(response.failure()),
        },
        400..=499 if response.code.is_some() => {
            TokenOutcome::Unknown(response.failure_of(FailureKind::UnknownRefusal))
        }
        _ => TokenOutcome::Unknown(response.failure()),
    }
}
