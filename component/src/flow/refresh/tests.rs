mod clock_steps;
mod refusals;

use super::{with_live_token, with_new_token};
use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::ports::StoreError;
use crate::ports::{MaybeSent, NotSent};
use crate::state::credential::Record;
use crate::testing::fakes::{
    Fault, LIFETIME, NOW, Op, REVOKE, TOKEN, World, access_token, answer, broken, changed,
    credential, dead, fails, fingerprint, grant, intent, jwt, not_sent, ok, old_access, page,
    random, refusal, with_header,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

fn token(world: &World) -> Result<Record> {
    world.call(|ports| with_live_token(ports, None))
}

fn refresh(world: &World) -> Result<Record> {
    world.call(with_new_token)
}

/// A login whose access token lives and is due to be refreshed.
fn due() -> Value {
    credential(
        "active",
        json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600}),
    )
}

fn access(record: &Record) -> String {
    let tokens = record.tokens.as_ref().expect("tokens");
    tokens.access.as_ref().expect("one").reveal().to_owned()
}

fn state(world: &World) -> Value {
    world.stored("credential")["state"].clone()
}

fn code(result: Result<Record>) -> ErrorCode {
    fails(result).code
}

#[test]
fn the_intent_is_stored_before_the_token_is_sent_and_the_grant_before_it_is_returned() {
    let world = World::with(dead("active", json!({})));
    world.expect_then(TOKEN, |world, sent| {
        let stored = world.stored("credential");
        assert_eq!(stored["state"], "refreshing");
        assert_eq!(stored["intent"]["presented"], json!(fingerprint("rt-1")));
        assert_eq!(stored["intent"]["started"], json!(NOW));
        assert_eq!(stored["generation"], 8);
        assert_eq!(sent.json()["refresh_token"], "rt-1");
        grant("rt-2")
    });
    let record = token(&world).expect("a token");
    assert_eq!(
        world.log(),
        ["set credential", "send /oauth/token", "set credential"]
    );
    let stored = world.stored("credential");
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
    let world = World::with(credential("active", json!({})));
    assert_eq!(access(&token(&world).expect("a token")), old_access());
    assert!(world.log().is_empty());
}

#[test]
fn s01_without_a_record_nobody_is_signed_in() {
    let world = World::new();
    assert_eq!(code(token(&world)), ErrorCode::NotConnected);
    assert_eq!(code(refresh(&world)), ErrorCode::NotConnected);
    assert!(world.log().is_empty());
}

#[test]
fn s26_a_success_is_not_repeated_within_a_minute() {
    let world = World::with(credential("active", json!({})));
    world.expect(TOKEN, grant("rt-2"));
    let first = refresh(&world).expect("a token");
    world.advance(59);
    assert_eq!(access(&refresh(&world).expect("a token")), access(&first));
    world.advance(1).expect(TOKEN, grant("rt-3"));
    assert_ne!(access(&refresh(&world).expect("a token")), access(&first));
}

#[test]
fn a_failed_early_refresh_returns_the_live_token_whatever_the_fault() {
    for reply in [
        || not_sent(NotSent::Refused),
        || broken(MaybeSent::Broken),
        || page(403),
        || answer(500, ""),
        || answer(429, ""),
        || refusal(401, "brand_new"),
        || refusal(401, "refresh_token_reused"),
    ] {
        let world = World::with(due());
        world.expect(TOKEN, reply());
        assert_eq!(access(&token(&world).expect("a token")), old_access());
        assert_eq!(access(&token(&world).expect("a token")), old_access());
    }
}

#[test]
fn p14_a_failed_early_refresh_without_an_access_token_returns_the_live_one() {
    let world = World::with(due());
    world.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    assert_eq!(access(&token(&world).expect("a token")), old_access());
    world.advance(1).expect_then(TOKEN, |_, sent| {
        assert_eq!(sent.json()["refresh_token"], "rt-2");
        grant("rt-3")
    });
    token(&world).expect("a token");
}

