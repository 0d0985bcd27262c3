use super::status;
use crate::contract::{AnswerSource, ConnectionState, ConnectionStatus, ErrorCode};
use crate::ports::StoreError;
use crate::testing::fakes::{
    Fault, LIFETIME, NOW, Op, TestEnv, credential, dead, fails, intent, pending,
};
use serde_json::{Value, json};

/// The status, which must not have sent or written anything.
#[track_caller]
fn seen(env: &TestEnv) -> ConnectionStatus {
    let status = env.call(status).expect("a status");
    assert!(env.log().is_empty(), "{:?}", env.log());
    status
}

fn logged_out() -> Value {
    json!({"version": 1, "generation": 9, "epoch": 4, "state": "logged-out", "updated_at": NOW})
}

/// Faults: S01
#[test]
fn an_empty_bucket_is_not_connected_and_stays_empty() {
    let env = TestEnv::new();
    let status = seen(&env);
    assert_eq!(status.state, ConnectionState::NotConnected);
    assert!(!status.connected);
    assert_eq!(
        (status.email, status.updated_at, status.expires_at),
        (None, None, None)
    );
    assert_eq!(status.hint.as_deref(), Some("Call start to sign in."));
    assert_eq!(env.bytes("credential"), None);
}

#[test]
fn every_state_is_shown_with_whether_calls_can_be_made() {
    use ConnectionState as Shown;
    let young = json!({"intent": intent(NOW - 64)});
    let old = json!({"intent": intent(NOW - 65)});
    for (stored, state, connected) in [
        (credential("active", json!({})), Shown::Connected, true),
        (dead("active", json!({})), Shown::Connected, true),
        (dead("refreshing", young), Shown::Refreshing, true),
        (dead("refreshing", old), Shown::Uncertain, true),
        (dead("uncertain", json!({})), Shown::Uncertain, true),
        (
            credential("needs-login", json!({})),
            Shown::NeedsLogin,
            true,
        ),
        (dead("needs-login", json!({})), Shown::NeedsLogin, false),
        (
            credential("logging-out", json!({})),
            Shown::LoggingOut,
            false,
        ),
        (logged_out(), Shown::NotConnected, false),
    ] {
        let status = seen(&TestEnv::with(stored.clone()));
        assert_eq!(
            (status.state, status.connected),
            (state, connected),
            "{stored}"
        );
        let says_nothing = matches!(state, Shown::Connected | Shown::Refreshing);
        assert_eq!(status.hint.is_none(), says_nothing, "{stored}");
    }
}

/// Faults: P12
#[test]
fn a_login_that_cannot_be_refreshed_has_ended_with_its_token() {
    let once = json!({"refresh_token": null});
    let status = seen(&TestEnv::with(credential("active", once.clone())));
    assert_eq!(
        (status.state, status.connected),
        (ConnectionState::Connected, true)
    );
    assert!(status.hint.expect("a hint").contains("cannot be refreshed"));
    let status = seen(&TestEnv::with(dead("active", once)));
    assert_eq!(
        (status.state, status.connected),
        (ConnectionState::NeedsLogin, false)
    );
    assert!(status.hint.expect("a hint").contains("call start"));
}

#[test]
fn who_is_signed_in_and_for_how_long_is_shown() {
    let status = seen(&TestEnv::with(credential(
        "active",
        json!({"clock_offset": -100}),
    )));
    assert_eq!(status.email.as_deref(), Some("ada@example.com"));
    assert_eq!(status.account_id.as_deref(), Some("acc-1"));
    assert_eq!(status.plan.as_deref(), Some("plus"));
    assert_eq!(status.method.as_deref(), Some("device"));
    assert_eq!(status.expires_at, Some(NOW + LIFETIME));
    assert_eq!(status.expires_in_seconds, Some(LIFETIME + 100));
    assert_eq!(status.updated_at, Some(NOW - 3600));
    let over = seen(&TestEnv::with(dead("active", json!({}))));
    assert_eq!(over.expires_in_seconds, Some(0));
}

#[test]
fn a_logout_under_way_shows_nothing_of_the_account() {
    let status = seen(&TestEnv::with(credential("logging-out", json!({}))));
    assert_eq!(
        (status.email, status.account_id, status.plan),
        (None, None, None)
    );
    assert!(status.hint.expect("a hint").contains("logout"));
}

