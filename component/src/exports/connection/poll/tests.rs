use super::poll;
use crate::contract::{ConnectionState, ErrorCode, LoginProgress, LoginStatus};
use crate::error::Result;
use crate::exports::connection::{logout, start, status};
use crate::ports::StoreError;
use crate::ports::{MaybeSent, NotSent};
use crate::testing::fakes::{
    DEVICE_TOKEN, Fault, HttpResult, LIFETIME, MODELS, NOW, Op, REVOKE, TOKEN, TestEnv, USAGE,
    USER_CODE, access_token, approval, broken, changed, credential, dead, fails, grant, id_token,
    intent, models, not_sent, ok, page, pending, refusal, response, usage, with_header,
};
use serde_json::{Value, json};

/// An environment in which a login waits.
fn waiting(changes: Value) -> TestEnv {
    let env = TestEnv::new();
    env.put("pending", &pending(changes));
    env
}

/// An environment in which a login waits whose approval is stored.
fn approved(changes: Value) -> TestEnv {
    let approval = json!({"code": "code-1", "verifier": "verifier-1", "attempts": 0});
    waiting(json!({"approval": changed(approval, changes)}))
}

fn asked(env: &TestEnv, name: Option<&str>) -> Result<LoginProgress> {
    env.call(|ports| poll(ports, name))
}

#[track_caller]
fn is_pending(env: &TestEnv) -> LoginProgress {
    let progress = asked(env, None).expect("a pending login");
    assert_eq!(progress.status, LoginStatus::Pending);
    progress
}

#[track_caller]
fn is_connected(env: &TestEnv) -> LoginProgress {
    let progress = asked(env, None).expect("a login");
    assert_eq!(progress.status, LoginStatus::Connected);
    progress
}

fn code(env: &TestEnv) -> ErrorCode {
    fails(asked(env, None)).code
}

/// Answers models and usage, as often as they are asked for.
fn with_backend(env: &TestEnv) -> &TestEnv {
    env.serve(MODELS, |_, _| models());
    env.serve(USAGE, |_, _| usage())
}

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

/// Faults: S24
#[test]
fn approval_intent_and_grant_are_each_stored_before_the_next_step() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-1"));
    with_backend(&env);
    is_connected(&env);
    assert_eq!(
        env.log()[..7],
        [
            "set pending",
            "send /api/accounts/deviceauth/token",
            "set pending",
            "set pending",
            "send /oauth/token",
            "set credential",
            "delete pending",
        ]
    );
}

/// Faults: P05
#[test]
fn too_early_nothing_is_sent_or_written() {
    let env = waiting(json!({"next_poll_at": NOW + 4}));
    let progress = is_pending(&env);
    assert_eq!(progress.retry_after_seconds, Some(4));
    assert!(env.log().is_empty());
    let login = progress.pending.expect("the login");
    assert_eq!(
        (&*login.pending_id, &*login.user_code),
        ("pending-1", "ABCD-12345")
    );
    assert_eq!(
        (login.expires_in_seconds, login.expires_at),
        (900, NOW + 900)
    );
    env.advance(4).expect(DEVICE_TOKEN, response(403, ""));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(5));
}

/// Faults: N31
#[test]
fn a_next_poll_further_away_than_any_interval_is_ignored() {
    let env = waiting(json!({"next_poll_at": NOW + 330}));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(330));
    let env = waiting(json!({"next_poll_at": NOW + 331}));
    env.expect(DEVICE_TOKEN, response(403, ""));
    is_pending(&env);
    assert_eq!(env.stored("pending")["next_poll_at"], json!(NOW + 5));
}

/// Faults: P04
#[test]
fn of_two_polls_at_once_only_one_asks() {
    let env = waiting(json!({}));
    let meanwhile = |env: &TestEnv| {
        env.expect(DEVICE_TOKEN, response(403, ""));
        is_pending(env);
    };
    env.meanwhile(Op::Set, "pending", 0, meanwhile);
    assert_eq!(is_pending(&env).retry_after_seconds, Some(5));
    assert_eq!(env.paths(), [DEVICE_TOKEN]);
}

#[test]
fn the_request_names_the_handle_and_the_code() {
    let env = waiting(json!({}));
    env.expect_then(DEVICE_TOKEN, |_, sent| {
        assert_eq!(
            sent.json(),
            json!({"device_auth_id": "dev-1", "user_code": "ABCD-12345"})
        );
        refusal(403, "deviceauth_authorization_pending")
    });
    is_pending(&env);
}

