//! The wall clock is set during a refresh. On a host with a steady clock this
//! changes no age.

use super::{code, refresh, state, token};
use crate::contract::ErrorCode;
use crate::exports::connection::{poll, start};
use crate::testing::fakes::{
    DEVICE_TOKEN, NOW, Op, TOKEN, TestEnv, USER_CODE, access_token, dead, fingerprint, grant,
    intent, ok, pending, response,
};
use serde_json::{Value, json};

const STEADY: u64 = 5000;
const DAY: u64 = 86_400;

/// A login whose refresh began two seconds ago, on a host with a steady clock.
fn on_its_way() -> TestEnv {
    let env = TestEnv::with(stored("refreshing", json!({"intent": intent(NOW - 2)})));
    env.set_steady_clock(STEADY + 2);
    env
}

fn stored(state: &str, changes: Value) -> Value {
    // Refused, so that the access token is not live by any clock.
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
        let env = on_its_way();
        env.advance(step);
        assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress, "{step}");
        assert_eq!(state(&env), "refreshing");
    }
    for step in [290, DAY] {
        let env = on_its_way();
        env.set_clock(NOW - step);
        assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress, "-{step}");
    }
}

/// The times to which the clock is set between two readings.
const SET_TO: [u64; 5] = [NOW - DAY, NOW - 290, NOW + 130, NOW + 290, NOW + DAY];
/// More readings than a call makes.
const READINGS: u32 = 24;

/// Faults: F16
#[test]
fn a_refresh_on_its_way_is_waited_for_wherever_the_clock_steps() {
    for (to, readings) in SET_TO
        .iter()
        .flat_map(|to| (0..READINGS).map(move |n| (*to, n)))
    {
        let env = on_its_way();
        env.set_clock_after(readings, to);
        let waits = code(token(&env)) == ErrorCode::RefreshInProgress;
        assert!(waits, "to {to} after {readings} readings");
        assert_eq!(state(&env), "refreshing");
    }
}

/// Faults: F16
#[test]
fn a_pause_is_kept_wherever_the_clock_steps() {
    for (to, readings) in SET_TO
        .iter()
        .flat_map(|to| (0..READINGS).map(move |n| (*to, n)))
    {
        let env = TestEnv::with(dead("active", json!({})));
        env.set_steady_clock(STEADY);
        env.serve(TOKEN, |_, _| {
            crate::testing::fakes::broken(crate::ports::MaybeSent::TimedOut)
        });
        env.set_clock_after(readings, to);
        for _ in 0..3 {
            // Refused, uncertain, or sent once.
            let _ = refresh(&env);
        }
        let sent = env.paths().iter().filter(|path| *path == TOKEN).count();
        assert!(sent <= 1, "{sent} to {to} after {readings} readings");
    }
}

/// Faults: F16
#[test]
fn a_refresh_is_abandoned_when_the_steady_clock_says_so() {
    for clock in [NOW - DAY, NOW, NOW + DAY] {
        let env = on_its_way();
        env.set_clock(clock);
        env.set_steady_clock(STEADY + 66);
        let _ = token(&env);
        assert_eq!(state(&env), "uncertain", "{clock}");
    }
}

/// Faults: F16
#[test]
fn a_suspended_machine_ages_nothing() {
    // The wall clock continues during the night, the steady clock does not.
    let env = on_its_way();
    env.advance(8 * 3600);
    assert_eq!(code(token(&env)), ErrorCode::RefreshInProgress);
}

/// Faults: F16
#[test]
fn a_pause_is_neither_shortened_nor_prolonged_by_a_step() {
    let pause = json!({"intent": intent(NOW - 2), "not_before": NOW + 118});
    for clock in [NOW - DAY, NOW, NOW + 290, NOW + DAY] {
        let env = TestEnv::with(stored("uncertain", pause.clone()));
        env.set_steady_clock(STEADY + 119);
        env.set_clock(clock);
        let error = crate::testing::fakes::fails(token(&env));
        assert_eq!(error.code, ErrorCode::RefreshUncertain, "{clock}");
        assert_eq!(error.retry_after_seconds, Some(1), "{clock}");
        env.set_steady_clock(STEADY + 121);
        env.expect(TOKEN, grant("rt-2"));
        let _ = token(&env);
        assert_eq!(state(&env), "active", "{clock}");
    }
}

/// Faults: F16
#[test]
fn a_step_during_the_request_leaves_the_pause_as_long_as_it_is() {
    let env = TestEnv::with(dead("active", json!({})));
    env.set_steady_clock(STEADY);
    env.expect_then(TOKEN, |env, _| {
        env.advance(290);
        crate::testing::fakes::broken(crate::ports::MaybeSent::TimedOut)
    });
    let error = crate::testing::fakes::fails(refresh(&env));
    assert_eq!(error.code, ErrorCode::RefreshUncertain);
    assert_eq!(error.retry_after_seconds, Some(120));
}

