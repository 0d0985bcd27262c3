mod clock_steps;
mod refusals;

use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::flow::refresh;
use crate::ports::StoreError;
use crate::ports::{MaybeSent, NotSent};
use crate::state::credential::Record;
use crate::testing::fakes::{
    Fault, LIFETIME, NOW, Op, REVOKE, TOKEN, TestEnv, access_token, broken, changed, credential,
    dead, fails, fingerprint, grant, intent, jwt, not_sent, ok, old_access, page, random, refusal,
    response, with_header,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

fn token(env: &TestEnv) -> Result<Record> {
    env.call(|ports| refresh::access_token(ports, None))
}

fn refresh(env: &TestEnv) -> Result<Record> {
    env.call(refresh::force_refresh)
}

/// A login whose access token lives and is due to be refreshed.
fn due() -> Value {
    credential(
        "active",
        json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600}),
    )
}

fn access(record: &Record) -> String {
    let tokens = record.tokens().expect("tokens");
    tokens.access.as_ref().expect("one").reveal().to_owned()
}

fn state(env: &TestEnv) -> Value {
    env.stored("credential")["state"].clone()
}

fn code(result: Result<Record>) -> ErrorCode {
    fails(result).code
}

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

#[test]
fn a_live_token_costs_neither_a_request_nor_a_write() {
    let env = TestEnv::with(credential("active", json!({})));
    assert_eq!(access(&token(&env).expect("a token")), old_access());
    assert!(env.log().is_empty());
}

/// Faults: S01
#[test]
fn without_a_record_there_is_no_login() {
    let env = TestEnv::new();
    assert_eq!(code(token(&env)), ErrorCode::NotConnected);
    assert_eq!(code(refresh(&env)), ErrorCode::NotConnected);
    assert!(env.log().is_empty());
}

/// Faults: S26
#[test]
fn a_success_is_not_repeated_within_a_minute() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect(TOKEN, grant("rt-2"));
    let first = refresh(&env).expect("a token");
    env.advance(59);
    assert_eq!(access(&refresh(&env).expect("a token")), access(&first));
    env.advance(1).expect(TOKEN, grant("rt-3"));
    assert_ne!(access(&refresh(&env).expect("a token")), access(&first));
}

#[test]
fn a_failed_early_refresh_returns_the_live_token_whatever_the_fault() {
    for reply in [
        || not_sent(NotSent::Refused),
        || broken(MaybeSent::Broken),
        || page(403),
        || response(500, ""),
        || response(429, ""),
        || refusal(401, "brand_new"),
        || refusal(401, "refresh_token_reused"),
    ] {
        let env = TestEnv::with(due());
        env.expect(TOKEN, reply());
        assert_eq!(access(&token(&env).expect("a token")), old_access());
        assert_eq!(access(&token(&env).expect("a token")), old_access());
    }
}

/// Faults: P14
#[test]
fn an_early_grant_without_an_access_token_returns_the_live_token() {
    let env = TestEnv::with(due());
    env.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    assert_eq!(access(&token(&env).expect("a token")), old_access());
    env.advance(1).expect_then(TOKEN, |_, sent| {
        assert_eq!(sent.json()["refresh_token"], "rt-2");
        grant("rt-3")
    });
    token(&env).expect("a token");
}

/// Faults: N16
#[test]
fn a_refresh_that_was_not_processed_waits_and_says_so() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, with_header(page(403), "retry-after", "90"));
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::UpstreamBlocked);
    assert_eq!(error.retry_after_seconds, Some(90));
    assert_eq!(state(&env), "active");
    env.advance(89);
    let error = fails(token(&env));
    assert_eq!(
        (error.code, error.retry_after_seconds),
        (ErrorCode::UpstreamBlocked, Some(1))
    );
    env.advance(1).expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
}

/// Faults: N08
#[test]
fn an_unknown_outcome_is_probed_after_the_delay_and_not_before() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(15);
        broken(MaybeSent::TimedOut)
    });
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::RefreshUncertain);
    assert_eq!(error.retry_after_seconds, Some(105));
    env.set_clock(NOW + 119);
    assert_eq!(code(refresh(&env)), ErrorCode::RefreshUncertain);
    env.advance(1).expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
    assert_eq!(state(&env), "active");
}

