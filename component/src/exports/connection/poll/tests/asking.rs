//! Asking whether the person has approved.

use super::*;

/// Faults: P05
#[test]
fn too_early_nothing_is_sent_or_written() {
    let env = waiting(json!({"next_poll_at": NOW + 4}));
    let progress = is_pending(&env);
    assert_eq!(progress.retry_after_seconds, Some(4));
    assert!(env.log().is_empty());
    let login = progress.pending.expect("the login");
    assert_eq!(
        (&*login.pending_id, &*login.user_code),
        ("pending-1", "ABCD-12345")
    );
    assert_eq!(
        (login.expires_in_seconds, login.expires_at),
        (900, NOW + 900)
    );
    env.advance(4).expect(DEVICE_TOKEN, response(403, ""));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(5));
}

/// Faults: N31
#[test]
fn a_next_poll_further_away_than_any_interval_is_ignored() {
    let env = waiting(json!({"next_poll_at": NOW + 330}));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(330));
    let env = waiting(json!({"next_poll_at": NOW + 331}));
    env.expect(DEVICE_TOKEN, response(403, ""));
    is_pending(&env);
    assert_eq!(env.stored("pending")["next_poll_at"], json!(NOW + 5));
}

/// Faults: P04
#[test]
fn of_two_polls_at_once_only_one_asks() {
    let env = waiting(json!({}));
    let meanwhile = |env: &TestEnv| {
        env.expect(DEVICE_TOKEN, response(403, ""));
        is_pending(env);
    };
    env.meanwhile(Op::Set, "pending", 0, meanwhile);
    assert_eq!(is_pending(&env).retry_after_seconds, Some(5));
    assert_eq!(env.paths(), [DEVICE_TOKEN]);
}

#[test]
fn the_request_names_the_handle_and_the_code() {
    let env = waiting(json!({}));
    env.expect_then(DEVICE_TOKEN, |_, sent| {
        assert_eq!(
            sent.json(),
            json!({"device_auth_id": "dev-1", "user_code": "ABCD-12345"})
        );
        refusal(403, "deviceauth_authorization_pending")
    });
    is_pending(&env);
}

#[test]
fn slow_down_and_429_add_five_seconds_up_to_a_minute() {
    for reply in [|| refusal(400, "slow_down"), || response(429, "")] {
        let env = waiting(json!({}));
        env.expect(DEVICE_TOKEN, reply());
        assert_eq!(is_pending(&env).retry_after_seconds, Some(10));
        assert_eq!(env.stored("pending")["interval"], 10);
        env.advance(10).expect(DEVICE_TOKEN, response(403, ""));
        let progress = is_pending(&env);
        assert_eq!(progress.pending.expect("the login").interval_seconds, 10);
    }
    let env = waiting(json!({"interval": 58}));
    env.expect(DEVICE_TOKEN, response(429, ""));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(60));
}

/// Faults: N26
#[test]
fn a_slow_down_follows_retry_after_within_bounds() {
    for (text, wait) in [
        ("1", 10),
        ("10", 10),
        ("42", 42),
        ("1000000000", 300),
        ("soon", 10),
    ] {
        let env = waiting(json!({}));
        env.expect(
            DEVICE_TOKEN,
            with_header(response(429, ""), "retry-after", text),
        );
        assert_eq!(is_pending(&env).retry_after_seconds, Some(wait), "{text}");
        assert_eq!(env.stored("pending")["interval"], 10);
        env.advance(u64::from(wait) - 1);
        assert_eq!(is_pending(&env).retry_after_seconds, Some(1));
        assert_eq!(env.paths(), [DEVICE_TOKEN]);
        env.advance(1).expect(DEVICE_TOKEN, response(403, ""));
        is_pending(&env);
    }
}

/// Faults: P01
#[test]
fn a_denied_login_is_gone() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, refusal(401, "authorization_declined"));
    assert_eq!(code(&env), ErrorCode::LoginDenied);
    assert_eq!(env.stored("pending"), Value::Null);
    assert_eq!(code(&env), ErrorCode::NoPendingLogin);
}

/// Faults: P02
#[test]
fn an_expired_code_is_gone_whether_the_service_says_so_or_the_clock() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, refusal(404, "deviceauth_expired_token"));
    assert_eq!(code(&env), ErrorCode::LoginExpired);
    assert_eq!(env.stored("pending"), Value::Null);
    let env = waiting(json!({}));
    env.advance(899).expect(DEVICE_TOKEN, response(403, ""));
    is_pending(&env);
    for reply in [response(403, ""), response(429, "")] {
        env.put("pending", &pending(json!({})));
        env.set_clock(NOW + 900);
        env.expect(DEVICE_TOKEN, reply);
        let error = fails(asked(&env, None));
        assert_eq!(error.code, ErrorCode::LoginExpired);
        assert!(error.hint.contains("Settings, Security"));
        assert_eq!(env.stored("pending"), Value::Null);
    }
}

/// Faults: N31
#[test]
fn a_code_never_ends_by_the_local_clock_alone() {
    let env = waiting(json!({}));
    env.advance(86_400).expect(DEVICE_TOKEN, page(403));
    assert_eq!(code(&env), ErrorCode::UpstreamBlocked);
    assert_eq!(env.stored("pending")["id"], "pending-1");
    env.advance(5)
        .expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Faults: S16
#[test]
fn a_slow_down_that_meets_another_write_is_still_pending() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, response(429, ""));
    env.change_meanwhile(Op::Set, "pending", 1, json!({"tomorrow": 1}));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(10));
}

#[test]
fn each_way_to_wait_has_its_own_sentence() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, response(403, ""));
    let asked = is_pending(&env).next_step;
    let too_early = is_pending(&env).next_step;
    let finishing = is_pending(&approved(json!({"exchanging_since": NOW}))).next_step;
    assert!(asked.contains("not approved yet"), "{asked}");
    assert!(too_early.contains("was not asked"), "{too_early}");
    assert!(finishing.contains("is approved"), "{finishing}");
}

/// Faults: N16 N24
#[test]
fn network_errors_pages_and_5xx_keep_the_pending_login() {
    let faults: [(fn() -> HttpResult, ErrorCode); 7] = [
        (|| not_sent(NotSent::Refused), ErrorCode::Network),
        (|| broken(MaybeSent::Broken), ErrorCode::Network),
        (|| not_sent(NotSent::Denied), ErrorCode::EgressDenied),
        (|| response(500, ""), ErrorCode::UpstreamError),
        (|| refusal(503, "busy"), ErrorCode::UpstreamError),
        (|| page(403), ErrorCode::UpstreamBlocked),
        (|| response(200, "{"), ErrorCode::UnexpectedAnswer),
    ];
    for (fault, expected) in faults {
        let env = waiting(json!({}));
        env.expect(DEVICE_TOKEN, fault());
        assert_eq!(code(&env), expected);
        env.advance(5).expect(DEVICE_TOKEN, response(403, ""));
        is_pending(&env);
    }
}
