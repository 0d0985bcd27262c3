//! Storing the login, and what the caller sees of it.

use super::*;

#[test]
fn an_approved_login_is_exchanged_stored_and_shown() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval());
    env.expect_then(TOKEN, |env, sent| {
        let approval = &env.stored("pending")["approval"];
        assert_eq!(
            (&approval["code"], &approval["attempts"]),
            (&json!("code-1"), &json!(1))
        );
        assert!(sent.body.contains("&code=code-1&"));
        grant("rt-1")
    });
    env.expect_then(MODELS, |env, sent| {
        assert_eq!(env.stored("credential")["refresh_token"], "rt-1");
        assert_eq!(sent.timeout, 5);
        models()
    });
    env.expect_then(USAGE, |_, sent| {
        assert_eq!(sent.timeout, 5);
        usage()
    });
    let progress = is_connected(&env);
    assert_eq!(progress.email.as_deref(), Some("ada@example.com"));
    assert_eq!(progress.account_id.as_deref(), Some("acc-1"));
    assert_eq!(progress.plan.as_deref(), Some("pro"));
    assert_eq!(progress.expires_at, Some(NOW + LIFETIME + 60));
    assert_eq!(progress.models_count, Some(1));
    assert_eq!(
        progress.default_model_id.as_deref(),
        Some("openai-codex/gpt-6-astra")
    );
    assert_eq!(progress.available_models.expect("models").len(), 1);
    assert_eq!(progress.usage.expect("usage").windows.len(), 1);
    assert!(progress.next_step.contains("Refresh the browser page"));
    let stored = env.stored("credential");
    assert_eq!(
        (&stored["epoch"], &stored["login_id"]),
        (&json!(1), &json!("pending-1"))
    );
    assert_eq!(
        (&stored["state"], &stored["method"]),
        (&json!("active"), &json!("device"))
    );
    assert_eq!(env.stored("pending"), Value::Null);
}

/// Faults: P14
#[test]
fn a_login_without_an_access_token_is_refreshed_after_a_second() {
    let env = approved(json!({}));
    env.expect(TOKEN, ok(json!({"refresh_token": "rt-1"})));
    let progress = is_connected(&env);
    assert_eq!((progress.expires_at, progress.models_count), (None, None));
    env.advance(1).expect(TOKEN, grant("rt-2"));
    env.expect(MODELS, models());
    env.call(|ports| crate::exports::connection::models(ports, false))
        .expect("models");
}

/// Faults: S11
#[test]
fn tokens_that_cannot_be_stored_are_reported() {
    let env = approved(json!({}));
    env.at(Op::Set, "credential", 0, Fault::Before(StoreError::Full));
    env.expect(TOKEN, grant("rt-1"));
    assert_eq!(code(&env), ErrorCode::StoreFailedAfterRefresh);
}

/// Faults: S18
#[test]
fn a_failed_write_of_the_login_that_landed_is_a_success() {
    for error in [StoreError::Unavailable, StoreError::Conflict] {
        let env = approved(json!({}));
        env.at(Op::Set, "credential", 0, Fault::After(error));
        env.expect(TOKEN, grant("rt-1"));
        is_connected(with_backend(&env));
        assert_eq!(env.stored("credential")["epoch"], 1);
    }
}

/// Faults: P21
#[test]
fn another_account_than_before_is_said_plainly() {
    let other = || {
        ok(json!({
            "refresh_token": "rt-9", "access_token": access_token("new", NOW + LIFETIME),
            "id_token": id_token("acc-9", "grace@example.com"),
        }))
    };
    for (before, reply, is_said) in [
        (
            credential("active", json!({"epoch": 0})),
            other as fn() -> HttpResult,
            true,
        ),
        (credential("needs-login", json!({"epoch": 0})), other, true),
        (
            credential("active", json!({"epoch": 0})),
            || grant("rt-9"),
            false,
        ),
    ] {
        let env = approved(json!({}));
        env.put("credential", &before);
        env.expect(TOKEN, reply());
        let progress = is_connected(with_backend(&env));
        assert_eq!(progress.next_step.contains("another account"), is_said);
        assert_eq!(env.stored("credential")["refresh_token"], "rt-9");
        assert!(!env.paths().contains(&REVOKE.to_owned()));
    }
}

