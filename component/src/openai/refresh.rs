//! `POST /oauth/token`, grant `refresh_token`: rotates the refresh token
//! (docs/protocol.md, Refresh).

use super::answer::{self, Answer};
use super::token_grant::TokenGrant;
use super::trouble::Trouble;
use crate::credential::Verdict;
use crate::ports::{HttpError, Request, Response};
use crate::secret::Secret;

/// The codes that end a login, on any 4xx. The first three are the Codex CLI's,
/// the others are what other clients have met.
const DEFINITIVE: [&str; 14] = [
    "refresh_token_expired",
    "refresh_token_reused",
    "refresh_token_invalidated",
    "invalid_grant",
    "invalid_refresh_token",
    "token_invalidated",
    "app_session_expired",
    "app_session_terminated",
    "account_session_expired",
    "account_auth_invalidated",
    "account_deactivated",
    "account_suspended",
    "account_deleted",
    "token_revoked",
];

pub(crate) fn request(refresh: &Secret) -> Request {
    super::auth_post_json(
        "/oauth/token",
        &[
            ("client_id", super::CLIENT_ID),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.reveal()),
        ],
    )
}

/// The only table of answers to a refresh. What is not certainly unprocessed,
/// granted or refused for good is unknown.
pub(crate) fn read(answer: Result<Response, HttpError>, now: u64) -> Verdict {
    let answer = match answer {
        Ok(response) => Answer::read(response, now),
        Err(error) if answer::is_not_sent(error) => {
            return Verdict::NotProcessed(answer::failure(error));
        }
        Err(error) => return Verdict::Unknown(answer::failure(error).trouble),
    };
    if let Some(obstacle) = answer.obstacle() {
        return Verdict::NotProcessed(obstacle);
    }
    if answer.is_client_error() && answer.has_code(&DEFINITIVE) {
        return Verdict::Refused(answer.code.unwrap_or_default());
    }
    if answer.status == 404 || answer.has_code(&["invalid_client", "unauthorized_client"]) {
        return Verdict::NotProcessed(answer.setback(Trouble::Client));
    }
    match TokenGrant::read(&answer) {
        Some(grant) if answer.status == 200 => Verdict::Granted(grant),
        _ => Verdict::Unknown(answer.trouble().trouble),
    }
}
