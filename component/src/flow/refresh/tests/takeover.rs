//! Abandoned refreshes, and calls that finish late.

use super::*;

/// Faults: H15
#[test]
fn a_late_holder_commits_although_it_was_taken_over() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(100);
        assert_eq!(code(token(env)), ErrorCode::RefreshUncertain);
        assert_eq!(state(env), "uncertain");
        grant("rt-2")
    });
    token(&env).expect("the late grant");
    let stored = env.stored("credential");
    assert_eq!(
        (&stored["state"], &stored["refresh_token"]),
        (&json!("active"), &json!("rt-2"))
    );
}

/// Faults: H15
#[test]
fn a_late_holder_commits_over_a_probe_and_the_probe_adopts() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(130);
        env.expect_then(TOKEN, |env, _| {
            let stored = env.stored("credential");
            assert_eq!(
                (&stored["state"], &stored["probes"]),
                (&json!("refreshing"), &json!(1))
            );
            let newer = json!({
                "refresh_token": "rt-2", "access_token": access_token("late", NOW + LIFETIME),
                "received_at": NOW + 130, "intent": null, "probes": null,
            });
            env.put(
                "credential",
                &changed(credential("active", json!({})), newer),
            );
            refusal(401, "refresh_token_reused")
        });
        let adopted = token(env).expect("the late holder's");
        assert_eq!(access(&adopted), access_token("late", NOW + LIFETIME));
        broken(MaybeSent::Broken)
    });
    token(&env).expect("the late holder's");
    assert_eq!(state(&env), "active");
}

/// Faults: H15
#[test]
fn a_late_grant_revives_a_login_that_a_probe_has_ended() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(65);
        assert_eq!(code(token(env)), ErrorCode::RefreshUncertain);
        env.advance(55).expect(TOKEN, refusal(400, "invalid_grant"));
        assert_eq!(code(token(env)), ErrorCode::NeedsLogin);
        grant("rt-2")
    });
    token(&env).expect("the late grant");
    assert_eq!(state(&env), "active");
}

/// Faults: H01 H02 S22
#[test]
fn a_process_that_died_is_followed_by_a_probe() {
    let env = TestEnv::with(dead("refreshing", json!({"intent": intent(NOW)})));
    assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress);
    env.advance(65);
    assert_eq!(code(token(&env)), ErrorCode::RefreshUncertain);
    assert_eq!(state(&env), "uncertain");
    env.advance(55).expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
}

/// Faults: S09
#[test]
fn a_takeover_in_a_read_only_store_serves_the_live_token() {
    let abandoned = json!({"intent": intent(NOW - 65)});
    let env = TestEnv::with(credential("refreshing", abandoned.clone()));
    env.at(
        Op::Set,
        "credential",
        0,
        Fault::Before(StoreError::ReadOnly),
    );
    assert_eq!(access(&token(&env).expect("a token")), old_access());
    let env = TestEnv::with(dead("refreshing", abandoned));
    env.at(
        Op::Set,
        "credential",
        0,
        Fault::Before(StoreError::ReadOnly),
    );
    assert_eq!(code(token(&env)), ErrorCode::StoreUnavailable);
}

#[test]
fn a_refresh_that_was_taken_over_ends_uncertain() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(70);
        token(env).expect("the live token");
        assert_eq!(state(env), "uncertain");
        broken(MaybeSent::Broken)
    });
    assert_eq!(code(refresh(&env)), ErrorCode::RefreshUncertain);
}