#[test]
fn slow_down_and_429_add_five_seconds_up_to_a_minute() {
    for reply in [|| refusal(400, "slow_down"), || response(429, "")] {
        let env = waiting(json!({}));
        env.expect(DEVICE_TOKEN, reply());
        assert_eq!(is_pending(&env).retry_after_seconds, Some(10));
        assert_eq!(env.stored("pending")["interval"], 10);
        env.advance(10).expect(DEVICE_TOKEN, response(403, ""));
        let progress = is_pending(&env);
        assert_eq!(progress.pending.expect("the login").interval_seconds, 10);
    }
    let env = waiting(json!({"interval": 58}));
    env.expect(DEVICE_TOKEN, response(429, ""));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(60));
}

/// Faults: N26
#[test]
fn a_slow_down_follows_retry_after_within_bounds() {
    for (text, wait) in [
        ("1", 10),
        ("10", 10),
        ("42", 42),
        ("1000000000", 300),
        ("soon", 10),
    ] {
        let env = waiting(json!({}));
        env.expect(
            DEVICE_TOKEN,
            with_header(response(429, ""), "retry-after", text),
        );
        assert_eq!(is_pending(&env).retry_after_seconds, Some(wait), "{text}");
        assert_eq!(env.stored("pending")["interval"], 10);
        env.advance(u64::from(wait) - 1);
        assert_eq!(is_pending(&env).retry_after_seconds, Some(1));
        assert_eq!(env.paths(), [DEVICE_TOKEN]);
        env.advance(1).expect(DEVICE_TOKEN, response(403, ""));
        is_pending(&env);
    }
}

/// Faults: P01
#[test]
fn a_denied_login_is_gone() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, refusal(401, "authorization_declined"));
    assert_eq!(code(&env), ErrorCode::LoginDenied);
    assert_eq!(env.stored("pending"), Value::Null);
    assert_eq!(code(&env), ErrorCode::NoPendingLogin);
}

/// Faults: P02
#[test]
fn an_expired_code_is_gone_whether_the_service_says_so_or_the_clock() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, refusal(404, "deviceauth_expired_token"));
    assert_eq!(code(&env), ErrorCode::LoginExpired);
    assert_eq!(env.stored("pending"), Value::Null);
    let env = waiting(json!({}));
    env.advance(899).expect(DEVICE_TOKEN, response(403, ""));
    is_pending(&env);
    for reply in [response(403, ""), response(429, "")] {
        env.put("pending", &pending(json!({})));
        env.set_clock(NOW + 900);
        env.expect(DEVICE_TOKEN, reply);
        let error = fails(asked(&env, None));
        assert_eq!(error.code, ErrorCode::LoginExpired);
        assert!(error.hint.contains("Settings, Security"));
        assert_eq!(env.stored("pending"), Value::Null);
    }
}

/// Faults: N31
#[test]
fn a_code_never_ends_by_the_local_clock_alone() {
    let env = waiting(json!({}));
    env.advance(86_400).expect(DEVICE_TOKEN, page(403));
    assert_eq!(code(&env), ErrorCode::UpstreamBlocked);
    assert_eq!(env.stored("pending")["id"], "pending-1");
    env.advance(5)
        .expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Lets somebody else write that into the pending login just before `op` number `skip`.
fn meanwhile(env: &TestEnv, op: Op, skip: u32, changes: Value) {
    let put = move |env: &TestEnv| {
        env.put("pending", &changed(env.stored("pending"), changes));
    };
    env.meanwhile(op, "pending", skip, put);
}

/// Faults: S16
#[test]
fn an_approval_is_stored_over_the_write_of_another_poll() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval())
        .expect(TOKEN, grant("rt-1"));
    meanwhile(&env, Op::Set, 1, json!({"interval": 10, "tomorrow": 1}));
    is_connected(with_backend(&env));
}

/// Faults: S16
#[test]
fn an_approval_that_another_poll_has_stored_first_counts() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval());
    env.expect_then(TOKEN, |_, sent| {
        assert!(sent.body.contains("&code=code-2&"));
        grant("rt-1")
    });
    let theirs = json!({"code": "code-2", "verifier": "verifier-2", "attempts": 0});
    meanwhile(&env, Op::Set, 1, json!({"approval": theirs}));
    is_connected(with_backend(&env));
}

