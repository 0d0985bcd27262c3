use super::logout;
use crate::contract::{ErrorCode, LogoutResult, LogoutStatus};
use crate::ports::MaybeSent;
use crate::ports::StoreError;
use crate::testing::fakes::{
    Fault, HttpResult, MODELS, NOW, Op, REVOKE, TestEnv, USAGE, broken, changed, credential, dead,
    fails, intent, models, pending, response, usage,
};
use serde_json::{Value, json};

#[track_caller]
fn done(env: &TestEnv, revoke: bool) -> LogoutResult {
    env.call(|ports| logout(ports, revoke)).expect("a logout")
}

fn parts(result: &LogoutResult) -> (LogoutStatus, bool, bool) {
    (result.status, result.removed, result.revoked)
}

const DONE: (LogoutStatus, bool, bool) = (LogoutStatus::Disconnected, true, false);
const NOTHING: (LogoutStatus, bool, bool) = (LogoutStatus::NotConnected, false, false);

#[test]
fn by_default_nothing_is_sent_and_the_answer_says_so() {
    for state in ["active", "refreshing", "uncertain", "needs-login"] {
        let env = TestEnv::with(credential(
            state,
            json!({"intent": intent(NOW), "probes": 2}),
        ));
        let result = done(&env, false);
        assert_eq!(parts(&result), DONE);
        assert!(result.hint.contains("The service does not know"));
        assert!(env.paths().is_empty());
        let left = json!({
            "version": 1, "generation": 8, "epoch": 4, "state": "logged-out", "updated_at": NOW,
        });
        assert_eq!(env.stored("credential"), left);
    }
}

#[test]
fn with_revoke_the_record_says_so_before_the_request() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect_then(REVOKE, |env, sent| {
        let stored = env.stored("credential");
        assert_eq!(
            (&stored["state"], &stored["epoch"]),
            (&json!("logging-out"), &json!(4))
        );
        assert_eq!(sent.json()["token"], "rt-1");
        assert_eq!(sent.timeout, 10);
        response(200, "")
    });
    let result = done(&env, true);
    assert_eq!(parts(&result), (LogoutStatus::Disconnected, true, true));
    assert!(result.hint.contains("Other Codex sessions"));
    let stored = env.stored("credential");
    assert_eq!(
        (&stored["state"], &stored["epoch"]),
        (&json!("logged-out"), &json!(4))
    );
    assert_eq!(
        (&stored["revoke"], &stored["refresh_token"]),
        (&json!(true), &Value::Null)
    );
}

/// Faults: N34
#[test]
fn a_revocation_that_fails_still_signs_out_here() {
    let faults: [fn() -> HttpResult; 3] = [
        || broken(MaybeSent::TimedOut),
        || response(500, ""),
        || response(400, ""),
    ];
    for fault in faults {
        let env = TestEnv::with(credential("active", json!({})));
        env.expect(REVOKE, fault());
        let result = done(&env, true);
        assert_eq!(parts(&result), DONE);
        assert!(result.hint.contains("did not confirm"));
        assert_eq!(env.stored("credential")["state"], "logged-out");
    }
}

#[test]
fn a_login_without_a_refresh_token_has_nothing_to_revoke() {
    let env = TestEnv::with(credential("active", json!({"refresh_token": null})));
    assert_eq!(parts(&done(&env, true)), DONE);
    assert!(env.paths().is_empty());
}

/// Faults: P33
#[test]
fn twice_or_of_nothing_is_a_success_that_changes_nothing() {
    for revoke in [false, true] {
        let env = TestEnv::new();
        let result = done(&env, revoke);
        assert_eq!(parts(&result), NOTHING);
        assert_eq!(result.hint, "Not signed in.");
        assert!(env.log().is_empty());
        let env = TestEnv::with(credential("active", json!({})));
        done(&env, false);
        let left = env.stored("credential");
        assert_eq!(parts(&done(&env, revoke)), NOTHING);
        assert_eq!(env.stored("credential"), left);
    }
}

#[test]
fn a_login_that_waits_is_removed_and_can_no_longer_be_finished() {
    let env = TestEnv::new();
    env.put("pending", &pending(json!({})));
    let result = done(&env, false);
    assert_eq!(parts(&result), (LogoutStatus::NotConnected, true, false));
    assert_eq!(result.hint, "The pending login was removed.");
    assert_eq!(env.stored("pending"), Value::Null);
    assert_eq!(env.stored("credential")["epoch"], 1);
    let env = TestEnv::with(credential("active", json!({})));
    env.put("pending", &pending(json!({"epoch": 3})));
    assert_eq!(parts(&done(&env, false)), DONE);
    assert_eq!(env.stored("pending"), Value::Null);
}

/// Faults: S02
#[test]
fn a_pending_login_that_cannot_be_read_is_removed_too() {
    let env = TestEnv::new();
    env.put_bytes("pending", b"{");
    assert!(done(&env, false).removed);
    assert_eq!(env.bytes("pending"), None);
}

/// Faults: S31
#[test]
fn an_unreadable_or_missing_pending_login_is_not_reported_as_removed() {
    let env = TestEnv::new();
    env.at(
        Op::Get,
        "pending",
        0,
        Fault::Before(StoreError::Unavailable),
    );
    assert_eq!(parts(&done(&env, false)), NOTHING);
    let env = TestEnv::new();
    env.put("pending", &pending(json!({})));
    env.at(
        Op::Get,
        "pending",
        0,
        Fault::Before(StoreError::Unavailable),
    );
    assert!(done(&env, false).removed);
    assert_eq!(env.stored("pending"), Value::Null);
}