#[test]
fn n16_a_refresh_that_was_not_processed_waits_and_says_so() {
    let world = World::with(dead("active", json!({})));
    world.expect(TOKEN, with_header(page(403), "retry-after", "90"));
    let error = fails(token(&world));
    assert_eq!(error.code, ErrorCode::UpstreamBlocked);
    assert_eq!(error.retry_after_seconds, Some(90));
    assert_eq!(state(&world), "active");
    world.advance(89);
    let error = fails(token(&world));
    assert_eq!(
        (error.code, error.retry_after_seconds),
        (ErrorCode::UpstreamBlocked, Some(1))
    );
    world.advance(1).expect(TOKEN, grant("rt-2"));
    token(&world).expect("a token");
}

#[test]
fn n08_an_unknown_outcome_is_probed_after_the_quiet_period_and_never_before() {
    let world = World::with(dead("active", json!({})));
    world.expect_then(TOKEN, |world, _| {
        world.advance(15);
        broken(MaybeSent::TimedOut)
    });
    let error = fails(token(&world));
    assert_eq!(error.code, ErrorCode::RefreshUncertain);
    assert_eq!(error.retry_after_seconds, Some(105));
    world.set_clock(NOW + 119);
    assert_eq!(code(refresh(&world)), ErrorCode::RefreshUncertain);
    world.advance(1).expect(TOKEN, grant("rt-2"));
    token(&world).expect("a token");
    assert_eq!(state(&world), "active");
}

