//! `POST /oauth/revoke` (RFC 7009): ends the login on the service, best effort.

use crate::ports::{HttpError, HttpRequest, HttpResponse};
use crate::secret::Secret;

/// For the whole request, in seconds: a logout must not hang on it.
const TIMEOUT: u64 = 10;

pub(crate) fn request(refresh: &Secret) -> HttpRequest {
    let body = [
        ("token", refresh.reveal()),
        ("token_type_hint", "refresh_token"),
        ("client_id", super::CLIENT_ID),
    ];
    HttpRequest {
        timeout_seconds: TIMEOUT,
        ..super::auth_post_json("/oauth/revoke", &body)
    }
}

/// Whether the service confirmed.
pub(crate) fn read(response: Result<HttpResponse, HttpError>) -> bool {
    response.is_ok_and(|response| (200..300).contains(&response.status))
}

#[cfg(test)]
mod tests {
    use super::{read, request};
    use crate::ports::MaybeSent;
    use crate::secret::Secret;
    use crate::testing::fakes::{Sent, broken, response};

    #[test]
    fn the_request_is_the_codex_clis_to_the_byte() {
        let sent = Sent::of(&request(&Secret::new("rt-1").expect("visible ASCII")));
        assert_eq!(
            (sent.host, &*sent.path),
            ("auth.openai.com", "/oauth/revoke")
        );
        assert_eq!(
            sent.body,
            r#"{"token":"rt-1","token_type_hint":"refresh_token","client_id":"app_EMoamEEZ73f0CkXaXp7hrann"}"#
        );
        assert_eq!(sent.header("content-type"), Some("application/json"));
        assert_eq!(sent.timeout, 10);
    }

    /// Faults: N34
    #[test]
    fn only_a_success_confirms() {
        assert!(read(response(200, r#"{"message":"success"}"#)));
        assert!(read(response(204, "")));
        for status in [199, 302, 400, 401, 404, 500] {
            assert!(!read(response(status, "")), "{status}");
        }
        assert!(!read(broken(MaybeSent::TimedOut)));
    }
}
