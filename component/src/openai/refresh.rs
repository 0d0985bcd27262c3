//! `POST /oauth/token`, grant `refresh_token`: rotates the refresh token
//! (docs/protocol.md, Refresh).

use super::token_outcome::{self, Verdict};
use crate::ports::{HttpError, Request, Response};
use crate::secret::Secret;

/// The codes that end a login, on any 4xx. The first three are the Codex CLI's,
/// the others are what other clients have met.
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

pub(crate) fn read(answer: Result<Response, HttpError>, asked_at: u64) -> Verdict {
    token_outcome::read(answer, &[&DEFINITIVE], asked_at)
}

#[cfg(test)]
mod tests {
    use super::{DEFINITIVE, read, request};
    use crate::openai::{Granted, Setback, Trouble, Verdict};
    use crate::ports::Method;
    use crate::ports::{MaybeSent, NotSent};
    use crate::secret::Secret;
    use crate::testing::fakes::{
        Answer, NOW, Sent, answer, broken, grant, not_sent, ok, page, refusal, with_header,
    };
    use serde_json::json;

    fn not_processed(answer: Answer) -> Setback {
        match read(answer, NOW) {
            Verdict::NotProcessed(setback) => setback,
            Verdict::Granted(_) => panic!("granted"),
            Verdict::Refused(said) => panic!("refused: {said:?}"),
            Verdict::Unknown(setback) => panic!("unknown: {setback:?}"),
        }
    }

    #[track_caller]
    fn unknown(answer: Answer) -> Trouble {
        match read(answer, NOW) {
            Verdict::Unknown(setback) => setback.trouble,
            Verdict::Granted(_) => panic!("granted"),
            Verdict::Refused(said) => panic!("refused: {said:?}"),
            Verdict::NotProcessed(setback) => panic!("not processed: {setback:?}"),
        }
    }

    #[track_caller]
    fn refused(answer: Answer) -> String {
        match read(answer, NOW) {
            Verdict::Refused(said) => said.code.expect("a code"),
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

    #[test]
    fn n01_n03_n04_n05_what_was_never_sent_is_not_processed() {
        for cause in [
            NotSent::NameUnknown,
            NotSent::Refused,
            NotSent::TimedOut,
            NotSent::Unreachable,
            NotSent::Certificate,
            NotSent::ProxyAuthentication,
        ] {
            let setback = not_processed(not_sent(cause));
            assert_eq!(
                setback.trouble,
                Setback::of(crate::ports::HttpError::NotSent(cause)).trouble
            );
            assert_eq!(setback.wait, 5, "{cause:?}");
        }
    }

    #[test]
    fn n02_what_the_policy_forbids_is_not_processed_and_named() {
        for (cause, trouble) in [
            (NotSent::NotPublic, Trouble::NotPublic),
            (NotSent::Denied, Trouble::Denied),
        ] {
            let setback = not_processed(not_sent(cause));
            assert_eq!((setback.trouble, setback.wait), (trouble, 60));
        }
    }

    #[test]
    fn n07_n08_n09_n28_a_connection_that_breaks_later_leaves_the_outcome_unknown() {
        assert_eq!(unknown(broken(MaybeSent::Broken)), Trouble::Network);
        assert_eq!(unknown(broken(MaybeSent::TimedOut)), Trouble::TimedOut);
    }

    #[test]
    fn n13_n14_an_answer_too_long_or_encoded_leaves_the_outcome_unknown() {
        assert_eq!(unknown(broken(MaybeSent::Unreadable)), Trouble::Unexpected);
    }

    #[test]
    fn n10_n11_a_body_cut_short_leaves_the_outcome_unknown() {
        for body in ["", r#"{"access_token":"a","refresh_to"#, "[]", "null", "{}"] {
            assert_eq!(unknown(answer(200, body)), Trouble::Unexpected, "{body}");
        }
    }

    #[test]
    fn n12_n29_html_with_200_is_not_processed() {
        assert_eq!(not_processed(page(200)).trouble, Trouble::Blocked);
        for start in ["<!doctype html>", "\r\n <HTML>", "<html"] {
            assert_eq!(
                not_processed(answer(200, start)).trouble,
                Trouble::Blocked,
                "{start}"
            );
        }
    }

    #[test]
    fn n12_tokens_under_a_wrong_content_type_are_taken() {
        let Ok(mut response) = grant("rt-2") else {
            panic!("an answer");
        };
        response.headers = vec![(
            "Content-Type".to_owned(),
            b"text/html; charset=utf-8".to_vec(),
        )];
        let Verdict::Granted(grant) = read(Ok(response), NOW) else {
            panic!("the tokens were thrown away");
        };
        let Granted::Token(refresh) = grant.refresh_token else {
            panic!("the refresh token was thrown away");
        };
        assert_eq!(refresh.reveal(), "rt-2");
    }

    #[test]
    fn n15_a_redirect_leaves_the_outcome_unknown() {
        for status in [301, 302, 303, 307, 308] {
            for body in [answer(status, ""), page(status)] {
                let answer = with_header(body, "location", "http://169.254.169.254/");
                assert_eq!(unknown(answer), Trouble::Unexpected, "{status}");
            }
        }
    }

    #[test]
    fn n16_a_challenge_is_not_processed() {
        for status in [400, 403, 404, 429, 503] {
            let setback = not_processed(page(status));
            assert_eq!((setback.trouble, setback.wait), (Trouble::Blocked, 60));
        }
        for marked in [answer(403, "{}"), page(500), page(520), answer(200, "{}")] {
            let marked = with_header(marked, "CF-Mitigated", "challenge");
            assert_eq!(not_processed(marked).trouble, Trouble::Blocked);
        }
        let later = with_header(page(403), "retry-after", "120");
        assert_eq!(not_processed(later).wait, 120);
    }

    #[test]
    fn n17_another_success_than_200_leaves_the_outcome_unknown() {
        for status in [201, 202, 204, 206] {
            let body = json!({"refresh_token": "rt-2", "access_token": "at-2"}).to_string();
            assert_eq!(unknown(answer(status, &body)), Trouble::Unexpected);
        }
    }

    #[test]
    fn n18_n19_a_definitive_code_refuses_on_any_4xx_and_in_every_shape() {
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
                assert_eq!(refused(answer(400, &shape.to_string())), code, "{shape}");
            }
        }
    }

