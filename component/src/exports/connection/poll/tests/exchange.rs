//! Exchanging the code.

use super::*;

/// Faults: P08
#[test]
fn where_writes_are_not_conditional_only_the_last_to_write_exchanges() {
    let env = approved(json!({}));
    env.change_meanwhile(Op::Get, "pending", 1, json!({"attempt": "theirs"}));
    let progress = is_pending(&env);
    assert_eq!(progress.retry_after_seconds, Some(5));
    assert!(env.paths().is_empty());
}

/// Faults: P08
#[test]
fn a_rejected_exchange_finds_the_login_of_another_call() {
    for reply in [refusal(400, "invalid_grant"), response(500, "")] {
        let env = approved(json!({"attempts": 1}));
        env.expect_then(TOKEN, |env, _| {
            let theirs = json!({"login_id": "pending-1", "epoch": 1});
            env.put("credential", &credential("active", theirs));
            reply
        });
        is_connected(with_backend(&env));
        assert_eq!(env.stored("pending"), Value::Null);
    }
}

/// Faults: P08
#[test]
fn an_exchange_that_the_next_poll_repeats_is_retryable() {
    for (reply, expected) in [
        (response(200, "{"), ErrorCode::UnexpectedAnswer),
        (refusal(401, "brand_new"), ErrorCode::UnexpectedAnswer),
        (broken(MaybeSent::Broken), ErrorCode::Network),
    ] {
        let env = approved(json!({}));
        env.expect(TOKEN, reply);
        let error = fails(asked(&env, None));
        assert_eq!((error.code, error.retryable), (expected, true));
        assert!(error.retry_after_seconds.is_some());
        assert_eq!(env.stored("pending")["approval"]["attempts"], 1);
    }
}

#[test]
fn an_exchange_that_was_not_processed_is_repeated_without_limit() {
    let env = approved(json!({}));
    for _ in 0..5 {
        env.expect(TOKEN, with_header(response(429, ""), "retry-after", "9"));
        let error = fails(asked(&env, None));
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::RateLimited, Some(9))
        );
        assert_eq!(env.stored("pending")["approval"]["attempts"], 0);
    }
    env.expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Faults: P08
#[test]
fn an_exchange_of_unknown_outcome_is_tried_once_more() {
    let env = approved(json!({}));
    env.expect(TOKEN, broken(MaybeSent::Broken));
    assert_eq!(code(&env), ErrorCode::Network);
    env.expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
    let env = approved(json!({}));
    env.expect(TOKEN, broken(MaybeSent::Broken));
    assert_eq!(code(&env), ErrorCode::Network);
    env.expect(TOKEN, response(500, ""));
    assert_eq!(code(&env), ErrorCode::LoginExchangeFailed);
    assert_eq!(env.stored("pending"), Value::Null);
}

/// Faults: P08
#[test]
fn a_refused_exchange_ends_the_login() {
    let env = approved(json!({}));
    env.expect(TOKEN, refusal(400, "invalid_grant"));
    assert_eq!(code(&env), ErrorCode::LoginExchangeFailed);
    assert_eq!(env.stored("pending"), Value::Null);
    assert_eq!(env.stored("credential"), Value::Null);
}

/// Faults: S23
#[test]
fn an_exchange_under_way_is_waited_for_and_then_tried_once_more() {
    let env = approved(json!({"attempts": 1, "exchanging_since": NOW}));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(5));
    let by_a_clock_ahead = approved(json!({"attempts": 1, "exchanging_since": NOW + 30}));
    assert_eq!(is_pending(&by_a_clock_ahead).retry_after_seconds, Some(5));
    env.advance(62);
    assert_eq!(is_pending(&env).retry_after_seconds, Some(3));
    env.advance(3).expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
    let env = approved(json!({"attempts": 2, "exchanging_since": NOW - 65}));
    assert_eq!(code(&env), ErrorCode::LoginExchangeFailed);
}

/// Faults: S23 N31
#[test]
fn a_finished_exchange_is_not_waited_for_by_a_clock_set_back() {
    let env = approved(json!({"attempts": 1, "exchanging_since": NOW - 65}));
    env.expect(TOKEN, response(429, ""));
    assert_eq!(code(&env), ErrorCode::RateLimited);
    let approval = &env.stored("pending")["approval"];
    assert_eq!(approval["exchanging_since"], Value::Null);
    env.set_clock(NOW - 60);
    env.expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Faults: P08
#[test]
fn of_two_polls_at_once_only_one_exchanges() {
    let env = approved(json!({}));
    let meanwhile = |env: &TestEnv| {
        env.expect(TOKEN, grant("rt-1"));
        is_connected(with_backend(env));
    };
    env.meanwhile(Op::Set, "pending", 0, meanwhile);
    is_pending(&env);
    is_connected(&env);
    let exchanges = env.paths().into_iter().filter(|path| path == TOKEN);
    assert_eq!(exchanges.count(), 1);
}

/// Faults: P08
#[test]
fn a_second_exchange_that_comes_late_finds_the_login_connected() {
    let env = approved(json!({}));
    env.expect_then(TOKEN, |env, _| {
        env.advance(70).expect(TOKEN, grant("rt-1"));
        is_connected(with_backend(env));
        grant("rt-2")
    });
    is_connected(&env);
    assert_eq!(env.stored("credential")["refresh_token"], "rt-1");
}

/// Faults: F8
#[test]
fn a_refused_exchange_names_the_services_code() {
    let env = approved(json!({}));
    env.expect(TOKEN, refusal(400, "invalid_grant"));
    let error = fails(asked(&env, None));
    assert_eq!(error.code, ErrorCode::LoginExchangeFailed);
    assert_eq!(error.service_code.as_deref(), Some("invalid_grant"));
}
