//! A take-over that dies, at each write of the login that it stores.

use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::support::{TestEnv, json as answer};
use crate::{TAKE_OVER, import, in_time, is_refused, passed, refreshes, take_over, with_login};

/// The last point before the login is in the store.
const LAST: &str = "before set credential";

/// Longer than another process waits for an exchange that was begun.
const ABANDONED: u64 = 70;

/// The points of a take-over at which it writes, by number, until the login is stored.
fn writes() -> Vec<(usize, String)> {
    let (test, home) = with_login();
    in_time(&test, import(&test, &home, &TAKE_OVER));
    let passed = passed(&test);
    let numbered = (1..).zip(passed.lines().map(str::to_owned));
    let mut until_stored = Vec::new();
    for (number, point) in numbered {
        let is_last = point == LAST;
        if point.contains(" set ") {
            until_stored.push((number, point));
        }
        if is_last {
            return until_stored;
        }
    }
    panic!("no login is stored: {passed}");
}

fn ends_at(test: &TestEnv, home: &Path, variable: &str, point: &str) -> Output {
    let mut command = import(test, home, &TAKE_OVER);
    command.env(variable, point).output().unwrap()
}

fn dies_at(test: &TestEnv, home: &Path, point: &str) {
    let died = ends_at(test, home, "CHATGPT_OAUTH_TEST_DIE_AT", point);
    assert_eq!(died.status.code(), None, "{point}: {died:?}");
}

#[test]
fn a_take_over_that_has_died_is_finished_by_the_next_one_of_its_profile() {
    for (number, point) in writes() {
        let (test, home) = with_login();
        dies_at(&test, &home, &number.to_string());
        let mut elsewhere = import(&test, &home, &TAKE_OVER);
        elsewhere.args(["--profile", "other"]);
        let refused = elsewhere.output().unwrap();
        is_refused(&refused, "needs-login", "may have been taken over");

        test.pass(ABANDONED);
        let taken = in_time(&test, import(&test, &home, &TAKE_OVER));
        assert_eq!(answer(&taken)["status"], "connected", "{point}: {taken:?}");
        assert_eq!(refreshes(&test).len(), 1, "{point}");
    }
}

#[test]
fn the_code_of_a_take_over_that_has_died_is_never_shown() {
    for (number, point) in writes() {
        let (test, home) = with_login();
        dies_at(&test, &home, &number.to_string());
        let prompt = test.ask(&["start"]);
        assert_eq!(prompt["ok"], true, "{point}: {prompt}");
        assert_ne!(prompt["user_code"], "TAKEN-OVER", "{point}");
        assert_eq!(prompt["replaced_user_code"], json!(null), "{point}");
        let code = prompt["user_code"].as_str().unwrap();
        test.simulator.approve(code).unwrap();
        assert_eq!(test.ask(&["poll"])["status"], "connected", "{point}");
    }
}

#[test]
fn a_login_that_was_stored_before_the_death_is_presented_by_the_next_call() {
    let (test, home) = with_login();
    dies_at(&test, &home, "after set credential");
    let again = import(&test, &home, &TAKE_OVER).output().unwrap();
    is_refused(&again, "invalid-argument", "holds a login");
    test.pass(ABANDONED);
    assert_eq!(test.ask(&["refresh"])["ok"], true);
    assert_eq!(refreshes(&test).len(), 1);
}

#[test]
fn a_login_that_may_be_stored_is_not_taken_over_into_another_profile() {
    let (test, home) = with_login();
    let point = "after set credential";
    let failed = ends_at(&test, &home, "CHATGPT_OAUTH_TEST_PANIC_AT", point);
    is_refused(&failed, "internal", "panic");
    let mut elsewhere = import(&test, &home, &TAKE_OVER);
    elsewhere.args(["--profile", "other"]);
    let refused = elsewhere.output().unwrap();
    is_refused(&refused, "needs-login", "may have been taken over");
    test.pass(ABANDONED);
    assert_eq!(test.ask(&["refresh"])["ok"], true);

    // Signed out, the profile may not take it again either.
    test.ask(&["logout"]);
    let again = import(&test, &home, &TAKE_OVER).output().unwrap();
    is_refused(&again, "needs-login", "may have been taken over");
}

#[test]
fn after_a_take_over_of_unknown_outcome_the_same_profile_can_repeat_it() {
    let (test, home) = with_login();
    let failed = ends_at(&test, &home, "CHATGPT_OAUTH_TEST_PANIC_AT", LAST);
    is_refused(&failed, "internal", "panic");
    let at_once = import(&test, &home, &TAKE_OVER).output().unwrap();
    is_refused(&at_once, "store-busy", "another process");
    test.pass(ABANDONED);
    take_over(&test, &home);
    assert_eq!(refreshes(&test).len(), 1);
}