/// Faults: N20
#[test]
fn probes_continue_at_their_delays_and_end_nothing() {
    let env = TestEnv::with(dead("uncertain", json!({"not_before": NOW})));
    let mut pauses = Vec::new();
    for _ in 0..11 {
        env.expect(TOKEN, refusal(401, "brand_new"));
        let error = fails(token(&env));
        assert_eq!(error.code, ErrorCode::RefreshUncertain);
        pauses.push(error.retry_after_seconds.expect("a pause"));
        env.advance(u64::from(error.retry_after_seconds.expect("a pause")) - 1);
        assert_eq!(code(token(&env)), ErrorCode::RefreshUncertain);
        env.advance(1);
    }
    assert_eq!(
        pauses,
        [120, 120, 120, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    );
    env.expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
    assert_eq!(env.stored("credential")["probes"], Value::Null);
}

/// Faults: N18 N19
#[test]
fn a_definitive_refusal_ends_the_login_and_keeps_the_reason() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, refusal(401, "refresh_token_reused"));
    let error = fails(token(&env));
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert!(error.relogin_required);
    let stored = env.stored("credential");
    assert_eq!(stored["state"], "needs-login");
    assert_eq!(stored["reason"], "refresh_token_reused");
    assert_eq!(
        (&stored["epoch"], &stored["generation"]),
        (&json!(3), &json!(9))
    );
    assert_eq!(code(refresh(&env)), ErrorCode::NeedsLogin);
}

/// Faults: N18
#[test]
fn a_definitive_refusal_adopts_the_tokens_of_another_call() {
    for call in [token, refresh] {
        let env = TestEnv::with(dead("active", json!({})));
        env.expect_then(TOKEN, |env, _| {
            let newer = json!({
                "refresh_token": "rt-2", "access_token": access_token("new", NOW + 600),
                "received_at": NOW, "expires_at": NOW + 600,
            });
            env.put("credential", &credential("active", newer));
            refusal(401, "refresh_token_reused")
        });
        let record = call(&env).expect("the other's token");
        assert_eq!(access(&record), access_token("new", NOW + 600));
        assert_eq!(state(&env), "active");
    }
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

/// Faults: S16
#[test]
fn the_loser_of_a_race_returns_the_winners_token() {
    let env = TestEnv::with(dead("active", json!({})));
    let meanwhile = |env: &TestEnv| {
        env.expect(TOKEN, grant("rt-2"));
        token(env).expect("a token");
    };
    env.meanwhile(Op::Set, "credential", 0, meanwhile);
    let record = token(&env).expect("the winner's");
    assert_eq!(
        json!(access(&record)),
        env.stored("credential")["access_token"]
    );
    assert_eq!(env.paths(), [TOKEN]);
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

/// Faults: S11 S12
#[test]
fn a_failed_commit_is_reported_also_after_an_early_refresh() {
    for stored in [dead("active", json!({})), due()] {
        for fault in [
            StoreError::Full,
            StoreError::Unavailable,
            StoreError::TooLarge,
        ] {
            let env = TestEnv::with(stored.clone());
            env.at(Op::Set, "credential", 1, Fault::Before(fault));
            env.expect(TOKEN, grant("rt-2"));
            assert_eq!(code(token(&env)), ErrorCode::StoreFailedAfterRefresh);
            assert_eq!(state(&env), "refreshing");
        }
    }
}

/// Faults: S11
#[test]
fn an_unreadable_record_at_the_commit_is_reported() {
    let env = TestEnv::with(dead("active", json!({})));
    env.at(Op::Get, "credential", 2, Fault::Before(StoreError::Corrupt));
    env.expect(TOKEN, grant("rt-2"));
    assert_eq!(code(token(&env)), ErrorCode::StoreFailedAfterRefresh);
}

/// Faults: S18
#[test]
fn a_failed_commit_that_landed_is_a_success() {
    for error in [StoreError::Unavailable, StoreError::Conflict] {
        let env = TestEnv::with(dead("active", json!({})));
        env.at(Op::Set, "credential", 1, Fault::After(error));
        env.expect(TOKEN, grant("rt-2"));
        token(&env).expect("a token");
        assert_eq!(env.stored("credential")["refresh_token"], "rt-2");
    }
}

#[test]
fn a_conflict_at_the_commit_keeps_the_grant() {
    let env = TestEnv::with(dead("active", json!({})));
    let meanwhile = |env: &TestEnv| {
        let stored = changed(env.stored("credential"), json!({"tomorrow": 1}));
        env.put("credential", &stored);
    };
    env.meanwhile(Op::Set, "credential", 1, meanwhile);
    env.expect(TOKEN, grant("rt-2"));
    token(&env).expect("a token");
    let stored = env.stored("credential");
    assert_eq!(
        (&stored["refresh_token"], &stored["tomorrow"]),
        (&json!("rt-2"), &json!(1))
    );
}

#[test]
fn a_store_that_fails_after_no_grant_keeps_the_live_token() {
    let env = TestEnv::with(due());
    env.at(Op::Set, "credential", 1, Fault::Before(StoreError::Full));
    env.expect(TOKEN, response(500, ""));
    assert_eq!(access(&token(&env).expect("a token")), old_access());
    let env = TestEnv::with(dead("active", json!({})));
    env.at(Op::Set, "credential", 1, Fault::Before(StoreError::Full));
    env.expect(TOKEN, response(500, ""));
    assert_eq!(code(token(&env)), ErrorCode::StoreUnavailable);
}

/// Faults: H15 P30
#[test]
fn an_answer_that_takes_its_time_lets_no_token_live_longer() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.advance(100);
        let body = json!({"refresh_token": "rt-2", "access_token": access_token("new", NOW + 600)});
        with_header(ok(body), "date", "Tue, 24 Nov 2026 10:00:00 GMT")
    });
    let record = token(&env).expect("a token");
    assert!(record.live_token(NOW + 569).is_some());
    assert!(record.live_token(NOW + 570).is_none());
}

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

