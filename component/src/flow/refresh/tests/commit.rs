//! Storing the outcome.

use super::*;

/// Faults: S11 S12
#[test]
fn a_failed_commit_is_reported_also_after_an_early_refresh() {
    for stored in [dead("active", json!({})), due()] {
        for fault in [
            StoreError::Full,
            StoreError::Unavailable,
            StoreError::TooLarge,
        ] {
            let env = TestEnv::with(stored.clone());
            env.at(Op::Set, "credential", 1, Fault::Before(fault));
            env.expect(TOKEN, grant("rt-2"));
            assert_eq!(code(token(&env)), ErrorCode::StoreFailedAfterRefresh);
            assert_eq!(state(&env), "refreshing");
        }
    }
}

/// Faults: S11
#[test]
fn an_unreadable_record_at_the_commit_is_reported() {
    let env = TestEnv::with(dead("active", json!({})));
    env.at(Op::Get, "credential", 2, Fault::Before(StoreError::Corrupt));
    env.expect(TOKEN, grant("rt-2"));
    assert_eq!(code(token(&env)), ErrorCode::StoreFailedAfterRefresh);
}

/// Faults: S18
#[test]
fn a_failed_commit_that_landed_is_a_success() {
    for error in [StoreError::Unavailable, StoreError::Conflict] {
        let env = TestEnv::with(dead("active", json!({})));
        env.at(Op::Set, "credential", 1, Fault::After(error));
        env.expect(TOKEN, grant("rt-2"));
        token(&env).expect("a token");
        assert_eq!(env.stored("credential")["refresh_token"], "rt-2");
    }
}

#[test]
fn a_conflict_at_the_commit_keeps_the_grant() {
    let env = TestEnv::with(dead("active", json!({})));
    env.change_meanwhile(Op::Set, "credential", 1, json!({"tomorrow": 1}));
    env.expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
    let stored = env.stored("credential");
    assert_eq!(
        (&stored["refresh_token"], &stored["tomorrow"]),
        (&json!("rt-2"), &json!(1))
    );
}

#[test]
fn a_store_that_fails_after_no_grant_keeps_the_live_token() {
    let env = TestEnv::with(due());
    env.at(Op::Set, "credential", 1, Fault::Before(StoreError::Full));
    env.expect(TOKEN, response(500, ""));
    assert_eq!(access(&token(&env).expect("a token")), old_access());
    let env = TestEnv::with(dead("active", json!({})));
    env.at(Op::Set, "credential", 1, Fault::Before(StoreError::Full));
    env.expect(TOKEN, response(500, ""));
    assert_eq!(code(token(&env)), ErrorCode::StoreUnavailable);
}

/// Faults: P14
#[test]
fn a_slow_commit_of_a_grant_without_an_access_token_sends_once() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    let tick = |env: &TestEnv| env.set_clock(NOW + 5);
    env.meanwhile(Op::Set, "credential", 1, tick);
    assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress);
    assert_eq!(env.paths(), [TOKEN]);
}

/// Faults: P20 S18
#[test]
fn a_mismatch_that_landed_is_not_a_failure_of_the_store() {
    let other = json!({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-2"}});
    let env = TestEnv::with(dead("active", json!({})));
    env.at(
        Op::Set,
        "credential",
        1,
        Fault::After(StoreError::Unavailable),
    );
    env.expect(
        TOKEN,
        ok(json!({"refresh_token": "rt-2", "access_token": jwt(&other)})),
    );
    assert_eq!(code(token(&env)), ErrorCode::AccountMismatch);
}
