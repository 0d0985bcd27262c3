//! Access tokens that the backend refuses.

use super::*;

/// Faults: N33
#[test]
fn a_refused_token_is_recorded_in_every_state() {
    let name = fingerprint(&old_access());
    let again = json!({"not_before": NOW + 60, "last_trouble": "network"});
    for (stored, expected) in [
        (credential("active", again), ErrorCode::Network),
        (
            credential("uncertain", json!({"not_before": NOW + 60})),
            ErrorCode::RefreshUncertain,
        ),
        (
            credential("refreshing", json!({"intent": intent(NOW)})),
            ErrorCode::RefreshInProgress,
        ),
        (
            credential("refreshing", json!({"intent": intent(NOW - 65)})),
            ErrorCode::RefreshUncertain,
        ),
        (
            credential("needs-login", json!({"reason": "invalid_grant"})),
            ErrorCode::NeedsLogin,
        ),
    ] {
        let env = TestEnv::with(stored);
        let report = || env.call(|ports| refresh::access_token(ports, Some(&name)));
        assert_eq!(code(report()), expected);
        assert_eq!(env.stored("credential")["refused"], json!(name));
        assert_eq!(code(token(&env)), expected);
        let writes = env.log().len();
        assert_eq!(code(report()), expected);
        assert_eq!(env.log().len(), writes, "it is noted once");
    }
}

/// Faults: S09
#[test]
fn a_refused_token_that_cannot_be_recorded_is_not_served() {
    let env = TestEnv::with(credential("active", json!({})));
    env.at(
        Op::Set,
        "credential",
        0,
        Fault::Before(StoreError::ReadOnly),
    );
    let name = fingerprint(&old_access());
    let result = env.call(|ports| refresh::access_token(ports, Some(&name)));
    assert_eq!(code(result), ErrorCode::StoreUnavailable);
}

/// Faults: N33
#[test]
fn a_refused_token_is_refreshed_once_and_then_reported() {
    let env = TestEnv::with(credential("active", json!({})));
    let refused = |env: &TestEnv, token: &str| {
        let name = fingerprint(token);
        env.call(|ports| refresh::access_token(ports, Some(&name)))
    };
    env.expect(TOKEN, grant("rt-2"));
    let new = access(&refused(&env, &old_access()).expect("a token"));
    assert_eq!(
        access(&refused(&env, &old_access()).expect("the new one")),
        new
    );
    env.advance(20);
    let error = fails(refused(&env, &new));
    assert_eq!(
        (error.code, error.retry_after_seconds),
        (ErrorCode::RejectedByBackend, Some(40))
    );
    env.advance(40).expect(TOKEN, grant("rt-3"));
    refused(&env, &new).expect("a token");
}

#[test]
fn a_refused_token_is_never_served_again_when_its_refresh_fails() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect(TOKEN, response(429, ""));
    let name = fingerprint(&old_access());
    let error = fails(env.call(|ports| refresh::access_token(ports, Some(&name))));
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert_eq!(code(token(&env)), ErrorCode::RateLimited);
    assert_eq!(env.stored("credential")["refused"], json!(name));
}

/// Faults: N33
#[test]
fn a_token_that_another_call_reports_as_refused_is_not_served() {
    let env = TestEnv::with(due());
    env.expect_then(TOKEN, |env, _| {
        let name = fingerprint(&old_access());
        let theirs = env.call(|ports| refresh::access_token(ports, Some(&name)));
        assert_eq!(code(theirs), ErrorCode::RefreshInProgress);
        broken(MaybeSent::TimedOut)
    });
    assert_eq!(code(token(&env)), ErrorCode::RefreshUncertain);
}

/// Faults: P23
#[test]
fn a_refused_token_whose_login_was_revoked_needs_a_login() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect(TOKEN, refusal(401, "token_revoked"));
    let name = fingerprint(&old_access());
    let error = fails(env.call(|ports| refresh::access_token(ports, Some(&name))));
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert_eq!(code(token(&env)), ErrorCode::NeedsLogin);
}