/// Faults: P14
#[test]
fn a_grant_without_an_access_token_is_retried_after_a_second() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    for _ in 0..2 {
        let error = fails(token(&env));
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::RefreshInProgress, Some(1))
        );
        assert!(error.retryable);
    }
    env.advance(1).expect(TOKEN, grant("rt-3"));
    token(&env).expect("a token");
}

/// Faults: P14
#[test]
fn a_slow_commit_of_a_grant_without_an_access_token_sends_once() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    let tick = |env: &TestEnv| env.set_clock(NOW + 5);
    env.meanwhile(Op::Set, "credential", 1, tick);
    assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress);
    assert_eq!(env.paths(), [TOKEN]);
}

/// Faults: P14 M11
#[test]
fn an_unusable_access_token_is_reported_and_requested_again() {
    let env = TestEnv::with(dead("active", json!({})));
    let odd = json!({"refresh_token": "rt-2", "access_token": "a b"});
    env.expect(TOKEN, ok(odd));
    assert_eq!(code(token(&env)), ErrorCode::UnexpectedAnswer);
    env.advance(29);
    assert_eq!(code(token(&env)), ErrorCode::UnexpectedAnswer);
    env.advance(1).expect(TOKEN, grant("rt-3"));
    token(&env).expect("a token");
}

/// Faults: P13 M11
#[test]
fn an_unusable_refresh_token_leaves_the_access_token_to_its_end() {
    let env = TestEnv::with(dead("active", json!({})));
    let odd = json!({"refresh_token": 7, "access_token": access_token("new", NOW + 600)});
    env.expect(TOKEN, ok(odd));
    assert_eq!(
        access(&token(&env).expect("a token")),
        access_token("new", NOW + 600)
    );
    assert_eq!(env.stored("credential")["refresh_token"], Value::Null);
    env.advance(600);
    assert_eq!(code(token(&env)), ErrorCode::NotRefreshable);
    assert_eq!(env.paths(), [TOKEN]);
}

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