/// Faults: S16
#[test]
fn an_approval_of_a_login_that_was_replaced_or_removed_is_superseded() {
    for changes in [json!({"id": "pending-2"}), json!({"epoch": 1})] {
        let env = waiting(json!({}));
        env.expect(DEVICE_TOKEN, approval());
        meanwhile(&env, Op::Set, 1, changes);
        assert_eq!(code(&env), ErrorCode::LoginSuperseded);
        assert_eq!(env.stored("pending")["approval"], Value::Null);
    }
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, approval());
    let gone = |env: &TestEnv| env.remove("pending");
    env.meanwhile(Op::Set, "pending", 1, gone);
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
}

/// Faults: S16
#[test]
fn a_slow_down_that_meets_another_write_is_still_pending() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, response(429, ""));
    meanwhile(&env, Op::Set, 1, json!({"tomorrow": 1}));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(10));
}

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

/// Faults: P08
#[test]
fn where_writes_are_not_conditional_only_the_last_to_write_exchanges() {
    let env = approved(json!({}));
    meanwhile(&env, Op::Get, 1, json!({"attempt": "theirs"}));
    let progress = is_pending(&env);
    assert_eq!(progress.retry_after_seconds, Some(5));
    assert!(env.paths().is_empty());
}

/// Faults: P08
#[test]
fn an_approval_is_put_back_only_over_the_calls_own_exchange() {
    let env = approved(json!({}));
    env.expect_then(TOKEN, |env, _| {
        let theirs = json!({"attempt": "theirs"});
        env.put("pending", &changed(env.stored("pending"), theirs));
        response(429, "")
    });
    assert_eq!(code(&env), ErrorCode::RateLimited);
    let stored = env.stored("pending");
    assert_eq!(stored["attempt"], "theirs");
    assert_eq!(stored["approval"]["exchanging_since"], json!(NOW));
}

/// Faults: P08
#[test]
fn a_rejected_exchange_finds_the_login_of_another_call() {
    for reply in [refusal(400, "invalid_grant"), response(500, "")] {
        let env = approved(json!({"attempts": 1}));
        env.expect_then(TOKEN, |env, _| {
            let theirs = json!({"login_id": "pending-1", "epoch": 1});
            env.put("credential", &credential("active", theirs));
            reply
        });
        is_connected(with_backend(&env));
        assert_eq!(env.stored("pending"), Value::Null);
    }
}

