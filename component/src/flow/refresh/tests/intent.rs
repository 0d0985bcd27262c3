//! Storing the intent, and what happens before the request.

use super::*;

#[test]
fn intent_and_grant_are_stored_before_the_next_step() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, sent| {
        let stored = env.stored("credential");
        assert_eq!(stored["state"], "refreshing");
        assert_eq!(stored["intent"]["presented"], json!(fingerprint("rt-1")));
        assert_eq!(stored["intent"]["started"], json!(NOW));
        assert_eq!(stored["generation"], 8);
        assert_eq!(sent.json()["refresh_token"], "rt-1");
        grant("rt-2")
    });
    let record = token(&env).expect("a token");
    assert_eq!(
        env.log(),
        ["set credential", "send /oauth/token", "set credential"]
    );
    let stored = env.stored("credential");
    assert_eq!(stored["access_token"], json!(access(&record)));
    assert_eq!(stored["refresh_token"], "rt-2");
    assert_eq!(
        (&stored["state"], &stored["generation"]),
        (&json!("active"), &json!(9))
    );
    assert_eq!(
        (&stored["epoch"], &stored["intent"]),
        (&json!(3), &Value::Null)
    );
}

/// Faults: S16
#[test]
fn a_conflict_at_the_intent_leads_back_to_the_decision() {
    let env = TestEnv::with(dead("active", json!({})));
    let meanwhile = |env: &TestEnv| {
        env.put(
            "credential",
            &dead("refreshing", json!({"intent": intent(NOW)})),
        );
    };
    env.meanwhile(Op::Set, "credential", 0, meanwhile);
    assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress);
    assert!(env.paths().is_empty());
}

#[test]
fn an_endless_conflict_gives_up_and_sends_nothing() {
    let env = TestEnv::with(dead("active", json!({})));
    for _ in 0..20 {
        let fault = Fault::Before(StoreError::Conflict);
        env.at(Op::Set, "credential", 0, fault);
    }
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::StoreBusy);
    assert!(error.retryable && env.paths().is_empty());
}

/// Faults: S09 S10 S31
#[test]
fn a_store_that_fails_at_the_intent_spends_nothing() {
    for (fault, expected) in [
        (StoreError::ReadOnly, ErrorCode::StoreUnavailable),
        (StoreError::Full, ErrorCode::StoreUnavailable),
        (StoreError::TooLarge, ErrorCode::StoreUnavailable),
        (StoreError::Busy, ErrorCode::StoreBusy),
        (StoreError::Unavailable, ErrorCode::StoreUnavailable),
        (StoreError::Rollback, ErrorCode::RollbackSuspected),
    ] {
        let env = TestEnv::with(dead("active", json!({})));
        env.at(Op::Set, "credential", 0, Fault::Before(fault));
        assert_eq!(code(token(&env)), expected);
        assert_eq!(
            env.bytes("credential"),
            TestEnv::with(dead("active", json!({}))).bytes("credential")
        );
        let env = TestEnv::with(due());
        env.at(Op::Set, "credential", 0, Fault::Before(fault));
        assert_eq!(access(&token(&env).expect("a token")), old_access());
    }
}

/// Faults: S18
#[test]
fn a_failed_write_of_the_intent_that_landed_counts() {
    for error in [StoreError::Unavailable, StoreError::Conflict] {
        let env = TestEnv::with(dead("active", json!({})));
        env.at(Op::Set, "credential", 0, Fault::After(error));
        env.expect(TOKEN, grant("rt-2"));
        token(&env).expect("a token");
        assert_eq!(env.paths(), [TOKEN]);
    }
}

/// Faults: S31
#[test]
fn an_intent_that_cannot_be_read_back_sends_nothing() {
    let env = TestEnv::with(dead("active", json!({})));
    env.at(
        Op::Set,
        "credential",
        0,
        Fault::After(StoreError::Unavailable),
    );
    env.at(
        Op::Get,
        "credential",
        1,
        Fault::Before(StoreError::Unavailable),
    );
    assert_eq!(code(token(&env)), ErrorCode::StoreUnavailable);
    let env = TestEnv::with(dead("active", json!({})));
    env.at(
        Op::Get,
        "credential",
        1,
        Fault::Before(StoreError::Unavailable),
    );
    assert_eq!(code(token(&env)), ErrorCode::StoreUnavailable);
    assert_eq!(state(&env), "refreshing");
}

#[test]
fn an_intent_that_another_call_has_overwritten_sends_nothing() {
    let env = TestEnv::with(dead("active", json!({})));
    let meanwhile = |env: &TestEnv| {
        env.put(
            "credential",
            &dead("refreshing", json!({"intent": intent(NOW)})),
        );
    };
    env.meanwhile(Op::Get, "credential", 1, meanwhile);
    assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress);
}

/// Faults: H15
#[test]
fn five_seconds_after_the_intent_nothing_is_sent_any_more() {
    for step in [5_i64, 600, -5, -600] {
        let env = TestEnv::with(dead("active", json!({"expires_at": 1})));
        let jump = move |env: &TestEnv| env.set_clock(NOW.saturating_add_signed(step));
        env.meanwhile(Op::Get, "credential", 1, jump);
        let error = fails(token(&env));
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::StoreBusy, Some(1))
        );
        assert_eq!(state(&env), "active");
        env.advance(1).expect(TOKEN, grant("rt-2"));
        token(&env).expect("a token");
    }
    let env = TestEnv::with(dead("active", json!({})));
    let jump = |env: &TestEnv| env.set_clock(NOW + 4);
    env.meanwhile(Op::Get, "credential", 1, jump);
    env.expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
}

/// Faults: S21
#[test]
fn a_process_that_dies_before_its_intent_leaves_nothing_behind() {
    let env = TestEnv::with(dead("active", json!({})));
    let dies = |_: &TestEnv| panic!("killed");
    env.meanwhile(Op::Set, "credential", 0, dies);
    let call = std::panic::AssertUnwindSafe(|| token(&env));
    assert!(std::panic::catch_unwind(call).is_err());
    assert_eq!(env.stored("credential"), dead("active", json!({})));
    env.expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
    assert_eq!(env.paths(), [TOKEN]);
}
