//! `POST /oauth/revoke` (RFC 7009): ends the login on the service, best effort.

use crate::ports::{HttpError, Request, Response};
use crate::secret::Secret;

/// For the whole request, in seconds: a logout must not hang on it.
const TIMEOUT: u64 = 10;

pub(crate) fn request(refresh: &Secret) -> Request {
    let body = [
        ("token", refresh.reveal()),
        ("token_type_hint", "refresh_token"),
        ("client_id", super::CLIENT_ID),
    ];
    Request {
        timeout_seconds: TIMEOUT,
        ..super::auth_post_json("/oauth/revoke", &body)
    }
}

/// Whether the service confirmed.
pub(crate) fn read(answer: Result<Response, HttpError>) -> bool {
    answer.is_ok_and(|response| (200..300).contains(&response.status))
}