#[test]
fn a_pending_login_is_shown_beside_the_login() {
    let env = TestEnv::new();
    env.put("pending", &pending(json!({})));
    let status = seen(&env);
    assert_eq!(
        (status.state, status.connected),
        (ConnectionState::Pending, false)
    );
    assert_eq!(status.pending.expect("a login").user_code, "ABCD-12345");
    let env = TestEnv::with(credential("active", json!({})));
    env.put("pending", &pending(json!({"epoch": 3})));
    let status = seen(&env);
    assert_eq!(status.state, ConnectionState::Connected);
    assert!(status.pending.is_some());
}

#[test]
fn an_ended_or_superseded_login_is_not_pending() {
    let env = TestEnv::new();
    env.put("pending", &pending(json!({})));
    env.advance(900);
    assert_eq!(seen(&env).state, ConnectionState::NotConnected);
    let approval = json!({"code": "c", "verifier": "v", "attempts": 0});
    env.put("pending", &pending(json!({"approval": approval})));
    assert_eq!(seen(&env).state, ConnectionState::Pending);
    env.put(
        "pending",
        &pending(json!({"epoch": 1, "expires_at": NOW + 9000})),
    );
    assert_eq!(seen(&env).state, ConnectionState::NotConnected);
}

/// Faults: N31
#[test]
fn a_clock_set_back_does_not_prolong_a_code() {
    let env = TestEnv::new();
    env.put("pending", &pending(json!({})));
    env.set_clock(NOW - 86_400);
    let login = seen(&env).pending.expect("a login");
    assert_eq!(login.expires_in_seconds, 900);
}

#[test]
fn models_and_usage_are_shown_from_the_cache_at_any_age() {
    let env = TestEnv::with(credential("active", json!({})));
    let copy = |login_seq: u64, body: Value| json!({"version": 1, "epoch": login_seq, "fetched_at": NOW - 99_999, "body": body});
    let models = json!([{"slug": "m-1", "visibility": "list"}]);
    env.put("models", &copy(3, models.clone()));
    env.put("usage", &copy(3, json!({"plan_type": "pro"})));
    let status = seen(&env);
    assert_eq!(
        (status.models_count, status.models_fetched_at),
        (Some(1), Some(NOW - 99_999))
    );
    assert_eq!(status.default_model_id.as_deref(), Some("openai-codex/m-1"));
    assert_eq!(status.usage_fetched_at, Some(NOW - 99_999));
    assert_eq!(status.usage.expect("usage").source, AnswerSource::Cache);
    assert_eq!(
        status.plan.as_deref(),
        Some("pro"),
        "usage knows the plan better"
    );
    env.put("models", &copy(2, models));
    env.put_bytes("usage", b"{");
    let status = seen(&env);
    assert_eq!((status.models_count, status.usage.is_none()), (None, true));
    assert_eq!(status.plan.as_deref(), Some("plus"));
}

/// Faults: S02 S04 S32
#[test]
fn an_unreadable_record_is_a_state_and_the_hint_says_why() {
    let env = TestEnv::new();
    for bytes in [&b""[..], b"{", br#"{"version":2}"#] {
        env.put_bytes("credential", bytes);
        let status = seen(&env);
        assert_eq!(
            (status.state, status.connected),
            (ConnectionState::Unreadable, false)
        );
        assert!(status.hint.expect("a hint").starts_with("The stored "));
    }
    for fault in [
        StoreError::KeyUnknown,
        StoreError::Corrupt,
        StoreError::Newer,
    ] {
        env.at(Op::Get, "credential", 0, Fault::Before(fault));
        assert_eq!(seen(&env).state, ConnectionState::Unreadable);
    }
    let env = TestEnv::with(credential("active", json!({})));
    env.put_bytes("pending", b"{");
    assert_eq!(seen(&env).state, ConnectionState::Connected);
}

/// Faults: S31
#[test]
fn a_store_that_cannot_be_read_is_an_error() {
    for key in ["credential", "pending"] {
        let env = TestEnv::with(credential("active", json!({})));
        env.at(Op::Get, key, 0, Fault::Before(StoreError::Unavailable));
        assert_eq!(fails(env.call(status)).code, ErrorCode::StoreUnavailable);
    }
}
