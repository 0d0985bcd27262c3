//! What the call returns for each outcome.

use super::*;

#[test]
fn a_failed_early_refresh_returns_the_live_token_whatever_the_fault() {
    for reply in [
        || not_sent(NotSent::Refused),
        || broken(MaybeSent::Broken),
        || page(403),
        || response(500, ""),
        || response(429, ""),
        || refusal(401, "brand_new"),
        || refusal(401, "refresh_token_reused"),
    ] {
        let env = TestEnv::with(due());
        env.expect(TOKEN, reply());
        assert_eq!(access(&token(&env).expect("a token")), old_access());
        assert_eq!(access(&token(&env).expect("a token")), old_access());
    }
}

/// Faults: P14
#[test]
fn an_early_grant_without_an_access_token_returns_the_live_token() {
    let env = TestEnv::with(due());
    env.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    assert_eq!(access(&token(&env).expect("a token")), old_access());
    env.advance(1).expect_then(TOKEN, |_, sent| {
        assert_eq!(sent.json()["refresh_token"], "rt-2");
        grant("rt-3")
    });
    token(&env).expect("a token");
}

/// Faults: N16
#[test]
fn a_refresh_that_was_not_processed_waits_and_says_so() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, with_header(page(403), "retry-after", "90"));
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::UpstreamBlocked);
    assert_eq!(error.retry_after_seconds, Some(90));
    assert_eq!(state(&env), "active");
    env.advance(89);
    let error = fails(token(&env));
    assert_eq!(
        (error.code, error.retry_after_seconds),
        (ErrorCode::UpstreamBlocked, Some(1))
    );
    env.advance(1).expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
}

/// Faults: N08
#[test]
fn an_unknown_outcome_is_probed_after_the_delay_and_not_before() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(15);
        broken(MaybeSent::TimedOut)
    });
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::RefreshUncertain);
    assert_eq!(error.retry_after_seconds, Some(105));
    env.set_clock(NOW + 119);
    assert_eq!(code(refresh(&env)), ErrorCode::RefreshUncertain);
    env.advance(1).expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
    assert_eq!(state(&env), "active");
}

/// Faults: N20
#[test]
fn probes_continue_at_their_delays_and_end_nothing() {
    let env = TestEnv::with(dead("uncertain", json!({"not_before": NOW})));
    let mut pauses = Vec::new();
    for _ in 0..11 {
        env.expect(TOKEN, refusal(401, "brand_new"));
        let error = fails(token(&env));
        assert_eq!(error.code, ErrorCode::RefreshUncertain);
        pauses.push(error.retry_after_seconds.expect("a pause"));
        env.advance(u64::from(error.retry_after_seconds.expect("a pause")) - 1);
        assert_eq!(code(token(&env)), ErrorCode::RefreshUncertain);
        env.advance(1);
    }
    assert_eq!(
        pauses,
        [120, 120, 120, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    );
    env.expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
    assert_eq!(env.stored("credential")["probes"], Value::Null);
}

/// Faults: N18 N19
#[test]
fn a_definitive_refusal_ends_the_login_and_keeps_the_reason() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, refusal(401, "refresh_token_reused"));
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert!(error.relogin_required);
    let stored = env.stored("credential");
    assert_eq!(stored["state"], "needs-login");
    assert_eq!(stored["reason"], "refresh_token_reused");
    assert_eq!(
        (&stored["epoch"], &stored["generation"]),
        (&json!(3), &json!(9))
    );
    assert_eq!(code(refresh(&env)), ErrorCode::NeedsLogin);
}

/// Faults: N18
#[test]
fn a_definitive_refusal_adopts_the_tokens_of_another_call() {
    for call in [token, refresh] {
        let env = TestEnv::with(dead("active", json!({})));
        env.expect_then(TOKEN, |env, _| {
            let newer = json!({
                "refresh_token": "rt-2", "access_token": access_token("new", NOW + 600),
                "received_at": NOW, "expires_at": NOW + 600,
            });
            env.put("credential", &credential("active", newer));
            refusal(401, "refresh_token_reused")
        });
        let record = call(&env).expect("the other's token");
        assert_eq!(access(&record), access_token("new", NOW + 600));
        assert_eq!(state(&env), "active");
    }
}

/// Faults: H15 P30
#[test]
fn an_answer_that_takes_its_time_lets_no_token_live_longer() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(100);
        let body = json!({"refresh_token": "rt-2", "access_token": access_token("new", NOW + 600)});
        with_header(ok(body), "date", "Tue, 24 Nov 2026 10:00:00 GMT")
    });
    let record = token(&env).expect("a token");
    assert!(record.live_token(NOW + 569).is_some());
    assert!(record.live_token(NOW + 570).is_none());
}

/// Faults: P14
#[test]
fn a_grant_without_an_access_token_is_retried_after_a_second() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    for _ in 0..2 {
        let error = fails(token(&env));
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::RefreshInProgress, Some(1))
        );
        assert!(error.retryable);
    }
    env.advance(1).expect(TOKEN, grant("rt-3"));
    token(&env).expect("a token");
}

/// Faults: P14 M11
#[test]
fn an_unusable_access_token_is_reported_and_requested_again() {
    let env = TestEnv::with(dead("active", json!({})));
    let odd = json!({"refresh_token": "rt-2", "access_token": "a b"});
    env.expect(TOKEN, ok(odd));
    assert_eq!(code(token(&env)), ErrorCode::UnexpectedAnswer);
    env.advance(29);
    assert_eq!(code(token(&env)), ErrorCode::UnexpectedAnswer);
    env.advance(1).expect(TOKEN, grant("rt-3"));
    token(&env).expect("a token");
}

/// Faults: P13 M11
#[test]
fn an_unusable_refresh_token_leaves_the_access_token_to_its_end() {
    let env = TestEnv::with(dead("active", json!({})));
    let odd = json!({"refresh_token": 7, "access_token": access_token("new", NOW + 600)});
    env.expect(TOKEN, ok(odd));
    assert_eq!(
        access(&token(&env).expect("a token")),
        access_token("new", NOW + 600)
    );
    assert_eq!(env.stored("credential")["refresh_token"], Value::Null);
    env.advance(600);
    assert_eq!(code(token(&env)), ErrorCode::NotRefreshable);
    assert_eq!(env.paths(), [TOKEN]);
}

/// Faults: P20
#[test]
fn another_account_is_reported_while_the_old_token_still_works() {
    let other = json!({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-2"}});
    let env = TestEnv::with(credential("active", json!({})));
    env.expect(
        TOKEN,
        ok(json!({"refresh_token": "rt-2", "access_token": jwt(&other)})),
    );
    assert_eq!(code(refresh(&env)), ErrorCode::AccountMismatch);
    assert_eq!(access(&token(&env).expect("the old one")), old_access());
    assert!(!env.stored("credential").to_string().contains("rt-2"));
}
