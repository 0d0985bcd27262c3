//! The wall clock is set while a refresh is on its way: on a host with a steady
//! clock, nothing looks older or younger for it.

use super::{code, refresh, state, token};
use crate::contract::ErrorCode;
use crate::exports::connection::{poll, start};
use crate::testing::fakes::{
    Fault, NOW, Op, TOKEN, USER_CODE, World, access_token, dead, fingerprint, grant, intent, ok,
    pending,
};
use serde_json::{Value, json};

const STEADY: u64 = 5000;
const DAY: u64 = 86_400;

/// A login whose refresh is on its way since two seconds, and a host with a clock
/// that is not set.
fn on_its_way() -> World {
    let world = World::with(stored("refreshing", json!({"intent": intent(NOW - 2)})));
    world.set_steady_clock(STEADY + 2);
    world
}

fn stored(state: &str, changes: Value) -> Value {
    // Refused, so that no clock makes the access token live.
    let refused = fingerprint(&access_token("old", NOW - 10));
    let at = json!({
        "updated_at": NOW - 2, "clock": format!("boot-1 {STEADY}"), "refused": refused,
    });
    crate::testing::fakes::changed(dead(state, at), changes)
}

/// Faults: F16
#[test]
fn a_refresh_on_its_way_is_waited_for_however_the_clock_steps() {
    for step in [66, 290, DAY, 400 * DAY] {
        let world = on_its_way();
        world.advance(step);
        assert_eq!(code(token(&world)), ErrorCode::RefreshInProgress, "{step}");
        assert_eq!(state(&world), "refreshing");
    }
    for step in [290, DAY] {
        let world = on_its_way();
        world.set_clock(NOW - step);
        assert_eq!(code(token(&world)), ErrorCode::RefreshInProgress, "-{step}");
    }
}

/// Faults: F16
#[test]
fn a_refresh_is_abandoned_when_the_steady_clock_says_so() {
    for clock in [NOW - DAY, NOW, NOW + DAY] {
        let world = on_its_way();
        world.set_clock(clock);
        world.set_steady_clock(STEADY + 66);
        let _ = token(&world);
        assert_eq!(state(&world), "uncertain", "{clock}");
    }
}

/// Faults: F16
#[test]
fn a_suspended_machine_ages_nothing() {
    // The wall clock goes on in the night, the steady one does not.
    let world = on_its_way();
    world.advance(8 * 3600);
    assert_eq!(code(token(&world)), ErrorCode::RefreshInProgress);
}

/// Faults: F16
#[test]
fn a_pause_is_neither_shortened_nor_prolonged_by_a_step() {
    let pause = json!({"intent": intent(NOW - 2), "not_before": NOW + 118});
    for clock in [NOW - DAY, NOW, NOW + 290, NOW + DAY] {
        let world = World::with(stored("uncertain", pause.clone()));
        world.set_steady_clock(STEADY + 119);
        world.set_clock(clock);
        let error = crate::testing::fakes::fails(token(&world));
        assert_eq!(error.code, ErrorCode::RefreshUncertain, "{clock}");
        assert_eq!(error.retry_after_seconds, Some(1), "{clock}");
        world.set_steady_clock(STEADY + 121);
        world.expect(TOKEN, grant("rt-2"));
        let _ = token(&world);
        assert_eq!(state(&world), "active", "{clock}");
    }
}

/// Faults: F16
#[test]
fn a_step_during_the_request_leaves_the_pause_as_long_as_it_is() {
    let world = World::with(dead("active", json!({})));
    world.set_steady_clock(STEADY);
    world.expect_then(TOKEN, |world, _| {
        world.advance(290);
        crate::testing::fakes::broken(crate::ports::MaybeSent::TimedOut)
    });
    let error = crate::testing::fakes::fails(refresh(&world));
    assert_eq!(error.code, ErrorCode::RefreshUncertain);
    assert_eq!(error.retry_after_seconds, Some(120));
}

/// Faults: F16
#[test]
fn a_request_is_not_sent_long_after_its_intent_whichever_clock_says_so() {
    let delays: [fn(&World); 3] = [
        // The machine stood still, and another one went on.
        |world| {
            world.advance(382);
        },
        // The clock was set back by as much as has passed.
        |world| world.set_steady_clock(STEADY + 382),
        |world| {
            world.advance(5);
            world.set_steady_clock(STEADY + 5);
        },
    ];
    for delay in delays {
        let world = World::with(dead("active", json!({})));
        world.set_steady_clock(STEADY);
        world.at(Op::Get, "credential", 1, Fault::Meanwhile(Box::new(delay)));
        assert!(crate::testing::fakes::fails(token(&world)).retryable);
        assert_eq!(state(&world), "active");
    }
}

/// Faults: F16
#[test]
fn another_boot_another_machine_or_a_host_without_such_a_clock_counts_by_the_wall_clock() {
    for clock in [
        json!("boot-0 4000"),
        json!("boot-1 9999"),
        json!("boot-1"),
        json!(""),
        json!("x".repeat(65)),
        Value::Null,
    ] {
        let changes = json!({"intent": intent(NOW - 2), "clock": clock});
        let world = World::with(stored("refreshing", changes));
        world.set_steady_clock(STEADY + 2);
        world.advance(66);
        let _ = token(&world);
        assert_eq!(state(&world), "uncertain", "{clock}");
    }
    let world = World::with(stored("refreshing", json!({"intent": intent(NOW - 2)})));
    world.advance(66);
    let _ = token(&world);
    assert_eq!(state(&world), "uncertain");
}

/// Faults: F16
#[test]
fn the_next_poll_is_neither_early_nor_late_for_a_step() {
    for clock in [NOW - DAY, NOW + 290] {
        let world = World::new();
        let waits = json!({
            "next_poll_at": NOW + 5, "written_at": NOW, "clock": format!("boot-1 {STEADY}"),
            "expires_at": NOW + 2 * DAY,
        });
        world.put("pending", &pending(waits));
        world.set_steady_clock(STEADY + 3);
        world.set_clock(clock);
        let progress = world.call(|ports| poll(ports, None)).expect("too early");
        assert_eq!(progress.retry_after_seconds, Some(2), "{clock}");
    }
}

/// Faults: F16
#[test]
fn a_wait_is_stored_with_the_steady_clock_and_a_login_at_rest_without() {
    let world = World::with(dead("active", json!({})));
    world.set_steady_clock(STEADY);
    world.expect_then(TOKEN, |world, _| {
        let stored = world.stored("credential");
        assert_eq!(stored["clock"], format!("boot-1 {STEADY}"));
        grant("rt-2")
    });
    assert!(refresh(&world).is_ok());
    assert!(world.stored("credential")["clock"].is_null());

    let world = World::new();
    world.set_steady_clock(STEADY);
    world.expect(
        USER_CODE,
        ok(json!({"device_auth_id": "d", "user_code": "ABCD-12345", "interval": "5"})),
    );
    assert!(world.call(start).is_ok());
    assert_eq!(world.stored("pending")["written_at"], NOW);
    assert_eq!(world.stored("pending")["clock"], format!("boot-1 {STEADY}"));
}

/// Faults: F16
#[test]
fn a_wait_without_an_intent_is_stored_with_the_steady_clock_too() {
    let world = World::with(dead("active", json!({})));
    world.set_steady_clock(STEADY);
    world.expect(TOKEN, crate::testing::fakes::answer(429, ""));
    let _ = refresh(&world);
    let stored = world.stored("credential");
    assert!(stored["intent"].is_null() && !stored["not_before"].is_null());
    assert_eq!(stored["clock"], format!("boot-1 {STEADY}"));
}
