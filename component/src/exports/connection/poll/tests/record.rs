//! What the stored pending login says, and what a poll leaves of it.

use super::*;

/// Faults: P03
#[test]
fn the_end_of_a_login_keeps_a_newer_login_and_a_newer_approval() {
    let theirs = json!({"code": "code-2", "verifier": "verifier-2", "attempts": 0});
    for changes in [json!({"id": "pending-2"}), json!({"approval": theirs})] {
        let env = waiting(json!({}));
        let newer = changes.clone();
        env.expect_then(DEVICE_TOKEN, move |env, _| {
            env.put("pending", &changed(env.stored("pending"), newer));
            refusal(400, "access_denied")
        });
        assert_eq!(code(&env), ErrorCode::LoginDenied);
        let stored = env.stored("pending");
        assert_eq!(changed(stored.clone(), changes), stored);
    }
    let env = approved(json!({}));
    env.expect(TOKEN, grant("rt-1"));
    env.expect_then(MODELS, |_, _| models());
    env.expect(USAGE, usage());
    let newer = |env: &TestEnv| {
        env.put("pending", &pending(json!({"id": "pending-2", "epoch": 1})));
    };
    env.meanwhile(Op::Delete, "pending", 0, newer);
    is_connected(&env);
    assert_eq!(env.stored("pending")["id"], "pending-2");
}

/// Faults: S18
#[test]
fn a_failed_write_of_the_pending_login_that_landed_is_a_success() {
    for skip in 0..3 {
        for error in [StoreError::Unavailable, StoreError::Conflict] {
            let env = waiting(json!({}));
            env.at(Op::Set, "pending", skip, Fault::After(error));
            env.expect(DEVICE_TOKEN, approval())
                .expect(TOKEN, grant("rt-1"));
            is_connected(with_backend(&env));
        }
    }
}

/// Faults: M11
#[test]
fn a_stored_user_code_that_could_steer_a_terminal_is_corrupt() {
    for bad in ["\u{1b}[2J", "", "abcd", "ABCD 12345"] {
        let env = waiting(json!({"user_code": bad}));
        assert_eq!(code(&env), ErrorCode::RecordCorrupt, "{bad:?}");
    }
}

/// Faults: S02 S04
#[test]
fn a_pending_login_that_cannot_be_read_is_left_as_it_is() {
    for (bytes, expected) in [
        (&b"{"[..], ErrorCode::RecordCorrupt),
        (br#"{"version":1}"#, ErrorCode::RecordCorrupt),
        (br#"{"version":2}"#, ErrorCode::RecordNewer),
    ] {
        let env = TestEnv::new();
        env.put_bytes("pending", bytes);
        assert_eq!(code(&env), expected);
        assert_eq!(env.bytes("pending").as_deref(), Some(bytes));
    }
}

/// Faults: M08 M12
#[test]
fn a_stored_code_that_steers_the_terminal_is_not_shown() {
    let env = waiting(json!({"user_code": "\u{1b}[2JAB"}));
    assert_eq!(code(&env), ErrorCode::RecordCorrupt);
}

/// Faults: M08
#[test]
fn a_stored_interval_beyond_all_bounds_is_a_minute() {
    let env = waiting(json!({"interval": i64::MAX}));
    env.expect(DEVICE_TOKEN, refusal(403, "authorization_pending"));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(60));
    assert_eq!(env.stored("pending")["next_poll_at"], json!(NOW + 60));
}

/// Faults: S05
#[test]
fn unknown_fields_of_a_pending_login_survive() {
    let env = waiting(json!({"tomorrow": [1]}));
    env.expect(DEVICE_TOKEN, response(429, ""));
    is_pending(&env);
    assert_eq!(env.stored("pending")["tomorrow"], json!([1]));
}