#[test]
fn n20_probes_go_on_at_their_spacing_and_end_nothing() {
    let world = World::with(dead("uncertain", json!({"not_before": NOW})));
    let mut pauses = Vec::new();
    for _ in 0..11 {
        world.expect(TOKEN, refusal(401, "brand_new"));
        let error = fails(token(&world));
        assert_eq!(error.code, ErrorCode::RefreshUncertain);
        pauses.push(error.retry_after_seconds.expect("a pause"));
        world.advance(u64::from(error.retry_after_seconds.expect("a pause")) - 1);
        assert_eq!(code(token(&world)), ErrorCode::RefreshUncertain);
        world.advance(1);
    }
    assert_eq!(
        pauses,
        [120, 120, 120, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    );
    world.expect(TOKEN, grant("rt-2"));
    token(&world).expect("a token");
    assert_eq!(world.stored("credential")["probes"], Value::Null);
}

#[test]
fn n18_n19_a_definitive_refusal_ends_the_login_and_keeps_the_reason() {
    let world = World::with(dead("active", json!({})));
    world.expect(TOKEN, refusal(401, "refresh_token_reused"));
    let error = fails(token(&world));
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert!(error.relogin_required);
    let stored = world.stored("credential");
    assert_eq!(stored["state"], "needs-login");
    assert_eq!(stored["reason"], "refresh_token_reused");
    assert_eq!(
        (&stored["epoch"], &stored["generation"]),
        (&json!(3), &json!(9))
    );
    assert_eq!(code(refresh(&world)), ErrorCode::NeedsLogin);
}

#[test]
fn n18_a_definitive_refusal_adopts_what_somebody_else_has_got_meanwhile() {
    for call in [token, refresh] {
        let world = World::with(dead("active", json!({})));
        world.expect_then(TOKEN, |world, _| {
            let newer = json!({
                "refresh_token": "rt-2", "access_token": access_token("new", NOW + 600),
                "received_at": NOW, "expires_at": NOW + 600,
            });
            world.put("credential", &credential("active", newer));
            refusal(401, "refresh_token_reused")
        });
        let record = call(&world).expect("the other's token");
        assert_eq!(access(&record), access_token("new", NOW + 600));
        assert_eq!(state(&world), "active");
    }
}

#[test]
fn s16_a_conflict_at_the_intent_leads_back_to_the_decision() {
    let world = World::with(dead("active", json!({})));
    let meanwhile = |world: &World| {
        world.put(
            "credential",
            &dead("refreshing", json!({"intent": intent(NOW)})),
        );
    };
    world.at(
        Op::Set,
        "credential",
        0,
        Fault::Meanwhile(Box::new(meanwhile)),
    );
    assert_eq!(code(token(&world)), ErrorCode::RefreshInProgress);
    assert!(world.paths().is_empty());
}

#[test]
fn s16_the_loser_of_a_race_takes_the_winners_token() {
    let world = World::with(dead("active", json!({})));
    let meanwhile = |world: &World| {
        world.expect(TOKEN, grant("rt-2"));
        token(world).expect("a token");
    };
    world.at(
        Op::Set,
        "credential",
        0,
        Fault::Meanwhile(Box::new(meanwhile)),
    );
    let record = token(&world).expect("the winner's");
    assert_eq!(
        json!(access(&record)),
        world.stored("credential")["access_token"]
    );
    assert_eq!(world.paths(), [TOKEN]);
}

#[test]
fn an_endless_conflict_gives_up_and_sends_nothing() {
    let world = World::with(dead("active", json!({})));
    for _ in 0..20 {
        let fault = Fault::Before(StoreError::Conflict);
        world.at(Op::Set, "credential", 0, fault);
    }
    let error = fails(token(&world));
    assert_eq!(error.code, ErrorCode::StoreBusy);
    assert!(error.retryable && world.paths().is_empty());
}

#[test]
fn s09_s10_s31_a_store_that_fails_at_the_intent_burns_nothing() {
    for (fault, expected) in [
        (StoreError::ReadOnly, ErrorCode::StoreUnavailable),
        (StoreError::Full, ErrorCode::StoreUnavailable),
        (StoreError::TooLarge, ErrorCode::StoreUnavailable),
        (StoreError::Busy, ErrorCode::StoreBusy),
        (StoreError::Unavailable, ErrorCode::StoreUnavailable),
        (StoreError::Rollback, ErrorCode::RollbackSuspected),
    ] {
        let world = World::with(dead("active", json!({})));
        world.at(Op::Set, "credential", 0, Fault::Before(fault));
        assert_eq!(code(token(&world)), expected);
        assert_eq!(
            world.bytes("credential"),
            World::with(dead("active", json!({}))).bytes("credential")
        );
        let world = World::with(due());
        world.at(Op::Set, "credential", 0, Fault::Before(fault));
        assert_eq!(access(&token(&world).expect("a token")), old_access());
    }
}

#[test]
fn s18_an_intent_that_landed_all_the_same_is_ours() {
    for error in [StoreError::Unavailable, StoreError::Conflict] {
        let world = World::with(dead("active", json!({})));
        world.at(Op::Set, "credential", 0, Fault::After(error));
        world.expect(TOKEN, grant("rt-2"));
        token(&world).expect("a token");
        assert_eq!(world.paths(), [TOKEN]);
    }
}

#[test]
fn s31_an_intent_that_cannot_be_read_back_sends_nothing() {
    let world = World::with(dead("active", json!({})));
    world.at(
        Op::Set,
        "credential",
        0,
        Fault::After(StoreError::Unavailable),
    );
    world.at(
        Op::Get,
        "credential",
        1,
        Fault::Before(StoreError::Unavailable),
    );
    assert_eq!(code(token(&world)), ErrorCode::StoreUnavailable);
    let world = World::with(dead("active", json!({})));
    world.at(
        Op::Get,
        "credential",
        1,
        Fault::Before(StoreError::Unavailable),
    );
    assert_eq!(code(token(&world)), ErrorCode::StoreUnavailable);
    assert_eq!(state(&world), "refreshing");
}

#[test]
fn an_intent_that_somebody_else_has_overwritten_is_not_followed() {
    let world = World::with(dead("active", json!({})));
    let meanwhile = |world: &World| {
        world.put(
            "credential",
            &dead("refreshing", json!({"intent": intent(NOW)})),
        );
    };
    world.at(
        Op::Get,
        "credential",
        1,
        Fault::Meanwhile(Box::new(meanwhile)),
    );
    assert_eq!(code(token(&world)), ErrorCode::RefreshInProgress);
}

#[test]
fn h15_five_seconds_after_the_intent_nothing_is_sent_any_more() {
    for step in [5_i64, 600, -5, -600] {
        let world = World::with(dead("active", json!({"expires_at": 1})));
        let jump = move |world: &World| world.set_clock(NOW.saturating_add_signed(step));
        world.at(Op::Get, "credential", 1, Fault::Meanwhile(Box::new(jump)));
        let error = fails(token(&world));
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::StoreBusy, Some(1))
        );
        assert_eq!(state(&world), "active");
        world.advance(1).expect(TOKEN, grant("rt-2"));
        token(&world).expect("a token");
    }
    let world = World::with(dead("active", json!({})));
    let jump = |world: &World| world.set_clock(NOW + 4);
    world.at(Op::Get, "credential", 1, Fault::Meanwhile(Box::new(jump)));
    world.expect(TOKEN, grant("rt-2"));
    token(&world).expect("a token");
}

