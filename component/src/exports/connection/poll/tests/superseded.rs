//! A logout or another login during the poll.

use super::*;

/// Faults: P07
#[test]
fn a_logout_that_is_not_finished_has_no_login_to_show() {
    let env = waiting(json!({"epoch": 3}));
    let leaving = json!({"epoch": 4, "login_id": "pending-1", "revoke": true});
    env.put("credential", &credential("logging-out", leaving));
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    env.remove("pending");
    assert_eq!(code(&env), ErrorCode::NoPendingLogin);
}

/// Faults: P07
#[test]
fn a_poll_after_logout_has_no_pending_login() {
    let env = waiting(json!({}));
    env.call(|ports| logout(ports, false)).expect("a logout");
    assert_eq!(code(&env), ErrorCode::NoPendingLogin);
}

fn logout_during_exchange(revoke: bool) -> TestEnv {
    let env = approved(json!({}));
    env.expect_then(TOKEN, move |env, _| {
        let worker = env.worker(0);
        logout(worker.ports(), revoke).expect("a logout");
        grant("rt-1")
    });
    env
}

/// Faults: P07
#[test]
fn tokens_that_come_after_a_logout_are_dropped() {
    let env = logout_during_exchange(false);
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    let stored = env.stored("credential").to_string();
    assert!(stored.contains("logged-out") && !stored.contains("rt-1"));
    assert_eq!(env.paths(), [TOKEN]);
}

/// Faults: P07
#[test]
fn tokens_that_come_after_a_logout_with_revocation_are_revoked() {
    let env = logout_during_exchange(true);
    env.expect_then(REVOKE, |_, sent| {
        assert_eq!(sent.json()["token"], "rt-1");
        response(200, "")
    });
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    assert_eq!(env.stored("credential")["state"], "logged-out");
}

/// Faults: P07
#[test]
fn tokens_that_come_after_another_login_are_dropped_and_not_revoked() {
    let env = approved(json!({}));
    env.expect_then(TOKEN, |env, _| {
        env.put("credential", &credential("active", json!({"epoch": 2})));
        grant("rt-9")
    });
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    assert_eq!(env.stored("credential")["refresh_token"], "rt-1");
}
