//! Another process uses the profile between two steps of a take-over. The store is locked
//! while the take-over waits to note the token, after its first look at the profile.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

use crate::support::TestEnv;
use crate::support::sql::Sql;
use crate::{TAKE_OVER, import, is_refused, refreshes, take_over, with_login};

/// A value of the profile, as it was written earlier.
fn kept(test: &TestEnv, key: &str) -> Sql {
    let mut other = Sql::open(test);
    other.run(&format!(
        "CREATE TEMP TABLE kept AS SELECT profile, key, value FROM record WHERE key = '{key}'"
    ));
    other
}

/// Takes over while the other process writes the kept value.
fn take_over_beside(test: &TestEnv, home: &Path, mut other: Sql) -> Output {
    let points = test.path("points");
    let mut command = import(test, home, &TAKE_OVER);
    command.env("CHATGPT_OAUTH_TEST_POINTS", &points);
    other.run("BEGIN IMMEDIATE");
    let mut child = command.spawn().unwrap();
    let has_looked = || {
        let passed = fs::read_to_string(&points).unwrap_or_default();
        passed.contains("after get pending")
    };
    while !has_looked() {
        assert_eq!(child.try_wait().unwrap(), None, "it ends before it looks");
        thread::sleep(Duration::from_millis(5));
    }
    other.run("INSERT OR REPLACE INTO record (profile, key, value) SELECT * FROM kept");
    other.run("COMMIT");
    child.wait_with_output().unwrap()
}

#[test]
fn a_code_that_another_process_has_begun_is_not_finished_with_codexs_login() {
    let (test, home) = with_login();
    let code = test.ask(&["start"])["user_code"].clone();
    let mut other = kept(&test, "pending");
    other.run("DELETE FROM record");

    let refused = take_over_beside(&test, &home, other);
    is_refused(&refused, "invalid-argument", "code that waits");
    assert_eq!(test.ask(&["status"])["pending"]["user_code"], code);
    test.simulator.approve(code.as_str().unwrap()).unwrap();
    assert_eq!(test.ask(&["poll"])["status"], "connected");
    test.ask(&["logout"]);
    take_over(&test, &home);
}

#[test]
fn a_login_that_another_process_has_stored_is_not_replaced() {
    let (test, home) = with_login();
    test.sign_in();
    let other = kept(&test, "credential");
    test.ask(&["logout"]);

    let refused = take_over_beside(&test, &home, other);
    is_refused(&refused, "invalid-argument", "holds a login");
    assert_eq!(test.ask(&["status"])["state"], "connected");
    assert!(refreshes(&test).is_empty());
    test.ask(&["logout"]);
    take_over(&test, &home);
}
