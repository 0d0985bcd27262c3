//! Another process uses the profile between two steps of a take-over. The store is locked
//! while the take-over waits to note the token, after its first look at the profile.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use crate::support::sql::Sql;
use crate::support::{TestEnv, json};
use crate::{TAKE_OVER, import, is_refused, passed, refreshes, take_over, with_login};

/// A value of the profile, as it was written earlier.
fn kept(test: &TestEnv, key: &str) -> Sql {
    let mut other = Sql::open(test);
    other.run(&format!(
        "CREATE TEMP TABLE kept AS SELECT profile, key, value FROM record WHERE key = '{key}'"
    ));
    other
}

/// Takes over while another process writes the value that it has kept.
fn take_over_beside(other: impl Fn(&TestEnv) -> Sql) -> (TestEnv, PathBuf, Output) {
    for _ in 0..5 {
        let (test, home) = with_login();
        let other = other(&test);
        let output = beside(other, &test, import(&test, &home, &TAKE_OVER));
        // A slow machine may keep the store locked for longer than a take-over waits.
        if json(&output)["code"] != "store-busy" {
            return (test, home, output);
        }
    }
    panic!("the store is busy each time");
}

/// Runs the take-over while the other process writes.
fn beside(mut other: Sql, test: &TestEnv, mut take_over: Command) -> Output {
    other.run("BEGIN IMMEDIATE");
    let mut child = take_over.spawn().unwrap();
    while !passed(test).contains("after get pending") {
        assert_eq!(child.try_wait().unwrap(), None, "it ends before it looks");
        thread::sleep(Duration::from_millis(5));
    }
    other.run("INSERT OR REPLACE INTO record (profile, key, value) SELECT * FROM kept");
    other.run("COMMIT");
    child.wait_with_output().unwrap()
}

#[test]
fn a_code_that_another_process_has_begun_is_not_finished_with_codexs_login() {
    let (test, home, refused) = take_over_beside(|test| {
        test.ask(&["start"]);
        let mut other = kept(test, "pending");
        other.run("DELETE FROM record");
        other
    });
    is_refused(&refused, "invalid-argument", "code that waits");
    let code = test.simulator.pending_codes().remove(0);
    assert_eq!(test.ask(&["status"])["pending"]["user_code"], code);
    test.simulator.approve(&code).unwrap();
    assert_eq!(test.ask(&["poll"])["status"], "connected");
    test.ask(&["logout"]);
    take_over(&test, &home);
}

#[test]
fn a_login_that_another_process_has_stored_is_not_replaced() {
    let (test, home, refused) = take_over_beside(|test| {
        test.sign_in();
        let other = kept(test, "credential");
        test.ask(&["logout"]);
        other
    });
    is_refused(&refused, "invalid-argument", "holds a login");
    assert_eq!(test.ask(&["status"])["state"], "connected");
    assert!(refreshes(&test).is_empty());
    test.ask(&["logout"]);
    take_over(&test, &home);
}
