//! `POST /oauth/token`, grant `refresh_token`: rotates the refresh token
//! (docs/protocol.md, Refresh).

use super::token_outcome::{self, TokenOutcome};
use crate::ports::{HttpError, HttpRequest, HttpResponse};
use crate::secret::Secret;

/// Error codes that end the login if they come with a 4xx status. The Codex CLI
/// knows the first three; other clients reported the rest.
pub(super) const DEFINITIVE: [&str; 15] = [
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
    "token_expired",
    "token_revoked",
];

/// Codes of an account that OpenAI has closed.
pub(crate) const ACCOUNT_CLOSED: [&str; 3] = [
    "account_deactivated",
    "account_suspended",
    "account_deleted",
];

pub(crate) fn request(refresh: &Secret) -> HttpRequest {
    super::auth_post_json(
        "/oauth/token",
        &[
            ("client_id", super::CLIENT_ID),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.reveal()),
        ],
    )
}

pub(crate) fn read(response: Result<HttpResponse, HttpError>, asked_at: u64) -> TokenOutcome {
    token_outcome::read(response, &[&DEFINITIVE], asked_at)
}

#[cfg(test)]
mod tests {
    use super::{DEFINITIVE, read, request};
    use crate::openai::{Failure, FailureKind, TokenField, TokenOutcome};
    use crate::ports::Method;
    use crate::ports::{MaybeSent, NotSent};
    use crate::secret::Secret;
    use crate::testing::fakes::{
        HttpResult, NOW, Sent, broken, grant, not_sent, ok, page, refusal, response, with_header,
    };
    use serde_json::json;

    fn not_processed(response: HttpResult) -> Failure {
        match read(response, NOW) {
            TokenOutcome::NotProcessed(failure) => failure,
            TokenOutcome::Granted(_) => panic!("granted"),
            TokenOutcome::Rejected(service_error) => panic!("refused: {service_error:?}"),
            TokenOutcome::Unknown(failure) => panic!("unknown: {failure:?}"),
        }
    }

    #[track_caller]
    fn unknown(response: HttpResult) -> FailureKind {
        match read(response, NOW) {
            TokenOutcome::Unknown(failure) => failure.kind,
            TokenOutcome::Granted(_) => panic!("granted"),
            TokenOutcome::Rejected(service_error) => panic!("refused: {service_error:?}"),
            TokenOutcome::NotProcessed(failure) => panic!("not processed: {failure:?}"),
        }
    }

    #[track_caller]
    fn refused(response: HttpResult) -> String {
        match read(response, NOW) {
            TokenOutcome::Rejected(service_error) => service_error.code.expect("a code"),
            _ => panic!("not refused"),
        }
    }

    #[test]
    fn the_request_is_the_codex_clis_to_the_byte() {
        let sent = Sent::of(&request(&Secret::new("rt-1").expect("visible ASCII")));
        assert_eq!((sent.method, sent.host), (Method::Post, "auth.openai.com"));
        assert_eq!(sent.path, "/oauth/token");
        assert_eq!(
            sent.body,
            r#"{"client_id":"app_EMoamEEZ73f0CkXaXp7hrann","grant_type":"refresh_token","refresh_token":"rt-1"}"#
        );
        let agent = concat!("chatgpt-oauth/", env!("CARGO_PKG_VERSION"));
        let headers: Vec<_> = sent.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(
            headers,
            [
                ("accept", "application/json"),
                ("originator", "chatgpt-oauth"),
                ("user-agent", agent),
                ("content-type", "application/json"),
            ]
        );
        assert_eq!(sent.timeout, 30);
    }

    /// Faults: N01 N03 N04 N05
    #[test]
    fn an_unsent_request_is_not_processed() {
        for cause in [
            NotSent::NameUnknown,
            NotSent::Refused,
            NotSent::TimedOut,
            NotSent::Unreachable,
            NotSent::Certificate,
            NotSent::ProxyAuthentication,
        ] {
            let failure = not_processed(not_sent(cause));
            assert_eq!(
                failure.kind,
                Failure::of(crate::ports::HttpError::NotSent(cause)).kind
            );
            assert_eq!(failure.retry_after, 5, "{cause:?}");
        }
    }