#[test]
fn s11_s12_a_store_that_fails_at_the_commit_is_loud_even_when_the_refresh_was_early() {
    for stored in [dead("active", json!({})), due()] {
        for fault in [
            StoreError::Full,
            StoreError::Unavailable,
            StoreError::TooLarge,
        ] {
            let world = World::with(stored.clone());
            world.at(Op::Set, "credential", 1, Fault::Before(fault));
            world.expect(TOKEN, grant("rt-2"));
            assert_eq!(code(token(&world)), ErrorCode::StoreFailedAfterRefresh);
            assert_eq!(state(&world), "refreshing");
        }
    }
}

#[test]
fn s11_a_record_that_cannot_be_read_at_the_commit_is_loud() {
    let world = World::with(dead("active", json!({})));
    world.at(Op::Get, "credential", 2, Fault::Before(StoreError::Corrupt));
    world.expect(TOKEN, grant("rt-2"));
    assert_eq!(code(token(&world)), ErrorCode::StoreFailedAfterRefresh);
}

#[test]
fn s18_a_commit_that_landed_all_the_same_is_a_success() {
    for error in [StoreError::Unavailable, StoreError::Conflict] {
        let world = World::with(dead("active", json!({})));
        world.at(Op::Set, "credential", 1, Fault::After(error));
        world.expect(TOKEN, grant("rt-2"));
        token(&world).expect("a token");
        assert_eq!(world.stored("credential")["refresh_token"], "rt-2");
    }
}

#[test]
fn a_conflict_at_the_commit_is_no_reason_to_drop_the_grant() {
    let world = World::with(dead("active", json!({})));
    let meanwhile = |world: &World| {
        let stored = changed(world.stored("credential"), json!({"tomorrow": 1}));
        world.put("credential", &stored);
    };
    world.at(
        Op::Set,
        "credential",
        1,
        Fault::Meanwhile(Box::new(meanwhile)),
    );
    world.expect(TOKEN, grant("rt-2"));
    token(&world).expect("a token");
    let stored = world.stored("credential");
    assert_eq!(
        (&stored["refresh_token"], &stored["tomorrow"]),
        (&json!("rt-2"), &json!(1))
    );
}

#[test]
fn a_store_that_fails_after_no_grant_keeps_the_live_token() {
    let world = World::with(due());
    world.at(Op::Set, "credential", 1, Fault::Before(StoreError::Full));
    world.expect(TOKEN, answer(500, ""));
    assert_eq!(access(&token(&world).expect("a token")), old_access());
    let world = World::with(dead("active", json!({})));
    world.at(Op::Set, "credential", 1, Fault::Before(StoreError::Full));
    world.expect(TOKEN, answer(500, ""));
    assert_eq!(code(token(&world)), ErrorCode::StoreUnavailable);
}

#[test]
fn h15_p30_an_answer_that_takes_its_time_lets_no_token_live_longer() {
    let world = World::with(dead("active", json!({})));
    world.expect_then(TOKEN, |world, _| {
        world.advance(100);
        let body = json!({"refresh_token": "rt-2", "access_token": access_token("new", NOW + 600)});
        with_header(ok(body), "date", "Tue, 24 Nov 2026 10:00:00 GMT")
    });
    let record = token(&world).expect("a token");
    assert!(record.live_token(NOW + 569).is_some());
    assert!(record.live_token(NOW + 570).is_none());
}