/// Faults: F16
#[test]
fn an_old_intent_by_either_clock_sends_nothing() {
    let delays: [fn(&TestEnv); 3] = [
        // The machine was suspended, and another one was not.
        |env| {
            env.advance(382);
        },
        // The clock was set back by the time that has passed.
        |env| env.set_steady_clock(STEADY + 382),
        |env| {
            env.advance(5);
            env.set_steady_clock(STEADY + 5);
        },
    ];
    for delay in delays {
        let env = TestEnv::with(dead("active", json!({})));
        env.set_steady_clock(STEADY);
        env.meanwhile(Op::Get, "credential", 1, delay);
        assert!(crate::testing::fakes::fails(token(&env)).retryable);
        assert_eq!(state(&env), "active");
    }
}

/// Faults: F16
#[test]
fn without_the_same_steady_clock_the_wall_clock_counts() {
    for clock in [
        json!("boot-0 4000"),
        json!("boot-1 9999"),
        json!("boot-1"),
        json!(""),
        json!("x".repeat(65)),
        Value::Null,
    ] {
        let changes = json!({"intent": intent(NOW - 2), "clock": clock});
        let env = TestEnv::with(stored("refreshing", changes));
        env.set_steady_clock(STEADY + 2);
        env.advance(66);
        let _ = token(&env);
        assert_eq!(state(&env), "uncertain", "{clock}");
    }
    let env = TestEnv::with(stored("refreshing", json!({"intent": intent(NOW - 2)})));
    env.advance(66);
    let _ = token(&env);
    assert_eq!(state(&env), "uncertain");
}

/// Faults: F16
#[test]
fn the_next_poll_is_neither_early_nor_late_for_a_step() {
    for clock in [NOW - DAY, NOW + 290] {
        let env = TestEnv::new();
        let waits = json!({
            "next_poll_at": NOW + 5, "written_at": NOW, "clock": format!("boot-1 {STEADY}"),
            "expires_at": NOW + 2 * DAY,
        });
        env.put("pending", &pending(waits));
        env.set_steady_clock(STEADY + 3);
        env.set_clock(clock);
        let progress = env.call(|ports| poll(ports, None)).expect("too early");
        assert_eq!(progress.retry_after_seconds, Some(2), "{clock}");
    }
}

/// Faults: F16
#[test]
fn only_a_record_with_waits_stores_the_steady_clock() {
    let env = TestEnv::with(dead("active", json!({})));
    env.set_steady_clock(STEADY);
    env.expect_then(TOKEN, |env, _| {
        let stored = env.stored("credential");
        assert_eq!(stored["clock"], format!("boot-1 {STEADY}"));
        grant("rt-2")
    });
    assert!(refresh(&env).is_ok());
    assert!(env.stored("credential")["clock"].is_null());

    let env = TestEnv::new();
    env.set_steady_clock(STEADY);
    env.expect(
        USER_CODE,
        ok(json!({"device_auth_id": "d", "user_code": "ABCD-12345", "interval": "5"})),
    );
    assert!(env.call(start).is_ok());
    assert_eq!(env.stored("pending")["written_at"], NOW);
    assert_eq!(env.stored("pending")["clock"], format!("boot-1 {STEADY}"));
}

/// Faults: F16
#[test]
fn a_wait_without_an_intent_is_stored_with_the_steady_clock_too() {
    let env = TestEnv::with(dead("active", json!({})));
    env.set_steady_clock(STEADY);
    env.expect(TOKEN, crate::testing::fakes::response(429, ""));
    let _ = refresh(&env);
    let stored = env.stored("credential");
    assert!(stored["intent"].is_null() && !stored["not_before"].is_null());
    assert_eq!(stored["clock"], format!("boot-1 {STEADY}"));
}

/// Faults: F16
#[test]
fn a_step_between_reading_and_deciding_makes_no_intent_look_abandoned() {
    // The clock is set while the call marks the access token as refused.
    for step in [66, 120, DAY] {
        let changes = json!({"intent": intent(NOW - 2), "refused": null});
        let env = TestEnv::with(stored("refreshing", changes));
        env.set_steady_clock(STEADY + 2);
        env.meanwhile(Op::Set, "credential", 0, move |env| {
            env.advance(step);
        });
        let refused = fingerprint(&access_token("old", NOW - 10));
        let outcome = env.call(|ports| crate::flow::refresh::access_token(ports, Some(&refused)));
        assert_eq!(code(outcome), ErrorCode::RefreshInProgress, "{step}");
        assert_eq!(state(&env), "refreshing", "{step}");
    }
}

/// Faults: F16
#[test]
fn a_step_during_a_poll_leaves_the_next_one_where_it_is() {
    for step in [-290, 290] {
        let env = TestEnv::new();
        let waits = json!({"expires_at": NOW + 2 * DAY, "interval": 5});
        env.put("pending", &pending(waits));
        env.set_steady_clock(STEADY);
        env.expect_then(DEVICE_TOKEN, move |env, _| {
            env.set_clock(NOW.saturating_add_signed(step));
            response(403, "")
        });
        let progress = env.call(|ports| poll(ports, None)).expect("not approved");
        assert_eq!(progress.retry_after_seconds, Some(5), "{step}");
    }
}
