//! The wall clock is set while a poll runs, on a host with a steady clock.

use super::*;

const DAY: u64 = 24 * 3600;
/// The steady clock when the records were written, in seconds.
const STEADY: u64 = 1000;
/// The times to which the clock is set between two readings.
const SET_TO: [u64; 5] = [NOW - DAY, NOW - 290, NOW + 130, NOW + 290, NOW + DAY];
/// More readings than a poll makes.
const READINGS: u32 = 24;

/// The pending login as this host wrote it at `NOW`.
fn written_now(changes: Value) -> TestEnv {
    let stamp = json!({"clock": format!("boot-1 {STEADY}"), "written_at": NOW});
    let env = waiting(changed(stamp, changes));
    env.set_steady_clock(STEADY);
    env
}

fn everywhere(check: impl Fn(u64, u32)) {
    for to in SET_TO {
        (0..READINGS).for_each(|readings| check(to, readings));
    }
}

/// Faults: F16
#[test]
fn an_exchange_in_progress_is_waited_for_wherever_the_clock_steps() {
    everywhere(|to, readings| {
        let approval = json!({"code": "code-1", "verifier": "verifier-1", "attempts": 1,
            "exchanging_since": NOW});
        let env = written_now(json!({"approval": approval}));
        env.set_clock_after(readings, to);
        is_pending(&env);
        assert!(env.paths().is_empty(), "to {to} after {readings} readings");
    });
}

/// Faults: F16
#[test]
fn a_next_poll_is_waited_for_wherever_the_clock_steps() {
    everywhere(|to, readings| {
        let env = written_now(json!({"next_poll_at": NOW + 60, "expires_at": NOW + 10 * DAY}));
        env.set_clock_after(readings, to);
        is_pending(&env);
        assert!(env.paths().is_empty(), "to {to} after {readings} readings");
    });
}

/// Faults: F16
#[test]
fn the_waits_of_a_poll_are_kept_wherever_the_clock_steps() {
    everywhere(|to, readings| {
        let env = written_now(json!({"expires_at": NOW + 10 * DAY}));
        env.serve(DEVICE_TOKEN, |_, _| response(403, ""));
        env.set_clock_after(readings, to);
        is_pending(&env);
        is_pending(&env);
        let asked = env.paths().len();
        assert_eq!(asked, 1, "to {to} after {readings} readings");
    });
}

/// Faults: F16
#[test]
fn the_first_wait_of_a_login_is_by_the_clock_of_its_stamp() {
    everywhere(|to, readings| {
        let env = TestEnv::new();
        env.set_steady_clock(STEADY);
        let code = json!({"device_auth_id": "dev-2", "user_code": "WXYZ-98765", "interval": "5"});
        env.expect(USER_CODE, ok(code));
        env.set_clock_after(readings, to);
        env.call(start).expect("a code");
        let stored = env.stored("pending");
        assert_eq!(
            stored["started_at"], stored["written_at"],
            "to {to} after {readings}"
        );
    });
}
