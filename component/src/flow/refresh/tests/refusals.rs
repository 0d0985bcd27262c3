//! A service that refuses the refresh with an unknown code.

use super::{refresh, state, token};
use crate::contract::{ConnectionState, ErrorCode};
use crate::exports::connection::status;
use crate::ports::MaybeSent;
use crate::testing::fakes::{
    HttpResult, NOW, TOKEN, TestEnv, broken, credential, dead, fails, grant, intent, page, refusal,
    response, with_header,
};
use serde_json::json;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// A login whose access token has expired and whose last refresh has no outcome.
fn uncertain() -> TestEnv {
    TestEnv::with(dead("uncertain", json!({"intent": intent(NOW - DAY)})))
}

/// One probe with that response, after the pause before it.
fn probe(env: &TestEnv, response: HttpResult) {
    env.advance(HOUR);
    env.expect(TOKEN, response);
    let _ = token(env);
}

fn refused() -> HttpResult {
    refusal(401, "brand_new")
}

/// Probes that are refused for a day.
fn ended() -> TestEnv {
    let env = uncertain();
    for _ in 0..25 {
        assert_eq!(state(&env), "uncertain");
        probe(&env, refused());
    }
    assert_eq!(state(&env), "needs-login");
    env
}

/// Faults: F4
#[test]
fn the_error_names_the_code_of_an_unknown_refusal() {
    let env = TestEnv::with(credential("active", json!({"received_at": NOW - 2 * DAY})));
    env.expect(TOKEN, refused());
    let error = fails(refresh(&env));
    assert_eq!(error.code, ErrorCode::RefreshUncertain);
    assert!(
        error.message.contains("(401 brand_new)"),
        "{}",
        error.message
    );
    assert_eq!(error.service_code.as_deref(), Some("brand_new"));
    assert_eq!(error.service_status, Some(401));
    // The token is still live, so a model call returns it.
    assert!(token(&env).is_ok());
    // A later error has the code, too.
    let later = fails(refresh(&env));
    assert_eq!(later.service_code.as_deref(), Some("brand_new"));
}

/// Faults: F4
#[test]
fn a_code_that_could_quote_a_secret_is_not_shown() {
    for code in ["a b", "rt_<secret>", &"x".repeat(41), "a\u{202e}b"] {
        let env = uncertain();
        env.advance(HOUR).expect(TOKEN, refusal(400, code));
        let error = fails(refresh(&env));
        assert_eq!(error.service_code, None, "{code}");
        assert_eq!(error.service_status, Some(400), "{code}");
        assert!(error.message.ends_with("(400)"), "{}", error.message);
    }
}

/// Faults: F4
#[test]
fn a_day_of_refusals_ends_the_login_and_says_by_which_code() {
    let env = ended();
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert!(error.relogin_required && !error.retryable);
    assert!(error.message.contains("brand_new"), "{}", error.message);
    let stored = env.stored("credential");
    assert_eq!(stored["refresh_token"], "rt-1");
    assert_eq!(stored["epoch"], 3);
}

/// Faults: F4
#[test]
fn four_refusals_in_two_days_or_many_within_a_day_end_nothing() {
    let env = uncertain();
    for _ in 0..4 {
        env.advance(12 * HOUR);
        probe(&env, refused());
    }
    assert_eq!(state(&env), "uncertain");

    let env = uncertain();
    for _ in 0..23 {
        probe(&env, refused());
    }
    assert_eq!(state(&env), "uncertain");
}

/// Faults: F4
#[test]
fn a_first_presentation_is_no_probe_and_does_not_count() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, refused());
    let _ = token(&env);
    let stored = env.stored("credential");
    assert_eq!(stored["refused_probes"], 0);
    assert_eq!(stored["refused_code"], "brand_new");
}

/// Faults: F4
#[test]
fn an_outage_ends_no_login_and_resets_the_count() {
    let outages: [fn() -> HttpResult; 6] = [
        || broken(MaybeSent::TimedOut),
        || response(500, ""),
        || response(401, ""),
        || page(403),
        || response(429, ""),
        || with_header(refusal(401, "brand_new"), "cf-mitigated", "challenge"),
    ];
    for outage in outages {
        let env = uncertain();
        for hour in 0..72 {
            let response = if hour % 20 == 19 { outage() } else { refused() };
            probe(&env, response);
        }
        assert_eq!(state(&env), "uncertain");
        for _ in 0..72 {
            probe(&env, outage());
        }
        assert_eq!(state(&env), "uncertain");
        assert!(env.stored("credential")["refused_since"].is_null());
    }
}