    #[test]
    fn a_definitive_code_on_a_500_refuses_nothing() {
        for status in [500, 502, 504] {
            assert_eq!(
                unknown(refusal(status, "refresh_token_reused")),
                Trouble::Upstream
            );
        }
    }

    #[test]
    fn n20_an_unknown_code_leaves_the_outcome_unknown() {
        for status in [400, 401, 402, 403, 409, 418] {
            assert_eq!(
                unknown(refusal(status, "brand_new")),
                Trouble::UnknownRefusal
            );
            assert_eq!(unknown(answer(status, "")), Trouble::Unexpected);
        }
    }

    #[test]
    fn n21_what_concerns_the_client_is_not_processed() {
        for answer in [
            refusal(400, "invalid_client"),
            refusal(401, "invalid_client"),
            refusal(400, "unauthorized_client"),
            answer(404, r#"{"detail":"Not Found"}"#),
            answer(404, ""),
        ] {
            assert_eq!(not_processed(answer).trouble, Trouble::Client);
        }
    }

    #[test]
    fn n22_the_wrong_country_is_not_processed() {
        let setback = not_processed(refusal(403, "unsupported_country_region_territory"));
        assert_eq!(setback.trouble, Trouble::Region);
    }

    #[test]
    fn n23_what_is_documented_as_not_processed_is_not() {
        for (status, trouble) in [
            (408, Trouble::Upstream),
            (425, Trouble::Upstream),
            (429, Trouble::RateLimited),
        ] {
            let answer = with_header(answer(status, ""), "Retry-After", "7");
            let setback = not_processed(answer);
            assert_eq!((setback.trouble, setback.wait), (trouble, 7));
        }
    }

    #[test]
    fn n24_a_server_error_leaves_the_outcome_unknown() {
        for status in [500, 501, 502, 504, 520, 522, 524] {
            assert_eq!(unknown(answer(status, "")), Trouble::Upstream);
            assert_eq!(unknown(page(status)), Trouble::Upstream, "{status}");
            assert_eq!(unknown(refusal(status, "server_error")), Trouble::Upstream);
        }
    }

    #[test]
    fn n25_a_503_is_not_processed_only_with_a_json_error() {
        assert_eq!(
            not_processed(refusal(503, "busy")).trouble,
            Trouble::Upstream
        );
        for body in ["upstream connect error", "", "{}", r#"{"status":"busy"}"#] {
            assert_eq!(unknown(answer(503, body)), Trouble::Upstream, "{body}");
        }
    }

    #[test]
    fn p13_p14_a_grant_needs_one_of_the_two_tokens() {
        for body in [
            json!({"access_token": "at-2"}),
            json!({"refresh_token": "rt-2"}),
            json!({"refresh_token": "rt-2", "access_token": null, "id_token": 7}),
        ] {
            assert!(matches!(read(ok(body), NOW), Verdict::Granted(_)));
        }
        assert_eq!(
            unknown(ok(json!({"id_token": "a.b.c"}))),
            Trouble::Unexpected
        );
    }

    #[test]
    fn p28_a_token_that_comes_twice_leaves_the_outcome_unknown() {
        let twice = answer(200, r#"{"refresh_token":"a","refresh_token":"b"}"#);
        assert_eq!(unknown(twice), Trouble::Unexpected);
    }
}