#[test]
fn a_login_replaces_whatever_an_older_refresh_or_logout_left_behind() {
    let env = approved(json!({}));
    let before = json!({
        "epoch": 0, "intent": intent(NOW), "probes": 5, "not_before": NOW + 900,
        "last_trouble": "network", "reason": "x", "refused": "f", "revoke": true,
    });
    env.put("credential", &credential("refreshing", before));
    env.expect(TOKEN, grant("rt-9"));
    is_connected(with_backend(&env));
    let stored = env.stored("credential");
    for gone in [
        "intent",
        "probes",
        "not_before",
        "last_trouble",
        "reason",
        "refused",
        "revoke",
    ] {
        assert_eq!(stored[gone], Value::Null, "{gone}");
    }
    assert_eq!(
        (&stored["epoch"], &stored["generation"]),
        (&json!(1), &json!(8))
    );
}

/// Faults: P25
#[test]
fn the_failure_of_models_and_usage_never_fails_the_login() {
    let faults: [fn() -> HttpResult; 5] = [
        || broken(MaybeSent::TimedOut),
        || response(401, ""),
        || response(500, ""),
        || page(403),
        || response(200, "{"),
    ];
    for fault in faults {
        let env = approved(json!({}));
        env.expect(TOKEN, grant("rt-1"));
        env.serve(MODELS, move |_, _| fault());
        env.serve(USAGE, move |_, _| fault());
        let progress = is_connected(&env);
        assert_eq!(
            (progress.models_count, progress.usage.is_none()),
            (None, true)
        );
        assert_eq!(progress.plan.as_deref(), Some("plus"));
    }
}

/// Faults: F8
#[test]
fn a_login_without_models_says_why_instead_of_promising_them() {
    type Cause = fn() -> HttpResult;
    let causes: [(Cause, &str); 4] = [
        (
            || refusal(402, "deactivated_workspace"),
            "choose another workspace",
        ),
        (|| refusal(403, "usage_not_included"), "another plan"),
        (|| not_sent(NotSent::ProxyAuthentication), "407"),
        (|| response(500, ""), "try again"),
    ];
    for (cause, expected) in causes {
        let env = approved(json!({}));
        env.expect(TOKEN, grant("rt-1"));
        env.serve(MODELS, move |_, _| cause());
        env.serve(USAGE, |_, _| usage());
        let next = is_connected(&env).next_step.to_lowercase();
        assert!(next.starts_with("connected, but the models"), "{next}");
        assert!(next.contains(expected), "{next}");
        assert!(!next.contains("appear in the picker"), "{next}");
    }
}

/// Faults: P12
#[test]
fn a_login_without_a_refresh_token_is_stored_and_said_to_end() {
    let env = approved(json!({}));
    let access = access_token("only", NOW + 3600);
    env.expect(TOKEN, ok(json!({"access_token": access})));
    is_connected(with_backend(&env));
    let status = env.call(status).expect("a status");
    assert_eq!(status.state, ConnectionState::Connected);
    assert!(status.hint.expect("a hint").contains("cannot be refreshed"));
}

#[test]
fn the_tokens_of_the_last_login_are_not_revoked_by_the_next() {
    let env = TestEnv::with(credential("active", json!({})));
    let reply = json!({"device_auth_id": "dev-2", "user_code": "WXYZ-98765", "interval": "5"});
    env.expect(USER_CODE, ok(reply));
    env.call(start).expect("a code");
    env.expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-9"));
    is_connected(with_backend(&env));
    assert_eq!(env.stored("credential")["epoch"], 4);
    assert!(!env.paths().contains(&REVOKE.to_owned()));
}
