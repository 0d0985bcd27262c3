//! Which login a caller means, and logins that are finished.

use super::*;

#[test]
fn the_login_is_named_by_its_id_or_by_its_user_code() {
    for name in ["pending-1", "ABCD-12345", "abcd-12345"] {
        let env = waiting(json!({}));
        env.expect(DEVICE_TOKEN, response(403, ""));
        let progress = asked(&env, Some(name)).expect("a pending login");
        assert_eq!(progress.status, LoginStatus::Pending);
    }
}

/// Faults: P03
#[test]
fn the_id_of_a_replaced_login_is_superseded() {
    let env = waiting(json!({"next_poll_at": NOW + 3}));
    for name in ["pending-0", "WXYZ-98765", ""] {
        let error = fails(asked(&env, Some(name)));
        assert_eq!(error.code, ErrorCode::LoginSuperseded);
    }
    assert!(env.log().is_empty());
}

/// Faults: P06
#[test]
fn a_poll_after_success_answers_connected_without_a_request() {
    let env = TestEnv::with(credential("active", json!({"login_id": "pending-1"})));
    for name in [None, Some("pending-1")] {
        let progress = asked(&env, name).expect("a login");
        assert_eq!(progress.status, LoginStatus::Connected);
        assert_eq!(progress.email.as_deref(), Some("ada@example.com"));
        assert_eq!(
            (progress.models_count, progress.usage.is_some()),
            (None, false)
        );
    }
    let error = fails(asked(&env, Some("pending-0")));
    assert_eq!(error.code, ErrorCode::NoPendingLogin);
    assert!(env.log().is_empty());
}

/// Faults: P06
#[test]
fn a_finished_login_is_known_by_its_user_code_too() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
    for name in ["ABCD-12345", "abcd-12345", "pending-1"] {
        let progress = asked(&env, Some(name)).expect("a login");
        assert_eq!(progress.status, LoginStatus::Connected, "{name}");
    }
    assert_eq!(
        fails(asked(&env, Some("WXYZ-98765"))).code,
        ErrorCode::NoPendingLogin
    );
}

/// Faults: P06
#[test]
fn a_finished_login_is_connected_while_another_one_waits() {
    let env = waiting(json!({"id": "pending-2", "user_code": "WXYZ-98765", "epoch": 3}));
    let finished = json!({"login_id": "pending-1", "user_code": "ABCD-12345"});
    env.put("credential", &credential("active", finished.clone()));
    for name in ["pending-1", "abcd-12345"] {
        let progress = asked(&env, Some(name)).expect("a login");
        assert_eq!(progress.status, LoginStatus::Connected, "{name}");
    }
    env.put("credential", &dead("needs-login", finished));
    let error = fails(asked(&env, Some("pending-1")));
    assert_eq!(error.code, ErrorCode::NoPendingLogin);
    assert!(error.relogin_required);
    assert_eq!(env.stored("pending")["id"], "pending-2");
    assert!(env.paths().is_empty());
}

/// Faults: P06
#[test]
fn a_login_that_has_ended_since_is_not_connected() {
    for stored in [
        dead("needs-login", json!({"login_id": "pending-1"})),
        dead(
            "active",
            json!({"login_id": "pending-1", "refresh_token": null}),
        ),
    ] {
        for waits in [false, true] {
            let env = TestEnv::with(stored.clone());
            if waits {
                env.put("pending", &pending(json!({"epoch": 2})));
            }
            let error = fails(asked(&env, None));
            assert_eq!(error.code, ErrorCode::NoPendingLogin);
            assert!(error.hint.contains("has ended") && error.relogin_required);
            assert_eq!(env.stored("pending"), Value::Null);
        }
    }
    let alive = credential("needs-login", json!({"login_id": "pending-1"}));
    is_connected(&TestEnv::with(alive));
}

/// Faults: S25 P06
#[test]
fn a_login_with_a_leftover_pending_record_is_connected() {
    let env = waiting(json!({}));
    env.put(
        "credential",
        &credential("active", json!({"login_id": "pending-1"})),
    );
    is_connected(&env);
    assert_eq!(env.stored("pending"), Value::Null);
    assert!(env.paths().is_empty());
}

/// Faults: P07
#[test]
fn a_pending_login_before_another_login_is_superseded() {
    let env = waiting(json!({"epoch": 2}));
    env.put("credential", &credential("active", json!({})));
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    assert!(env.log().is_empty());
}