/// Faults: P08
#[test]
fn an_exchange_that_the_next_poll_repeats_is_retryable() {
    for (reply, expected) in [
        (response(200, "{"), ErrorCode::UnexpectedAnswer),
        (refusal(401, "brand_new"), ErrorCode::UnexpectedAnswer),
        (broken(MaybeSent::Broken), ErrorCode::Network),
    ] {
        let env = approved(json!({}));
        env.expect(TOKEN, reply);
        let error = fails(asked(&env, None));
        assert_eq!((error.code, error.retryable), (expected, true));
        assert!(error.retry_after_seconds.is_some());
        assert_eq!(env.stored("pending")["approval"]["attempts"], 1);
    }
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

#[test]
fn each_way_to_wait_has_its_own_sentence() {
    let env = waiting(json!({}));
    env.expect(DEVICE_TOKEN, response(403, ""));
    let asked = is_pending(&env).next_step;
    let too_early = is_pending(&env).next_step;
    let finishing = is_pending(&approved(json!({"exchanging_since": NOW}))).next_step;
    assert!(asked.contains("not approved yet"), "{asked}");
    assert!(too_early.contains("was not asked"), "{too_early}");
    assert!(finishing.contains("is approved"), "{finishing}");
}

/// Faults: M11
#[test]
fn a_stored_user_code_that_could_steer_a_terminal_is_corrupt() {
    for bad in ["\u{1b}[2J", "", "abcd", "ABCD 12345"] {
        let env = waiting(json!({"user_code": bad}));
        assert_eq!(code(&env), ErrorCode::RecordCorrupt, "{bad:?}");
    }
}

/// Faults: N16 N24
#[test]
fn network_errors_pages_and_5xx_keep_the_pending_login() {
    let faults: [(fn() -> HttpResult, ErrorCode); 7] = [
        (|| not_sent(NotSent::Refused), ErrorCode::Network),
        (|| broken(MaybeSent::Broken), ErrorCode::Network),
        (|| not_sent(NotSent::Denied), ErrorCode::EgressDenied),
        (|| response(500, ""), ErrorCode::UpstreamError),
        (|| refusal(503, "busy"), ErrorCode::UpstreamError),
        (|| page(403), ErrorCode::UpstreamBlocked),
        (|| response(200, "{"), ErrorCode::UnexpectedAnswer),
    ];
    for (fault, expected) in faults {
        let env = waiting(json!({}));
        env.expect(DEVICE_TOKEN, fault());
        assert_eq!(code(&env), expected);
        env.advance(5).expect(DEVICE_TOKEN, response(403, ""));
        is_pending(&env);
    }
}

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
fn a_logout_that_is_not_finished_has_no_login_to_show() {
    let env = waiting(json!({"epoch": 3}));
    let leaving = json!({"epoch": 4, "login_id": "pending-1", "revoke": true});
    env.put("credential", &credential("logging-out", leaving));
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    env.remove("pending");
    assert_eq!(code(&env), ErrorCode::NoPendingLogin);
}

/// Faults: P07
#[test]
fn a_poll_after_logout_has_no_pending_login() {
    let env = waiting(json!({}));
    env.call(|ports| logout(ports, false)).expect("a logout");
    assert_eq!(code(&env), ErrorCode::NoPendingLogin);
}

/// Faults: P07
#[test]
fn a_pending_login_before_another_login_is_superseded() {
    let env = waiting(json!({"epoch": 2}));
    env.put("credential", &credential("active", json!({})));
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    assert!(env.log().is_empty());
}

fn logout_during_exchange(revoke: bool) -> TestEnv {
    let env = approved(json!({}));
    env.expect_then(TOKEN, move |env, _| {
        let worker = env.worker(0);
        logout(worker.ports(), revoke).expect("a logout");
        grant("rt-1")
    });
    env
}

/// Faults: P07
#[test]
fn tokens_that_come_after_a_logout_are_dropped() {
    let env = logout_during_exchange(false);
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    let stored = env.stored("credential").to_string();
    assert!(stored.contains("logged-out") && !stored.contains("rt-1"));
    assert_eq!(env.paths(), [TOKEN]);
}

/// Faults: P07
#[test]
fn tokens_that_come_after_a_logout_with_revocation_are_revoked() {
    let env = logout_during_exchange(true);
    env.expect_then(REVOKE, |_, sent| {
        assert_eq!(sent.json()["token"], "rt-1");
        response(200, "")
    });
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    assert_eq!(env.stored("credential")["state"], "logged-out");
}

/// Faults: P07
#[test]
fn tokens_that_come_after_another_login_are_dropped_and_not_revoked() {
    let env = approved(json!({}));
    env.expect_then(TOKEN, |env, _| {
        env.put("credential", &credential("active", json!({"epoch": 2})));
        grant("rt-9")
    });
    assert_eq!(code(&env), ErrorCode::LoginSuperseded);
    assert_eq!(env.stored("credential")["refresh_token"], "rt-1");
}

#[test]
fn an_exchange_that_was_not_processed_is_repeated_without_limit() {
    let env = approved(json!({}));
    for _ in 0..5 {
        env.expect(TOKEN, with_header(response(429, ""), "retry-after", "9"));
        let error = fails(asked(&env, None));
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::RateLimited, Some(9))
        );
        assert_eq!(env.stored("pending")["approval"]["attempts"], 0);
    }
    env.expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Faults: P08
#[test]
fn an_exchange_of_unknown_outcome_is_tried_once_more() {
    let env = approved(json!({}));
    env.expect(TOKEN, broken(MaybeSent::Broken));
    assert_eq!(code(&env), ErrorCode::Network);
    env.expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
    let env = approved(json!({}));
    env.expect(TOKEN, broken(MaybeSent::Broken));
    assert_eq!(code(&env), ErrorCode::Network);
    env.expect(TOKEN, response(500, ""));
    assert_eq!(code(&env), ErrorCode::LoginExchangeFailed);
    assert_eq!(env.stored("pending"), Value::Null);
}