/// Faults: P20
#[test]
fn another_account_is_reported_while_the_old_token_still_works() {
    let other = json!({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-2"}});
    let env = TestEnv::with(credential("active", json!({})));
    env.expect(
        TOKEN,
        ok(json!({"refresh_token": "rt-2", "access_token": jwt(&other)})),
    );
    assert_eq!(code(refresh(&env)), ErrorCode::AccountMismatch);
    assert_eq!(access(&token(&env).expect("the old one")), old_access());
    assert!(!env.stored("credential").to_string().contains("rt-2"));
}

/// Faults: P20 S18
#[test]
fn a_mismatch_that_landed_is_not_a_failure_of_the_store() {
    let other = json!({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-2"}});
    let env = TestEnv::with(dead("active", json!({})));
    env.at(
        Op::Set,
        "credential",
        1,
        Fault::After(StoreError::Unavailable),
    );
    env.expect(
        TOKEN,
        ok(json!({"refresh_token": "rt-2", "access_token": jwt(&other)})),
    );
    assert_eq!(code(token(&env)), ErrorCode::AccountMismatch);
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

fn logged_out(login_seq: u64, revoke: bool) -> Value {
    json!({
        "version": 1, "generation": 20, "epoch": login_seq, "state": "logged-out",
        "revoke": revoke, "updated_at": NOW,
    })
}

/// Faults: P32
#[test]
fn a_logout_meanwhile_wins_and_the_late_pair_is_dropped() {
    for stored in [dead("active", json!({})), due()] {
        let env = TestEnv::with(stored);
        env.expect_then(TOKEN, |env, _| {
            env.put("credential", &logged_out(4, false));
            grant("rt-2")
        });
        assert_eq!(code(token(&env)), ErrorCode::NotConnected);
        assert_eq!(env.stored("credential"), logged_out(4, false));
        assert_eq!(env.paths(), [TOKEN]);
    }
}

/// Faults: P32
#[test]
fn a_late_pair_is_revoked_if_the_logout_asked_for_it() {
    let env = TestEnv::with(due());
    env.expect_then(TOKEN, |env, _| {
        env.put("credential", &logged_out(4, true));
        grant("rt-2")
    });
    env.expect_then(REVOKE, |_, sent| {
        assert_eq!(sent.json()["token"], "rt-2");
        response(200, "")
    });
    assert_eq!(code(token(&env)), ErrorCode::NotConnected);
}

/// Faults: P32
#[test]
fn no_token_is_returned_while_a_logout_waits_for_its_revocation() {
    let env = TestEnv::with(due());
    env.expect_then(TOKEN, |env, _| {
        let leaving = json!({"epoch": 4, "revoke": true});
        env.put("credential", &credential("logging-out", leaving));
        response(500, "")
    });
    assert_eq!(code(token(&env)), ErrorCode::NotConnected);
}

/// Faults: S08
#[test]
fn a_late_pair_never_replaces_a_newer_login() {
    let env = TestEnv::with(dead("active", json!({})));
    let newer = credential(
        "active",
        json!({
            "epoch": 5, "refresh_token": "rt-9", "account_id": "acc-9", "received_at": NOW,
        }),
    );
    let stored = newer.clone();
    env.expect_then(TOKEN, move |env, _| {
        env.put("credential", &stored);
        grant("rt-2")
    });
    let record = token(&env).expect("the newer login's");
    assert_eq!(record.claims.account_id.as_deref(), Some("acc-9"));
    assert_eq!(env.stored("credential"), newer);
    assert_eq!(env.paths(), [TOKEN]);
}

/// Faults: P07
#[test]
fn a_newer_login_is_not_logged_out_by_a_late_refusal() {
    let env = TestEnv::with(dead("active", json!({})));
    env.expect_then(TOKEN, |env, _| {
        env.put("credential", &credential("active", json!({"epoch": 4})));
        refusal(401, "refresh_token_invalidated")
    });
    token(&env).expect("the newer login's");
    assert_eq!(state(&env), "active");
}

#[test]
fn a_record_that_cannot_be_read_is_neither_used_nor_overwritten() {
    let env = TestEnv::new();
    for (bytes, expected) in [
        (&b""[..], ErrorCode::RecordCorrupt),
        (br#"{"version":2}"#, ErrorCode::RecordNewer),
    ] {
        env.put_bytes("credential", bytes);
        assert_eq!(code(token(&env)), expected);
        assert_eq!(code(refresh(&env)), expected);
    }
    assert!(env.log().is_empty());
}

/// A service that grants each refresh token once.
fn strict_service(env: &TestEnv) -> Arc<Mutex<(HashSet<String>, u64)>> {
    let seen = Arc::new(Mutex::new((HashSet::new(), 1)));
    let service = seen.clone();
    env.serve(TOKEN, move |env, sent| {
        let mut seen = service.lock().expect("no panic");
        let token = sent.json()["refresh_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(
            token,
            format!("rt-{}", seen.1),
            "a token that is not the latest"
        );
        assert!(seen.0.insert(token), "a token was presented twice");
        seen.1 += 1;
        let new = format!("rt-{}", seen.1);
        let exp = env.now() + 200;
        ok(json!({"refresh_token": new, "access_token": access_token(&new, exp)}))
    });
    seen
}

#[test]
fn i2_without_faults_no_interleaving_presents_a_token_twice() {
    let mut presented = 0;
    for seed in 1..=1000 {
        let stored = match seed % 3 {
            0 => credential("active", json!({})),
            1 => dead("active", json!({})),
            _ => due(),
        };
        let env = TestEnv::with(stored);
        let seen = strict_service(&env);
        for round in 0..2 {
            env.interleave(2, seed * 7919 + round);
            std::thread::scope(|scope| {
                for number in 0..2 {
                    let env = &env;
                    scope.spawn(move || {
                        let _turns = env.join(number as usize);
                        let mut dice = seed * 31 + round * 7 + number;
                        for _ in 0..2 {
                            one_call(env, number as usize, random(&mut dice));
                        }
                    });
                }
            });
            env.advance(150);
        }
        let stored = env.stored("credential");
        let seen = seen.lock().expect("no panic");
        assert_eq!(stored["state"], "active", "seed {seed}");
        assert_eq!(stored["refresh_token"], json!(format!("rt-{}", seen.1)));
        presented += seen.0.len();
    }
    assert!(presented > 1500, "only {presented} refreshes were tried");
}

fn one_call(env: &TestEnv, number: usize, dice: u64) {
    let worker = env.worker(number);
    let refused = fingerprint(&old_access());
    let result = match dice % 3 {
        0 => refresh::force_refresh(worker.ports()),
        1 => refresh::access_token(worker.ports(), Some(&refused)),
        _ => refresh::access_token(worker.ports(), None),
    };
    let expected = |error: &Error| {
        matches!(
            error.code,
            ErrorCode::RefreshInProgress | ErrorCode::RejectedByBackend
        )
    };
    if let Err(error) = result {
        assert!(expected(&error), "{:?}", error.code);
    }
}
