//! What an answer of the token endpoint says about what was presented to it, a
//! refresh token or an authorization code: the only table of such answers.

use super::failure::{Said, Setback, Trouble};
use super::response::Answer;
use super::token_response::TokenGrant;
use crate::ports::{HttpError, Response};

/// Codes about this software, which say nothing about what it presented.
const CLIENT: [&str; 2] = ["invalid_client", "unauthorized_client"];

/// What the answer says about what was presented.
pub(crate) enum Verdict {
    /// New tokens.
    Granted(TokenGrant),
    /// The service has not looked at it: it can be presented again later.
    NotProcessed(Setback),
    /// The service refuses it for good, by a code of its own.
    Refused(Said),
    /// Whether the service took it is unknown. With [`Trouble::UnknownRefusal`] it
    /// has answered, by a code that is not known.
    Unknown(Setback),
}

impl Verdict {
    /// What may be shown of the service's answer.
    pub(crate) fn said(&self) -> Said {
        match self {
            Self::Granted(_) => Said::default(),
            Self::Refused(said) => said.clone(),
            Self::NotProcessed(setback) | Self::Unknown(setback) => setback.said.clone(),
        }
    }
}

/// Reads the answer; a client error with one of the `definitive` codes refuses
/// for good. What is not certainly one of the first three is unknown. `asked_at`
/// is when the request was sent, Unix seconds.
pub(super) fn read(
    answer: Result<Response, HttpError>,
    definitive: &[&[&str]],
    asked_at: u64,
) -> Verdict {
    let answer = match answer {
        Ok(response) => Answer::read(response, asked_at),
        Err(error @ HttpError::NotSent(_)) => return Verdict::NotProcessed(Setback::of(error)),
        Err(error @ HttpError::MaybeSent(_)) => return Verdict::Unknown(Setback::of(error)),
    };
    if let Some(obstacle) = answer.obstacle() {
        return Verdict::NotProcessed(obstacle);
    }
    let is_definitive = definitive.iter().any(|codes| answer.has_code(codes));
    match answer.status {
        400..=499 if is_definitive => Verdict::Refused(answer.said()),
        404 => Verdict::NotProcessed(answer.because_of(Trouble::Client)),
        _ if answer.has_code(&CLIENT) => Verdict::NotProcessed(answer.because_of(Trouble::Client)),
        200 => match TokenGrant::read(&answer) {
            Some(grant) => Verdict::Granted(grant),
            None => Verdict::Unknown(answer.setback()),
        },
        400..=499 if answer.code.is_some() => {
            Verdict::Unknown(answer.because_of(Trouble::UnknownRefusal))
        }
        _ => Verdict::Unknown(answer.setback()),
    }
}