/// Faults: P08
#[test]
fn a_refused_exchange_ends_the_login() {
    let env = approved(json!({}));
    env.expect(TOKEN, refusal(400, "invalid_grant"));
    assert_eq!(code(&env), ErrorCode::LoginExchangeFailed);
    assert_eq!(env.stored("pending"), Value::Null);
    assert_eq!(env.stored("credential"), Value::Null);
}

/// Faults: S23
#[test]
fn an_exchange_under_way_is_waited_for_and_then_tried_once_more() {
    let env = approved(json!({"attempts": 1, "exchanging_since": NOW}));
    assert_eq!(is_pending(&env).retry_after_seconds, Some(5));
    let by_a_clock_ahead = approved(json!({"attempts": 1, "exchanging_since": NOW + 30}));
    assert_eq!(is_pending(&by_a_clock_ahead).retry_after_seconds, Some(5));
    env.advance(62);
    assert_eq!(is_pending(&env).retry_after_seconds, Some(3));
    env.advance(3).expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
    let env = approved(json!({"attempts": 2, "exchanging_since": NOW - 65}));
    assert_eq!(code(&env), ErrorCode::LoginExchangeFailed);
}

/// Faults: S23 N31
#[test]
fn a_finished_exchange_is_not_waited_for_by_a_clock_set_back() {
    let env = approved(json!({"attempts": 1, "exchanging_since": NOW - 65}));
    env.expect(TOKEN, response(429, ""));
    assert_eq!(code(&env), ErrorCode::RateLimited);
    let approval = &env.stored("pending")["approval"];
    assert_eq!(approval["exchanging_since"], Value::Null);
    env.set_clock(NOW - 60);
    env.expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Faults: P08
#[test]
fn of_two_polls_at_once_only_one_exchanges() {
    let env = approved(json!({}));
    let meanwhile = |env: &TestEnv| {
        env.expect(TOKEN, grant("rt-1"));
        is_connected(with_backend(env));
    };
    env.meanwhile(Op::Set, "pending", 0, meanwhile);
    is_pending(&env);
    is_connected(&env);
    let exchanges = env.paths().into_iter().filter(|path| path == TOKEN);
    assert_eq!(exchanges.count(), 1);
}

/// Faults: P08
#[test]
fn a_second_exchange_that_comes_late_finds_the_login_connected() {
    let env = approved(json!({}));
    env.expect_then(TOKEN, |env, _| {
        env.advance(70).expect(TOKEN, grant("rt-1"));
        is_connected(with_backend(env));
        grant("rt-2")
    });
    is_connected(&env);
    assert_eq!(env.stored("credential")["refresh_token"], "rt-1");
}

#[test]
fn an_approved_login_does_not_end_with_its_code() {
    let env = approved(json!({}));
    env.advance(3000).expect(TOKEN, grant("rt-1"));
    is_connected(with_backend(&env));
}

/// Faults: S09
#[test]
fn an_approval_is_not_spent_when_the_store_takes_no_writes() {
    let env = approved(json!({}));
    env.at(Op::Set, "pending", 0, Fault::Before(StoreError::ReadOnly));
    assert_eq!(code(&env), ErrorCode::StoreUnavailable);
    let env = waiting(json!({}));
    env.at(Op::Set, "pending", 0, Fault::Before(StoreError::Full));
    assert_eq!(code(&env), ErrorCode::StoreUnavailable);
    assert!(env.paths().is_empty());
}

/// Faults: S36
#[test]
fn an_approval_is_not_spent_where_its_tokens_might_not_fit() {
    let env = approved(json!({}));
    let large = json!({"epoch": 0, "tomorrow": "x".repeat(5000)});
    env.put("credential", &credential("active", large));
    let error = fails(asked(&env, None));
    assert_eq!(error.code, ErrorCode::StoreUnavailable);
    assert!(error.message.contains("limit") && env.log().is_empty());
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

/// Faults: F8
#[test]
fn a_refused_exchange_names_the_services_code() {
    let env = approved(json!({}));
    env.expect(TOKEN, refusal(400, "invalid_grant"));
    let error = fails(asked(&env, None));
    assert_eq!(error.code, ErrorCode::LoginExchangeFailed);
    assert_eq!(error.service_code.as_deref(), Some("invalid_grant"));
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