/// Faults: P07
#[test]
fn a_login_that_was_begun_after_the_logout_stays() {
    for (op, number) in [(Op::Get, 1), (Op::Delete, 0)] {
        let env = TestEnv::with(credential("active", json!({})));
        env.put("pending", &pending(json!({"epoch": 3})));
        let newer = |env: &TestEnv| {
            env.put("pending", &pending(json!({"id": "pending-2", "epoch": 4})));
        };
        env.meanwhile(op, "pending", number, newer);
        assert_eq!(parts(&done(&env, false)), DONE);
        assert_eq!(env.stored("pending")["id"], "pending-2", "{op:?}");
    }
}

/// Faults: S27
#[test]
fn an_interrupted_logout_is_finished_by_the_next_logout() {
    for revoke in [false, true] {
        let env = TestEnv::with(credential(
            "logging-out",
            json!({"epoch": 4, "revoke": true}),
        ));
        env.expect(REVOKE, response(200, ""));
        let result = done(&env, revoke);
        assert_eq!(parts(&result), (LogoutStatus::Disconnected, true, true));
        assert_eq!(env.stored("credential")["epoch"], 4);
    }
}

/// Faults: S27
#[test]
fn a_logout_that_cannot_be_finished_is_left_for_the_next() {
    let env = TestEnv::with(credential("active", json!({})));
    env.at(
        Op::Set,
        "credential",
        1,
        Fault::Before(StoreError::Unavailable),
    );
    env.expect(REVOKE, response(200, ""));
    let error = fails(env.call(|ports| logout(ports, true)));
    assert_eq!(error.code, ErrorCode::StoreUnavailable);
    assert_eq!(env.stored("credential")["state"], "logging-out");
    env.expect(REVOKE, response(200, ""));
    assert!(done(&env, true).revoked);
}

#[test]
fn two_logouts_at_once_both_succeed() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect_then(REVOKE, |env, _| {
        env.advance(1).expect(REVOKE, response(200, ""));
        assert!(done(env, true).revoked);
        response(200, "")
    });
    assert_eq!(
        parts(&done(&env, true)),
        (LogoutStatus::Disconnected, true, true)
    );
}

/// Faults: S16
#[test]
fn a_write_meanwhile_does_not_stop_a_logout() {
    let env = TestEnv::with(dead("active", json!({})));
    let meanwhile = |env: &TestEnv| {
        env.put(
            "credential",
            &dead(
                "refreshing",
                json!({"intent": intent(NOW), "generation": 8}),
            ),
        );
    };
    env.meanwhile(Op::Set, "credential", 0, meanwhile);
    assert_eq!(parts(&done(&env, false)), DONE);
    assert_eq!(env.stored("credential")["generation"], 9);
}

/// Faults: S16
#[test]
fn a_write_during_the_revocation_does_not_stop_a_logout() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect_then(REVOKE, |env, _| {
        let written = json!({"generation": 9, "tomorrow": 1});
        env.put("credential", &changed(env.stored("credential"), written));
        response(200, "")
    });
    env.expect(REVOKE, response(200, ""));
    let result = done(&env, true);
    assert_eq!(parts(&result), (LogoutStatus::Disconnected, true, true));
    let stored = env.stored("credential");
    assert_eq!(stored["state"], "logged-out");
    assert_eq!(
        (&stored["generation"], &stored["tomorrow"]),
        (&json!(10), &json!(1))
    );
}

/// Faults: S18
#[test]
fn a_failed_write_of_the_logout_that_landed_is_a_success() {
    for (revoke, skip) in [(false, 0), (true, 0), (true, 1)] {
        for error in [StoreError::Unavailable, StoreError::Conflict] {
            let env = TestEnv::with(credential("active", json!({})));
            env.at(Op::Set, "credential", skip, Fault::After(error));
            env.serve(REVOKE, |_, _| response(200, ""));
            let result = done(&env, revoke);
            assert_eq!(parts(&result), (LogoutStatus::Disconnected, true, revoke));
            assert_eq!(env.paths().len(), usize::from(revoke));
        }
    }
}

/// Faults: S09
#[test]
fn a_logout_that_cannot_be_stored_sends_nothing_and_says_so() {
    for revoke in [false, true] {
        let env = TestEnv::with(credential("active", json!({})));
        env.at(
            Op::Set,
            "credential",
            0,
            Fault::Before(StoreError::ReadOnly),
        );
        let error = fails(env.call(|ports| logout(ports, revoke)));
        assert_eq!(error.code, ErrorCode::StoreUnavailable);
        assert_eq!(env.stored("credential")["state"], "active");
    }
}

#[test]
fn the_caches_of_models_and_usage_are_removed() {
    let env = TestEnv::with(credential("active", json!({})));
    env.serve(MODELS, |_, _| models());
    env.serve(USAGE, |_, _| usage());
    env.call(|ports| crate::exports::connection::models(ports, false))
        .expect("models");
    env.call(|ports| crate::exports::connection::usage(ports, false))
        .expect("usage");
    assert!(env.bytes("models").is_some() && env.bytes("usage").is_some());
    done(&env, false);
    assert!(env.bytes("models").is_none() && env.bytes("usage").is_none());
}

/// Faults: S05
#[test]
fn unknown_fields_survive_a_logout() {
    let env = TestEnv::with(credential("active", json!({"tomorrow": 1})));
    done(&env, false);
    assert_eq!(env.stored("credential")["tomorrow"], 1);
}

/// Faults: S02 S32
#[test]
fn a_login_that_cannot_be_read_is_left_as_it_is() {
    let env = TestEnv::new();
    env.put_bytes("credential", b"{");
    let error = fails(env.call(|ports| logout(ports, false)));
    assert_eq!(error.code, ErrorCode::RecordCorrupt);
    assert_eq!(env.bytes("credential").as_deref(), Some(&b"{"[..]));
}