#[test]
fn h15_a_late_holder_commits_although_it_was_taken_over() {
    let world = World::with(dead("active", json!({})));
    world.expect_then(TOKEN, |world, _| {
        world.advance(100);
        assert_eq!(code(token(world)), ErrorCode::RefreshUncertain);
        assert_eq!(state(world), "uncertain");
        grant("rt-2")
    });
    token(&world).expect("the late grant");
    let stored = world.stored("credential");
    assert_eq!(
        (&stored["state"], &stored["refresh_token"]),
        (&json!("active"), &json!("rt-2"))
    );
}

#[test]
fn h15_a_late_holder_commits_over_a_probe_and_the_probe_adopts() {
    let world = World::with(dead("active", json!({})));
    world.expect_then(TOKEN, |world, _| {
        world.advance(130);
        world.expect_then(TOKEN, |world, _| {
            let stored = world.stored("credential");
            assert_eq!(
                (&stored["state"], &stored["probes"]),
                (&json!("refreshing"), &json!(1))
            );
            let newer = json!({
                "refresh_token": "rt-2", "access_token": access_token("late", NOW + LIFETIME),
                "received_at": NOW + 130, "intent": null, "probes": null,
            });
            world.put(
                "credential",
                &changed(credential("active", json!({})), newer),
            );
            refusal(401, "refresh_token_reused")
        });
        let adopted = token(world).expect("the late holder's");
        assert_eq!(access(&adopted), access_token("late", NOW + LIFETIME));
        broken(MaybeSent::Broken)
    });
    token(&world).expect("the late holder's");
    assert_eq!(state(&world), "active");
}

#[test]
fn h15_a_late_grant_revives_a_login_that_a_probe_has_ended() {
    let world = World::with(dead("active", json!({})));
    world.expect_then(TOKEN, |world, _| {
        world.advance(65);
        assert_eq!(code(token(world)), ErrorCode::RefreshUncertain);
        world
            .advance(55)
            .expect(TOKEN, refusal(400, "invalid_grant"));
        assert_eq!(code(token(world)), ErrorCode::NeedsLogin);
        grant("rt-2")
    });
    token(&world).expect("the late grant");
    assert_eq!(state(&world), "active");
}

#[test]
fn h01_h02_s22_a_process_that_died_is_followed_by_a_probe() {
    let world = World::with(dead("refreshing", json!({"intent": intent(NOW)})));
    assert_eq!(code(token(&world)), ErrorCode::RefreshInProgress);
    world.advance(65);
    assert_eq!(code(token(&world)), ErrorCode::RefreshUncertain);
    assert_eq!(state(&world), "uncertain");
    world.advance(55).expect(TOKEN, grant("rt-2"));
    token(&world).expect("a token");
}

#[test]
fn s09_taking_over_in_a_store_without_writes_still_serves_a_live_token() {
    let abandoned = json!({"intent": intent(NOW - 65)});
    let world = World::with(credential("refreshing", abandoned.clone()));
    world.at(
        Op::Set,
        "credential",
        0,
        Fault::Before(StoreError::ReadOnly),
    );
    assert_eq!(access(&token(&world).expect("a token")), old_access());
    let world = World::with(dead("refreshing", abandoned));
    world.at(
        Op::Set,
        "credential",
        0,
        Fault::Before(StoreError::ReadOnly),
    );
    assert_eq!(code(token(&world)), ErrorCode::StoreUnavailable);
}

#[test]
fn p14_a_dead_token_and_a_grant_without_a_new_one_is_a_matter_of_a_second() {
    let world = World::with(dead("active", json!({})));
    world.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    for _ in 0..2 {
        let error = fails(token(&world));
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::RefreshInProgress, Some(1))
        );
        assert!(error.retryable);
    }
    world.advance(1).expect(TOKEN, grant("rt-3"));
    token(&world).expect("a token");
}

