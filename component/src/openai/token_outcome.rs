//! What a response of the token endpoint says about the refresh token or
//! authorization code in the request. The only table of such responses.

use super::failure::{Failure, FailureKind, ServiceError};
use super::response::Response;
use super::token_response::TokenResponse;
use crate::ports::{HttpError, HttpResponse};

/// Codes about this client; they say nothing about the token.
const CLIENT: [&str; 2] = ["invalid_client", "unauthorized_client"];

/// The outcome for the token or code in the request.
pub(crate) enum TokenOutcome {
    /// New tokens.
    Granted(TokenResponse),
    /// The service has not processed it: it can be presented again later.
    NotProcessed(Failure),
    /// The service rejects it for good, with a definitive code.
    Rejected(ServiceError),
    /// It is unknown whether the service has used it. With
    /// [`FailureKind::UnknownRefusal`] the service answered with an unknown code.
    Unknown(Failure),
}

impl TokenOutcome {
    /// The status and the error code of the response.
    pub(crate) fn service_error(&self) -> ServiceError {
        match self {
            Self::Granted(_) => ServiceError::default(),
            Self::Rejected(service_error) => service_error.clone(),
            Self::NotProcessed(failure) | Self::Unknown(failure) => failure.service_error.clone(),
        }
    }
}

/// Reads the response. A client error with one of the `definitive` codes rejects
/// for good. What is not certainly one of the first three outcomes is unknown.
/// `asked_at` is when the request was sent, Unix seconds.
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
