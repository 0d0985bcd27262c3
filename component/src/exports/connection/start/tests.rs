use super::start;
use crate::contract::{ErrorCode, LoginPrompt};
use crate::exports::connection::poll;
use crate::ports::StoreError;
use crate::ports::{MaybeSent, NotSent};
use crate::testing::fakes::{
    Fault, HttpResult, NOW, Op, REVOKE, TestEnv, USER_CODE, broken, credential, fails, not_sent,
    ok, page, pending, refusal, response, with_header,
};
use serde_json::{Value, json};

fn user_code() -> HttpResult {
    ok(json!({"device_auth_id": "dev-2", "user_code": "WXYZ-98765", "interval": "5"}))
}

#[track_caller]
fn started(env: &TestEnv) -> LoginPrompt {
    env.call(start).expect("a code")
}

#[test]
fn a_code_is_asked_for_and_stored_under_a_random_id() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect(USER_CODE, user_code());
    let prompt = started(&env);
    assert_eq!(prompt.pending.user_code, "WXYZ-98765");
    assert_eq!(
        prompt.pending.verification_url,
        "https://auth.openai.com/codex/device"
    );
    assert_eq!(prompt.pending.pending_id.len(), 32);
    assert_eq!(prompt.pending.interval_seconds, 5);
    assert_eq!(prompt.pending.expires_in_seconds, 900);
    assert_eq!(prompt.pending.expires_at, NOW + 900);
    assert_eq!(prompt.replaced_user_code, None);
    let stored = env.stored("pending");
    assert_eq!(stored["id"], json!(prompt.pending.pending_id));
    assert_eq!(
        (&stored["epoch"], &stored["device_auth_id"]),
        (&json!(3), &json!("dev-2"))
    );
    assert_eq!(env.stored("credential"), credential("active", json!({})));
}

/// Faults: M22
#[test]
fn the_instructions_warn_and_say_what_the_page_will_show() {
    let env = TestEnv::new();
    env.expect(USER_CODE, user_code());
    let prompt = started(&env);
    for expected in [
        "https://auth.openai.com/codex/device,",
        "WXYZ-98765",
        "Only go on if you started this login yourself",
        "names Codex",
        "Settings, Security",
    ] {
        assert!(prompt.instructions.contains(expected), "{expected}");
    }
    assert!(!prompt.pending.verification_url.contains("WXYZ"));
}

/// Faults: P03 M26
#[test]
fn the_live_code_is_returned_again_without_a_request() {
    let env = TestEnv::new();
    env.expect(USER_CODE, user_code());
    let first = started(&env);
    env.advance(780);
    let again = started(&env);
    assert_eq!(again.pending.pending_id, first.pending.pending_id);
    assert_eq!(again.pending.expires_in_seconds, 120);
    assert_eq!(again.replaced_user_code, None);
    assert_eq!(env.paths(), [USER_CODE]);
}

/// Faults: P03
#[test]
fn a_code_about_to_end_is_replaced_and_named() {
    let env = TestEnv::new();
    env.put("pending", &pending(json!({})));
    env.advance(781).expect(USER_CODE, user_code());
    let prompt = started(&env);
    assert_eq!(prompt.replaced_user_code.as_deref(), Some("ABCD-12345"));
    assert!(
        prompt
            .instructions
            .ends_with("The code ABCD-12345 is no longer valid.")
    );
    let old = fails(env.call(|ports| poll(ports, Some("pending-1"))));
    assert_eq!(old.code, ErrorCode::LoginSuperseded);
}

#[test]
fn an_approved_login_is_returned_and_never_replaced() {
    let env = TestEnv::new();
    let approval = json!({"code": "c", "verifier": "v", "attempts": 1});
    env.put("pending", &pending(json!({"approval": approval})));
    env.advance(5000);
    let prompt = started(&env);
    assert_eq!(prompt.pending.pending_id, "pending-1");
    assert!(env.log().is_empty());
    assert!(prompt.instructions.contains("approved already. Call poll"));
    assert!(!prompt.instructions.contains("ABCD-12345"));
}

#[test]
fn a_pending_login_before_a_logout_is_replaced() {
    let env = TestEnv::with(credential("active", json!({})));
    env.put("pending", &pending(json!({"epoch": 2})));
    env.expect(USER_CODE, user_code());
    assert_eq!(started(&env).replaced_user_code, None);
}

/// Faults: S16
#[test]
fn the_loser_of_two_starts_returns_the_winners_code() {
    let env = TestEnv::new();
    let meanwhile = |env: &TestEnv| env.put("pending", &pending(json!({})));
    env.meanwhile(Op::Set, "pending", 0, meanwhile);
    env.expect(USER_CODE, user_code());
    assert_eq!(started(&env).pending.pending_id, "pending-1");
}