#[test]
fn p14_a_second_may_pass_while_the_grant_without_an_access_token_is_stored() {
    let world = World::with(dead("active", json!({})));
    world.expect(TOKEN, ok(json!({"refresh_token": "rt-2"})));
    let tick = |world: &World| world.set_clock(NOW + 5);
    world.at(Op::Set, "credential", 1, Fault::Meanwhile(Box::new(tick)));
    assert_eq!(code(token(&world)), ErrorCode::RefreshInProgress);
    assert_eq!(world.paths(), [TOKEN]);
}

#[test]
fn p14_m11_an_access_token_of_no_use_is_told_and_asked_for_after_a_pause() {
    let world = World::with(dead("active", json!({})));
    let odd = json!({"refresh_token": "rt-2", "access_token": "a b"});
    world.expect(TOKEN, ok(odd));
    assert_eq!(code(token(&world)), ErrorCode::UnexpectedAnswer);
    world.advance(29);
    assert_eq!(code(token(&world)), ErrorCode::UnexpectedAnswer);
    world.advance(1).expect(TOKEN, grant("rt-3"));
    token(&world).expect("a token");
}

#[test]
fn p13_m11_a_refresh_token_of_no_use_leaves_a_login_that_ends_with_its_access_token() {
    let world = World::with(dead("active", json!({})));
    let odd = json!({"refresh_token": 7, "access_token": access_token("new", NOW + 600)});
    world.expect(TOKEN, ok(odd));
    assert_eq!(
        access(&token(&world).expect("a token")),
        access_token("new", NOW + 600)
    );
    assert_eq!(world.stored("credential")["refresh_token"], Value::Null);
    world.advance(600);
    assert_eq!(code(token(&world)), ErrorCode::NotRefreshable);
    assert_eq!(world.paths(), [TOKEN]);
}

#[test]
fn n33_a_refusal_that_is_reported_while_nothing_can_be_done_is_remembered() {
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
        let world = World::with(stored);
        let report = || world.call(|ports| with_live_token(ports, Some(&name)));
        assert_eq!(code(report()), expected);
        assert_eq!(world.stored("credential")["refused"], json!(name));
        assert_eq!(code(token(&world)), expected);
        let writes = world.log().len();
        assert_eq!(code(report()), expected);
        assert_eq!(world.log().len(), writes, "it is noted once");
    }
}

#[test]
fn s09_a_refusal_that_cannot_be_noted_serves_nothing() {
    let world = World::with(credential("active", json!({})));
    world.at(
        Op::Set,
        "credential",
        0,
        Fault::Before(StoreError::ReadOnly),
    );
    let name = fingerprint(&old_access());
    let result = world.call(|ports| with_live_token(ports, Some(&name)));
    assert_eq!(code(result), ErrorCode::StoreUnavailable);
}

#[test]
fn s21_a_process_that_dies_before_its_intent_leaves_nothing_behind() {
    let world = World::with(dead("active", json!({})));
    let dies = |_: &World| panic!("killed");
    world.at(Op::Set, "credential", 0, Fault::Meanwhile(Box::new(dies)));
    let call = std::panic::AssertUnwindSafe(|| token(&world));
    assert!(std::panic::catch_unwind(call).is_err());
    assert_eq!(world.stored("credential"), dead("active", json!({})));
    world.expect(TOKEN, grant("rt-2"));
    token(&world).expect("a token");
    assert_eq!(world.paths(), [TOKEN]);
}

#[test]
fn n33_a_refused_token_leads_to_one_refresh_and_then_to_the_backends_refusal() {
    let world = World::with(credential("active", json!({})));
    let refused = |world: &World, token: &str| {
        let name = fingerprint(token);
        world.call(|ports| with_live_token(ports, Some(&name)))
    };
    world.expect(TOKEN, grant("rt-2"));
    let new = access(&refused(&world, &old_access()).expect("a token"));
    assert_eq!(
        access(&refused(&world, &old_access()).expect("the new one")),
        new
    );
    world.advance(20);
    let error = fails(refused(&world, &new));
    assert_eq!(
        (error.code, error.retry_after_seconds),
        (ErrorCode::RejectedByBackend, Some(40))
    );
    world.advance(40).expect(TOKEN, grant("rt-3"));
    refused(&world, &new).expect("a token");
}