    /// Faults: N02
    #[test]
    fn a_request_denied_by_the_policy_is_not_processed() {
        for (cause, kind) in [
            (NotSent::NotPublic, FailureKind::NotPublic),
            (NotSent::Denied, FailureKind::Denied),
        ] {
            let failure = not_processed(not_sent(cause));
            assert_eq!((failure.kind, failure.retry_after), (kind, 60));
        }
    }

    /// Faults: N07 N08 N09 N28
    #[test]
    fn a_connection_that_breaks_later_leaves_the_outcome_unknown() {
        assert_eq!(unknown(broken(MaybeSent::Broken)), FailureKind::Network);
        assert_eq!(unknown(broken(MaybeSent::TimedOut)), FailureKind::TimedOut);
    }

    /// Faults: N13 N14
    #[test]
    fn a_response_too_long_or_encoded_leaves_the_outcome_unknown() {
        assert_eq!(
            unknown(broken(MaybeSent::Unreadable)),
            FailureKind::Unexpected
        );
    }

    /// Faults: N10 N11
    #[test]
    fn a_body_cut_short_leaves_the_outcome_unknown() {
        for body in ["", r#"{"access_token":"a","refresh_to"#, "[]", "null", "{}"] {
            assert_eq!(
                unknown(response(200, body)),
                FailureKind::Unexpected,
                "{body}"
            );
        }
    }

    /// Faults: N12 N29
    #[test]
    fn html_with_200_is_not_processed() {
        assert_eq!(not_processed(page(200)).kind, FailureKind::Blocked);
        for start in ["<!doctype html>", "\r\n <HTML>", "<html"] {
            assert_eq!(
                not_processed(response(200, start)).kind,
                FailureKind::Blocked,
                "{start}"
            );
        }
    }

    /// Faults: N12
    #[test]
    fn tokens_under_a_wrong_content_type_are_taken() {
        let Ok(mut response) = grant("rt-2") else {
            panic!("an answer");
        };
        response.headers = vec![(
            "Content-Type".to_owned(),
            b"text/html; charset=utf-8".to_vec(),
        )];
        let TokenOutcome::Granted(grant) = read(Ok(response), NOW) else {
            panic!("the tokens were thrown away");
        };
        let TokenField::Token(refresh) = grant.refresh_token else {
            panic!("the refresh token was thrown away");
        };
        assert_eq!(refresh.reveal(), "rt-2");
    }

    /// Faults: N15
    #[test]
    fn a_redirect_leaves_the_outcome_unknown() {
        for status in [301, 302, 303, 307, 308] {
            for body in [response(status, ""), page(status)] {
                let response = with_header(body, "location", "http://169.254.169.254/");
                assert_eq!(unknown(response), FailureKind::Unexpected, "{status}");
            }
        }
    }

    /// Faults: N16
    #[test]
    fn a_challenge_is_not_processed() {
        for status in [400, 403, 404, 429, 503] {
            let failure = not_processed(page(status));
            assert_eq!(
                (failure.kind, failure.retry_after),
                (FailureKind::Blocked, 60)
            );
        }
        for marked in [
            response(403, "{}"),
            page(500),
            page(520),
            response(200, "{}"),
        ] {
            let marked = with_header(marked, "CF-Mitigated", "challenge");
            assert_eq!(not_processed(marked).kind, FailureKind::Blocked);
        }
        let later = with_header(page(403), "retry-after", "120");
        assert_eq!(not_processed(later).retry_after, 120);
    }

    /// Faults: N17
    #[test]
    fn another_success_than_200_leaves_the_outcome_unknown() {
        for status in [201, 202, 204, 206] {
            let body = json!({"refresh_token": "rt-2", "access_token": "at-2"}).to_string();
            assert_eq!(unknown(response(status, &body)), FailureKind::Unexpected);
        }
    }

