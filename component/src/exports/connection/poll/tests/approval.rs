//! Storing the approval.

use super::*;

/// Faults: S24
#[test]
fn approval_intent_and_grant_are_each_stored_before_the_next_step() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-1"));
    with_backend(&env);
    is_connected(&env);
    assert_eq!(
        env.log()[..7],
        [
            "set pending",
            "send /api/accounts/deviceauth/token",
            "set pending",
            "set pending",
            "send /oauth/token",
            "set credential",
            "delete pending",
        ]
    );
}

/// Faults: S16
#[test]
fn an_approval_is_stored_over_the_write_of_another_poll() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-1"));
    env.change_meanwhile(
        Op::Set,
        "pending",
        1,
        json!({"interval": 10, "tomorrow": 1}),
    );
    is_connected(with_backend(&env));
}

/// Faults: S16
#[test]
fn an_approval_that_another_poll_has_stored_first_counts() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval());
    env.expect_then(TOKEN, |_, sent| {
        assert!(sent.body.contains("&code=code-2&"));
        grant("rt-1")
    });
    let theirs = json!({"code": "code-2", "verifier": "verifier-2", "attempts": 0});
    env.change_meanwhile(Op::Set, "pending", 1, json!({"approval": theirs}));
    is_connected(with_backend(&env));
}

/// Faults: S16
#[test]
fn an_approval_of_a_login_that_was_replaced_or_removed_is_superseded() {
    for changes in [json!({"id": "pending-2"}), json!({"epoch": 1})] {
        let env = waiting(json!({}));
        env.expect(DEVICE_TOKEN, approval());
        env.change_meanwhile(Op::Set, "pending", 1, changes);
        assert_eq!(code(&env), ErrorCode::LoginSuperseded);
        assert_eq!(env.stored("pending")["approval"], Value::Null);
    }
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval());
    let gone = |env: &TestEnv| env.remove("pending");
    env.meanwhile(Op::Set, "pending", 1, gone);
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
}

/// Faults: P08
#[test]
fn an_approval_is_put_back_only_over_the_calls_own_exchange() {
    let env = approved(json!({}));
    env.expect_then(TOKEN, |env, _| {
        let theirs = json!({"attempt": "theirs"});
        env.put("pending", &changed(env.stored("pending"), theirs));
        response(429, "")
    });
    assert_eq!(code(&env), ErrorCode::RateLimited);
    let stored = env.stored("pending");
    assert_eq!(stored["attempt"], "theirs");
    assert_eq!(stored["approval"]["exchanging_since"], json!(NOW));
}

#[test]
fn an_approved_login_does_not_end_with_its_code() {
    let env = approved(json!({}));
    env.advance(3000).expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Faults: S09
#[test]
fn an_approval_is_not_spent_when_the_store_takes_no_writes() {
    let env = approved(json!({}));
    env.at(Op::Set, "pending", 0, Fault::Before(StoreError::ReadOnly));
    assert_eq!(code(&env), ErrorCode::StoreUnavailable);
    let env = waiting(json!({}));
    env.at(Op::Set, "pending", 0, Fault::Before(StoreError::Full));
    assert_eq!(code(&env), ErrorCode::StoreUnavailable);
    assert!(env.paths().is_empty());
}

/// Faults: S36
#[test]
fn an_approval_is_not_spent_where_its_tokens_might_not_fit() {
    let env = approved(json!({}));
    let large = json!({"epoch": 0, "tomorrow": "x".repeat(5000)});
    env.put("credential", &credential("active", large));
    let error = fails(asked(&env, None));
    assert_eq!(error.code, ErrorCode::StoreUnavailable);
    assert!(error.message.contains("limit") && env.log().is_empty());
}
