//! A logout or another login during the refresh.

use super::*;

fn logged_out(login_seq: u64, revoke: bool) -> Value {
    json!({
        "version": 1, "generation": 20, "epoch": login_seq, "state": "logged-out",
        "revoke": revoke, "updated_at": NOW,
    })
}

/// Faults: P32
#[test]
fn a_logout_meanwhile_wins_and_the_late_pair_is_dropped() {
    for stored in [dead("active", json!({})), due()] {
        let env = TestEnv::with(stored);
        env.expect_then(TOKEN, |env, _| {
            env.put("credential", &logged_out(4, false));
            grant("rt-2")
        });
        assert_eq!(code(token(&env)), ErrorCode::NotConnected);
        assert_eq!(env.stored("credential"), logged_out(4, false));
        assert_eq!(env.paths(), [TOKEN]);
    }
}

/// Faults: P32
#[test]
fn a_late_pair_is_revoked_if_the_logout_asked_for_it() {
    let env = TestEnv::with(due());
    env.expect_then(TOKEN, |env, _| {
        env.put("credential", &logged_out(4, true));
        grant("rt-2")
    });
    env.expect_then(REVOKE, |_, sent| {
        assert_eq!(sent.json()["token"], "rt-2");
        response(200, "")
    });
    assert_eq!(code(token(&env)), ErrorCode::NotConnected);
}

/// Faults: P32
#[test]
fn no_token_is_returned_while_a_logout_waits_for_its_revocation() {
    let env = TestEnv::with(due());
    env.expect_then(TOKEN, |env, _| {
        let leaving = json!({"epoch": 4, "revoke": true});
        env.put("credential", &credential("logging-out", leaving));
        response(500, "")
    });
    assert_eq!(code(token(&env)), ErrorCode::NotConnected);
}

/// Faults: S08
#[test]
fn a_late_pair_never_replaces_a_newer_login() {
    let env = TestEnv::with(dead("active", json!({})));
    let newer = credential(
        "active",
        json!({
            "epoch": 5, "refresh_token": "rt-9", "account_id": "acc-9", "received_at": NOW,
        }),
    );
    let stored = newer.clone();
    env.expect_then(TOKEN, move |env, _| {
        env.put("credential", &stored);
        grant("rt-2")
    });
    let record = token(&env).expect("the newer login's");
    assert_eq!(record.claims.account_id.as_deref(), Some("acc-9"));
    assert_eq!(env.stored("credential"), newer);
    assert_eq!(env.paths(), [TOKEN]);
}

/// Faults: P07
#[test]
fn a_newer_login_is_not_logged_out_by_a_late_refusal() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.put("credential", &credential("active", json!({"epoch": 4})));
        refusal(401, "refresh_token_invalidated")
    });
    token(&env).expect("the newer login's");
    assert_eq!(state(&env), "active");
}