    /// Faults: N18 N19
    #[test]
    fn a_definitive_code_refuses_on_any_4xx_and_in_every_shape() {
        for code in DEFINITIVE {
            for status in [400, 401, 403, 404, 422] {
                assert_eq!(refused(refusal(status, code)), code, "{status}");
            }
            let shapes = [
                json!({"error": code, "error_description": "no"}),
                json!({"code": code}),
                json!({"error": {"code": code.to_uppercase(), "message": "x", "type": "y"}}),
            ];
            for shape in shapes {
                assert_eq!(refused(response(400, &shape.to_string())), code, "{shape}");
            }
        }
    }

    #[test]
    fn a_definitive_code_on_a_500_refuses_nothing() {
        for status in [500, 502, 504] {
            assert_eq!(
                unknown(refusal(status, "refresh_token_reused")),
                FailureKind::Upstream
            );
        }
    }

    /// Faults: N20
    #[test]
    fn an_unknown_code_leaves_the_outcome_unknown() {
        for status in [400, 401, 402, 403, 409, 418] {
            assert_eq!(
                unknown(refusal(status, "brand_new")),
                FailureKind::UnknownRefusal
            );
            assert_eq!(unknown(response(status, "")), FailureKind::Unexpected);
        }
    }

    /// Faults: N21
    #[test]
    fn a_rejected_client_is_not_processed() {
        for response in [
            refusal(400, "invalid_client"),
            refusal(401, "invalid_client"),
            refusal(400, "unauthorized_client"),
            response(404, r#"{"detail":"Not Found"}"#),
            response(404, ""),
        ] {
            assert_eq!(not_processed(response).kind, FailureKind::Client);
        }
    }

    /// Faults: N22
    #[test]
    fn an_unsupported_region_is_not_processed() {
        let failure = not_processed(refusal(403, "unsupported_country_region_territory"));
        assert_eq!(failure.kind, FailureKind::Region);
    }

    /// Faults: N23
    #[test]
    fn statuses_documented_as_not_processed_are_not_processed() {
        for (status, kind) in [
            (408, FailureKind::Upstream),
            (425, FailureKind::Upstream),
            (429, FailureKind::RateLimited),
        ] {
            let response = with_header(response(status, ""), "Retry-After", "7");
            let failure = not_processed(response);
            assert_eq!((failure.kind, failure.retry_after), (kind, 7));
        }
    }

    /// Faults: N24
    #[test]
    fn a_server_error_leaves_the_outcome_unknown() {
        for status in [500, 501, 502, 504, 520, 522, 524] {
            assert_eq!(unknown(response(status, "")), FailureKind::Upstream);
            assert_eq!(unknown(page(status)), FailureKind::Upstream, "{status}");
            assert_eq!(
                unknown(refusal(status, "server_error")),
                FailureKind::Upstream
            );
        }
    }

    /// Faults: N25
    #[test]
    fn a_503_is_not_processed_only_with_a_json_error() {
        assert_eq!(
            not_processed(refusal(503, "busy")).kind,
            FailureKind::Upstream
        );
        for body in ["upstream connect error", "", "{}", r#"{"status":"busy"}"#] {
            assert_eq!(
                unknown(response(503, body)),
                FailureKind::Upstream,
                "{body}"
            );
        }
    }

    /// Faults: P13 P14
    #[test]
    fn a_grant_needs_one_of_the_two_tokens() {
        for body in [
            json!({"access_token": "at-2"}),
            json!({"refresh_token": "rt-2"}),
            json!({"refresh_token": "rt-2", "access_token": null, "id_token": 7}),
        ] {
            assert!(matches!(read(ok(body), NOW), TokenOutcome::Granted(_)));
        }
        assert_eq!(
            unknown(ok(json!({"id_token": "a.b.c"}))),
            FailureKind::Unexpected
        );
    }

    /// Faults: P28
    #[test]
    fn a_duplicate_token_leaves_the_outcome_unknown() {
        let twice = response(200, r#"{"refresh_token":"a","refresh_token":"b"}"#);
        assert_eq!(unknown(twice), FailureKind::Unexpected);
    }
}
