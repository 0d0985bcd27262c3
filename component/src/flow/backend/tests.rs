use super::ask;
use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::openai::usage::request;
use crate::ports::{MaybeSent, NotSent};
use crate::testing::fakes::{
    HttpResult, LIFETIME, NOW, TOKEN, TestEnv, USAGE, access_token, broken, credential, fails,
    fingerprint, grant, not_sent, ok, old_access, page, refusal, response, usage, with_header,
};
use serde_json::{Value, json};

fn signed_in() -> TestEnv {
    TestEnv::with(credential("active", json!({})))
}

fn asked(env: &TestEnv) -> Result<u16> {
    let reply = env.call(|ports| ask(ports, &|access, account| request(access, account, 15)))?;
    Ok(reply.response.status)
}

/// The error of a call with that response; the login must stay.
#[track_caller]
fn refused(reply: HttpResult) -> Error {
    let env = signed_in();
    env.expect(USAGE, reply);
    let error = fails(asked(&env));
    assert_eq!(env.stored("credential"), credential("active", json!({})));
    error
}

fn detail(status: u16, code: &str) -> HttpResult {
    response(status, &json!({"detail": {"code": code}}).to_string())
}

fn of_type(status: u16, kind: &str) -> HttpResult {
    response(
        status,
        &json!({"error": {"type": kind, "plan_type": "free"}}).to_string(),
    )
}

/// Faults: P25
#[test]
fn a_plan_or_workspace_without_codex_is_named_and_the_login_kept() {
    for reply in [
        detail(402, "deactivated_workspace"),
        detail(403, "invalid_workspace_selected"),
        of_type(429, "usage_not_included"),
        refusal(429, "usage_not_included"),
        response(402, ""),
        response(
            403,
            r#"{"detail":"Unauthorized. Contact your ChatGPT administrator"}"#,
        ),
    ] {
        let error = refused(reply);
        assert_eq!(error.code, ErrorCode::CodexNotEnabled);
        assert_eq!((error.retryable, error.retry_after_seconds), (false, None));
    }
}

/// Faults: F8
#[test]
fn each_cause_without_codex_has_its_own_hint_and_code() {
    let codes = |code: &str| [detail(402, code), detail(403, code), refusal(403, code)];
    for (code, hint) in [
        ("deactivated_workspace", "choose another workspace"),
        ("invalid_workspace_selected", "choose another workspace"),
        ("usage_not_included", "another plan"),
        ("account_deactivated", "OpenAI's support"),
        ("account_suspended", "OpenAI's support"),
        ("unheard_of", "admin"),
    ] {
        for reply in codes(code) {
            let error = refused(reply);
            assert_eq!(error.code, ErrorCode::CodexNotEnabled, "{code}");
            assert!(error.hint.contains(hint), "{code}: {}", error.hint);
            assert!(!error.hint.contains("device codes"), "{code}");
            assert_eq!(error.service_code.as_deref(), Some(code));
            assert!(error.message.contains(code), "{}", error.message);
        }
    }
}

/// Faults: F6
#[test]
fn the_error_says_why_nothing_was_sent_and_what_helps() {
    for (cause, message, hint) in [
        (NotSent::NotPublic, "no public address", "--allow-addresses"),
        (NotSent::NameUnknown, "could not be resolved", "name server"),
        (NotSent::Refused, "was refused", "network"),
        (NotSent::TimedOut, "took too long", "network"),
        (NotSent::Unreachable, "could not be reached", "network"),
        (NotSent::Certificate, "certificate", "--cacert"),
        (NotSent::ProxyUnusable, "proxy", "socks5h://"),
        (NotSent::ProxyNameUnknown, "proxy's name", "HTTPS_PROXY"),
        (NotSent::ProxyRefused, "proxy refused", "HTTPS_PROXY"),
        (NotSent::ProxyUnreachable, "proxy could not", "HTTPS_PROXY"),
        (NotSent::ProxyAuthentication, "(407)", "PASSWORD"),
        (
            NotSent::ProxyDenied,
            "proxy does not permit",
            "auth.openai.com:443",
        ),
        (NotSent::ProxyCertificate, "proxy's certificate", "--cacert"),
    ] {
        let error = refused(not_sent(cause));
        assert!(error.message.contains(message), "{}", error.message);
        assert!(error.hint.contains(hint), "{}", error.hint);
        let needs_a_person = matches!(
            cause,
            NotSent::NotPublic
                | NotSent::ProxyUnusable
                | NotSent::ProxyAuthentication
                | NotSent::ProxyDenied
        );
        assert_eq!(error.retryable, !needs_a_person, "{cause:?}");
        assert_eq!(error.retry_after_seconds.is_some(), error.retryable);
    }
    for (cause, message) in [
        (MaybeSent::Broken, "broke"),
        (MaybeSent::TimedOut, "did not answer in time"),
        (MaybeSent::Unreadable, "something unknown"),
    ] {
        let error = refused(broken(cause));
        assert!(error.message.contains(message), "{}", error.message);
    }
}