#[test]
fn a_refused_token_is_never_served_again_when_its_refresh_fails() {
    let world = World::with(credential("active", json!({})));
    world.expect(TOKEN, answer(429, ""));
    let name = fingerprint(&old_access());
    let error = fails(world.call(|ports| with_live_token(ports, Some(&name))));
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert_eq!(code(token(&world)), ErrorCode::RateLimited);
    assert_eq!(world.stored("credential")["refused"], json!(name));
}

#[test]
fn n33_a_token_that_another_call_reports_as_refused_meanwhile_is_not_served() {
    let world = World::with(due());
    world.expect_then(TOKEN, |world, _| {
        let name = fingerprint(&old_access());
        let theirs = world.call(|ports| with_live_token(ports, Some(&name)));
        assert_eq!(code(theirs), ErrorCode::RefreshInProgress);
        broken(MaybeSent::TimedOut)
    });
    assert_eq!(code(token(&world)), ErrorCode::RefreshUncertain);
}

#[test]
fn p23_a_refused_token_whose_login_was_revoked_needs_a_login() {
    let world = World::with(credential("active", json!({})));
    world.expect(TOKEN, refusal(401, "token_revoked"));
    let name = fingerprint(&old_access());
    let error = fails(world.call(|ports| with_live_token(ports, Some(&name))));
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert_eq!(code(token(&world)), ErrorCode::NeedsLogin);
}