/// Faults: S16
#[test]
fn a_code_that_another_call_has_replaced_is_not_returned() {
    for changes in [json!({"next_poll_at": NOW + 900}), json!({"epoch": 7})] {
        let env = TestEnv::new();
        env.put("pending", &pending(json!({})));
        let meanwhile = move |env: &TestEnv| env.put("pending", &pending(changes));
        env.meanwhile(Op::Set, "pending", 0, meanwhile);
        env.advance(800).expect(USER_CODE, user_code());
        let error = fails(env.call(start));
        assert_eq!((error.code, error.retryable), (ErrorCode::StoreBusy, true));
    }
}

/// Faults: S18
#[test]
fn a_code_that_was_stored_all_the_same_counts() {
    let env = TestEnv::new();
    env.at(Op::Set, "pending", 0, Fault::After(StoreError::Unavailable));
    env.expect(USER_CODE, user_code());
    assert_eq!(started(&env).pending.user_code, "WXYZ-98765");
}

/// Faults: S09
#[test]
fn a_code_that_cannot_be_stored_is_not_shown() {
    let env = TestEnv::new();
    env.at(Op::Set, "pending", 0, Fault::Before(StoreError::ReadOnly));
    env.expect(USER_CODE, user_code());
    assert_eq!(fails(env.call(start)).code, ErrorCode::StoreUnavailable);
    assert_eq!(env.stored("pending"), Value::Null);
}

/// Faults: S27
#[test]
fn an_interrupted_logout_is_finished_before_a_code_is_asked_for() {
    let env = TestEnv::with(credential(
        "logging-out",
        json!({"epoch": 4, "revoke": true}),
    ));
    env.expect_then(REVOKE, |_, sent| {
        assert_eq!(sent.json()["token"], "rt-1");
        broken(MaybeSent::TimedOut)
    });
    env.expect_then(USER_CODE, |env, _| {
        let stored = env.stored("credential");
        assert_eq!(
            (&stored["state"], &stored["epoch"]),
            (&json!("logged-out"), &json!(4))
        );
        assert!(!stored.to_string().contains("rt-1"));
        user_code()
    });
    started(&env);
    assert_eq!(env.stored("pending")["epoch"], 4);
}

/// Faults: S27
#[test]
fn a_logout_that_another_call_finishes_is_a_success() {
    let env = TestEnv::with(credential("logging-out", json!({"epoch": 4})));
    env.expect_then(REVOKE, |env, _| {
        env.put(
            "credential",
            &json!({
                "version": 1, "generation": 8, "epoch": 4, "state": "logged-out", "updated_at": 1,
            }),
        );
        response(200, "")
    });
    env.expect(USER_CODE, user_code());
    started(&env);
}

/// Faults: P09
#[test]
fn a_failed_request_is_reported() {
    type Fault = (fn() -> HttpResult, ErrorCode, Option<u32>);
    let faults: [Fault; 6] = [
        (|| response(404, "{}"), ErrorCode::CodexNotEnabled, None),
        (
            || with_header(response(429, ""), "retry-after", "17"),
            ErrorCode::RateLimited,
            Some(17),
        ),
        (|| page(403), ErrorCode::UpstreamBlocked, Some(60)),
        (
            || refusal(403, "unsupported_country_region_territory"),
            ErrorCode::RegionUnsupported,
            None,
        ),
        (
            || not_sent(NotSent::NameUnknown),
            ErrorCode::Network,
            Some(5),
        ),
        (
            || ok(json!({"user_code": "\u{1b}[2J"})),
            ErrorCode::UnexpectedAnswer,
            None,
        ),
    ];
    for (fault, expected, wait) in faults {
        let env = TestEnv::new();
        env.expect(USER_CODE, fault());
        let error = fails(env.call(start));
        assert_eq!((error.code, error.retry_after_seconds), (expected, wait));
        assert_eq!(env.stored("pending"), Value::Null);
    }
}

#[test]
fn a_failed_start_leaves_the_code_that_waits() {
    let env = TestEnv::new();
    env.put("pending", &pending(json!({})));
    env.advance(800).expect(USER_CODE, response(429, ""));
    assert_eq!(fails(env.call(start)).code, ErrorCode::RateLimited);
    assert_eq!(env.stored("pending"), pending(json!({})));
}

/// Faults: S02
#[test]
fn a_record_that_cannot_be_read_is_not_overwritten() {
    for key in ["credential", "pending"] {
        let env = TestEnv::new();
        env.put_bytes(key, b"{");
        assert_eq!(fails(env.call(start)).code, ErrorCode::RecordCorrupt);
        assert!(env.log().is_empty());
    }
}