/// Faults: F4
#[test]
fn a_login_ended_by_refusals_is_probed_hourly_on_request() {
    let env = ended();
    assert_eq!(fails(refresh(&env)).code, ErrorCode::NeedsLogin);
    env.advance(HOUR).expect(TOKEN, refused());
    assert_eq!(fails(refresh(&env)).code, ErrorCode::NeedsLogin);
    // A model call sends no probe.
    env.advance(HOUR);
    assert_eq!(fails(token(&env)).code, ErrorCode::NeedsLogin);
    // Any other failure does not bring the login back.
    env.expect(TOKEN, response(502, ""));
    assert_eq!(fails(refresh(&env)).code, ErrorCode::NeedsLogin);
    assert_eq!(state(&env), "needs-login");
    env.advance(HOUR).expect(TOKEN, response(429, ""));
    assert_eq!(fails(refresh(&env)).code, ErrorCode::NeedsLogin);
    assert_eq!(state(&env), "needs-login");
    // A grant does.
    env.advance(HOUR).expect(TOKEN, grant("rt-2"));
    assert!(refresh(&env).is_ok());
    let stored = env.stored("credential");
    assert_eq!(stored["state"], "active");
    for field in ["reason", "refused_since", "refused_code", "refused_probes"] {
        assert!(stored[field].is_null(), "{field}");
    }
}

/// Faults: F4
#[test]
fn status_is_not_connected_while_the_service_refuses_a_dead_login() {
    let env = uncertain();
    assert!(env.call(status).expect("a status").connected);
    probe(&env, refused());
    let status_now = env.call(status).expect("a status");
    assert_eq!(status_now.state, ConnectionState::Uncertain);
    assert!(!status_now.connected);
    assert!(status_now.hint.expect("a hint").contains("refused"));
    probe(&env, response(503, ""));
    assert!(env.call(status).expect("a status").connected);
}

/// Faults: F8
#[test]
fn the_hint_for_a_closed_account_names_openai_support() {
    for code in [
        "account_deactivated",
        "account_suspended",
        "account_deleted",
    ] {
        let env = TestEnv::with(dead("active", json!({})));
        env.expect(TOKEN, refusal(401, code));
        for error in [fails(token(&env)), fails(token(&env))] {
            assert_eq!(error.code, ErrorCode::NeedsLogin);
            assert!(error.hint.contains("OpenAI's support"), "{}", error.hint);
            assert!(error.message.contains(code), "{}", error.message);
        }
    }
}

/// Faults: F4
#[test]
fn token_expired_ends_the_login_at_once() {
    for status in [400, 401, 403] {
        let env = TestEnv::with(dead("active", json!({})));
        env.expect(TOKEN, refusal(status, "token_expired"));
        let error = fails(token(&env));
        assert_eq!(error.code, ErrorCode::NeedsLogin);
        assert_eq!(error.service_code.as_deref(), Some("token_expired"));
    }
}

/// Faults: F4
#[test]
fn the_answer_names_status_and_code_of_the_service_once() {
    for (status, code) in [
        (401, "brand_new"),
        (401, "refresh_token_expired"),
        (500, "broken"),
    ] {
        let env = TestEnv::with(dead("active", json!({})));
        env.expect(TOKEN, refusal(status, code));
        let error = fails(refresh(&env));
        assert_eq!(error.service_status, Some(status));
        assert_eq!(error.service_code.as_deref(), Some(code));
        let named = format!(" ({status} {code})");
        let text = error.message.strip_suffix(&named).expect("it is named");
        assert!(!text.contains(code), "{error:?}");
    }
}

/// Faults: F4
#[test]
fn the_day_of_refusals_counts_from_the_first_refused_probe() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, refused());
    let _ = refresh(&env);
    env.advance(19 * HOUR);
    for _ in 0..5 {
        probe(&env, refused());
    }
    assert_eq!(env.stored("credential")["refused_probes"], 5);
    assert_eq!(state(&env), "uncertain");
}