/// Faults: P25
#[test]
fn transient_and_permanent_failures_are_distinct() {
    for (reply, expected, wait) in [
        (
            of_type(429, "usage_limit_reached"),
            ErrorCode::RateLimited,
            Some(60),
        ),
        (
            with_header(response(429, ""), "retry-after", "9"),
            ErrorCode::RateLimited,
            Some(9),
        ),
        (
            refusal(503, "server_is_overloaded"),
            ErrorCode::UpstreamError,
            Some(30),
        ),
        (response(500, ""), ErrorCode::UpstreamError, Some(30)),
        (page(502), ErrorCode::UpstreamError, Some(30)),
        (page(403), ErrorCode::UpstreamBlocked, Some(60)),
        (page(200), ErrorCode::UpstreamBlocked, Some(60)),
        (not_sent(NotSent::Refused), ErrorCode::Network, Some(5)),
        (not_sent(NotSent::Denied), ErrorCode::EgressDenied, None),
        (
            refusal(403, "unsupported_country_region_territory"),
            ErrorCode::RegionUnsupported,
            None,
        ),
        (
            response(400, r#"{"detail":"Unsupported parameter"}"#),
            ErrorCode::UnexpectedAnswer,
            None,
        ),
        (response(302, ""), ErrorCode::UnexpectedAnswer, None),
    ] {
        let error = refused(reply);
        assert_eq!((error.code, error.retry_after_seconds), (expected, wait));
        assert_eq!(error.retryable, wait.is_some(), "{expected:?}");
    }
}

/// Faults: N16
#[test]
fn a_401_that_is_a_web_page_refuses_no_token() {
    for reply in [
        page(401),
        with_header(response(401, "{}"), "cf-mitigated", "challenge"),
    ] {
        assert_eq!(refused(reply).code, ErrorCode::UpstreamBlocked);
    }
}

/// Faults: N33 P23
#[test]
fn a_401_leads_to_one_refresh_and_one_more_try() {
    for code in ["token_expired", "token_revoked", "token_invalidated"] {
        let env = signed_in();
        env.expect(USAGE, refusal(401, code))
            .expect(TOKEN, grant("rt-2"));
        env.expect_then(USAGE, |_, sent| {
            let new = access_token("rt-2", NOW + LIFETIME + 60);
            assert_eq!(
                sent.header("authorization"),
                Some(&*format!("Bearer {new}"))
            );
            usage()
        });
        assert_eq!(asked(&env).expect("a reply"), 200);
    }
}

/// Faults: N33
#[test]
fn a_second_401_is_reported_and_the_login_kept() {
    let env = signed_in();
    env.expect(USAGE, response(401, ""))
        .expect(TOKEN, grant("rt-2"))
        .expect(USAGE, refusal(401, "token_expired"));
    let error = fails(asked(&env));
    assert_eq!(error.code, ErrorCode::RejectedByBackend);
    assert_eq!(env.stored("credential")["state"], "active");
    assert_eq!(env.stored("credential")["refresh_token"], "rt-2");
}

#[test]
fn a_refused_token_is_not_sent_again_when_its_refresh_fails() {
    let env = signed_in();
    env.expect(USAGE, response(401, ""))
        .expect(TOKEN, response(429, ""));
    assert_eq!(fails(asked(&env)).code, ErrorCode::RateLimited);
    let stored = env.stored("credential");
    assert_eq!(stored["refused"], json!(fingerprint(&old_access())));
    assert_eq!(fails(asked(&env)).code, ErrorCode::RateLimited);
}

/// Faults: P15
#[test]
fn without_an_account_id_its_header_is_left_out() {
    let env = TestEnv::with(credential("active", json!({"account_id": null})));
    env.expect_then(USAGE, |_, sent| {
        assert_eq!(sent.header("chatgpt-account-id"), None);
        ok(Value::Object(serde_json::Map::new()))
    });
    assert_eq!(asked(&env).expect("a reply"), 200);
}