#[test]
fn p20_a_refresh_that_brings_another_account_says_so_even_while_the_old_token_lives() {
    let other = json!({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-2"}});
    let world = World::with(credential("active", json!({})));
    world.expect(
        TOKEN,
        ok(json!({"refresh_token": "rt-2", "access_token": jwt(&other)})),
    );
    assert_eq!(code(refresh(&world)), ErrorCode::AccountMismatch);
    assert_eq!(access(&token(&world).expect("the old one")), old_access());
    assert!(!world.stored("credential").to_string().contains("rt-2"));
}

#[test]
fn p20_s18_a_mismatch_that_landed_all_the_same_is_no_failure_of_the_store() {
    let other = json!({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-2"}});
    let world = World::with(dead("active", json!({})));
    world.at(
        Op::Set,
        "credential",
        1,
        Fault::After(StoreError::Unavailable),
    );
    world.expect(
        TOKEN,
        ok(json!({"refresh_token": "rt-2", "access_token": jwt(&other)})),
    );
    assert_eq!(code(token(&world)), ErrorCode::AccountMismatch);
}

#[test]
fn a_refresh_that_was_taken_over_and_brought_nothing_says_that_it_is_uncertain() {
    let world = World::with(credential("active", json!({})));
    world.expect_then(TOKEN, |world, _| {
        world.advance(70);
        token(world).expect("the live token");
        assert_eq!(state(world), "uncertain");
        broken(MaybeSent::Broken)
    });
    assert_eq!(code(refresh(&world)), ErrorCode::RefreshUncertain);
}

fn logged_out(epoch: u64, revoke: bool) -> Value {
    json!({
        "version": 1, "generation": 20, "epoch": epoch, "state": "logged-out",
        "revoke": revoke, "updated_at": NOW,
    })
}

#[test]
fn p32_a_logout_meanwhile_wins_and_the_late_pair_is_dropped() {
    for stored in [dead("active", json!({})), due()] {
        let world = World::with(stored);
        world.expect_then(TOKEN, |world, _| {
            world.put("credential", &logged_out(4, false));
            grant("rt-2")
        });
        assert_eq!(code(token(&world)), ErrorCode::NotConnected);
        assert_eq!(world.stored("credential"), logged_out(4, false));
        assert_eq!(world.paths(), [TOKEN]);
    }
}

#[test]
fn p32_a_late_pair_is_revoked_if_the_logout_asked_for_it() {
    let world = World::with(due());
    world.expect_then(TOKEN, |world, _| {
        world.put("credential", &logged_out(4, true));
        grant("rt-2")
    });
    world.expect_then(REVOKE, |_, sent| {
        assert_eq!(sent.json()["token"], "rt-2");
        answer(200, "")
    });
    assert_eq!(code(token(&world)), ErrorCode::NotConnected);
}

#[test]
fn p32_no_token_is_returned_while_a_logout_waits_for_its_revocation() {
    let world = World::with(due());
    world.expect_then(TOKEN, |world, _| {
        let leaving = json!({"epoch": 4, "revoke": true});
        world.put("credential", &credential("logging-out", leaving));
        answer(500, "")
    });
    assert_eq!(code(token(&world)), ErrorCode::NotConnected);
}

#[test]
fn s08_a_late_pair_never_replaces_a_newer_login() {
    let world = World::with(dead("active", json!({})));
    let newer = credential(
        "active",
        json!({
            "epoch": 5, "refresh_token": "rt-9", "account_id": "acc-9", "received_at": NOW,
        }),
    );
    let stored = newer.clone();
    world.expect_then(TOKEN, move |world, _| {
        world.put("credential", &stored);
        grant("rt-2")
    });
    let record = token(&world).expect("the newer login's");
    assert_eq!(record.claims.account_id.as_deref(), Some("acc-9"));
    assert_eq!(world.stored("credential"), newer);
    assert_eq!(world.paths(), [TOKEN]);
}

#[test]
fn p07_a_newer_login_is_not_logged_out_by_a_late_refusal() {
    let world = World::with(dead("active", json!({})));
    world.expect_then(TOKEN, |world, _| {
        world.put("credential", &credential("active", json!({"epoch": 4})));
        refusal(401, "refresh_token_invalidated")
    });
    token(&world).expect("the newer login's");
    assert_eq!(state(&world), "active");
}

#[test]
fn a_record_that_cannot_be_read_is_neither_used_nor_overwritten() {
    let world = World::new();
    for (bytes, expected) in [
        (&b""[..], ErrorCode::RecordCorrupt),
        (br#"{"version":2}"#, ErrorCode::RecordNewer),
    ] {
        world.put_bytes("credential", bytes);
        assert_eq!(code(token(&world)), expected);
        assert_eq!(code(refresh(&world)), expected);
    }
    assert!(world.log().is_empty());
}

/// A service that grants each refresh token once.
fn strict_service(world: &World) -> Arc<Mutex<(HashSet<String>, u64)>> {
    let seen = Arc::new(Mutex::new((HashSet::new(), 1)));
    let service = seen.clone();
    world.serve(TOKEN, move |world, sent| {
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
        let exp = world.now() + 200;
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
        let world = World::with(stored);
        let seen = strict_service(&world);
        for round in 0..2 {
            world.interleave(2, seed * 7919 + round);
            std::thread::scope(|scope| {
                for number in 0..2 {
                    let world = &world;
                    scope.spawn(move || {
                        let _turns = world.join(number as usize);
                        let mut dice = seed * 31 + round * 7 + number;
                        for _ in 0..2 {
                            one_call(world, number as usize, random(&mut dice));
                        }
                    });
                }
            });
            world.advance(150);
        }
        let stored = world.stored("credential");
        let seen = seen.lock().expect("no panic");
        assert_eq!(stored["state"], "active", "seed {seed}");
        assert_eq!(stored["refresh_token"], json!(format!("rt-{}", seen.1)));
        presented += seen.0.len();
    }
    assert!(presented > 1500, "only {presented} refreshes were tried");
}

fn one_call(world: &World, number: usize, dice: u64) {
    let worker = world.worker(number);
    let refused = fingerprint(&old_access());
    let result = match dice % 3 {
        0 => with_new_token(worker.ports()),
        1 => with_live_token(worker.ports(), Some(&refused)),
        _ => with_live_token(worker.ports(), None),
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
