//! Values that cannot be opened: the errors distinguish them, the program leaves them
//! unchanged, and `reset` sets them aside.

use std::fs;

use serde_json::json;

use crate::support::TestEnv;
use crate::{A_LONG_TIME, COMMANDS, all_commands_fail, key_file, rows, sql, tamper, works};

/// Faults: S32
#[test]
fn with_another_key_nothing_opens_and_nothing_is_overwritten() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(A_LONG_TIME);
    let right = fs::read(key_file(&test)).unwrap();
    fs::write(key_file(&test), "ab".repeat(32)).unwrap();
    all_commands_fail(&test, "key-unknown");
    fs::write(key_file(&test), right).unwrap();
    works(&test);
}

/// Faults: S02 M08
#[test]
fn damage_is_distinguished_from_a_wrong_key_and_left_unchanged() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(A_LONG_TIME);
    tamper(&test, "credential", |value| *value.last_mut().unwrap() ^= 1);
    all_commands_fail(&test, "record-corrupt");
    tamper(&test, "credential", |value| *value.last_mut().unwrap() ^= 1);
    works(&test);
}

/// Faults: S02
#[test]
fn a_damaged_cache_entry_is_ignored_and_replaced() {
    let test = TestEnv::new();
    test.sign_in();
    tamper(&test, "usage", |value| value.truncate(20));
    assert_eq!(test.ask(&["status"])["state"], "connected");
    test.pass(30);
    assert_eq!(test.ask(&["usage"])["source"], "api");
    assert_eq!(test.ask(&["usage"])["source"], "cache");
}

/// Faults: M10
#[test]
fn a_login_moved_to_another_profile_does_not_open_there() {
    let test = TestEnv::new();
    test.sign_in();
    sql(
        &test,
        "INSERT INTO record (profile, key, value) SELECT 'eve', key, value FROM record",
    );
    let answer = test.ask(&["--profile", "eve", "authorize"]);
    assert_eq!(answer["code"], "record-corrupt", "{answer}");
    works(&test);
}

/// Faults: S04
#[test]
fn a_value_or_a_store_of_a_newer_version_is_left_unchanged() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(A_LONG_TIME);
    tamper(&test, "credential", |value| value[0] = 2);
    all_commands_fail(&test, "record-newer");
    tamper(&test, "credential", |value| value[0] = 1);

    sql(&test, "PRAGMA user_version = 99");
    let before = sql(&test, "SELECT * FROM record");
    for command in COMMANDS {
        let answer = test.ask(command);
        assert_eq!(answer["code"], "record-newer", "{command:?}: {answer}");
    }
    assert_eq!(sql(&test, "SELECT * FROM record"), before);
    sql(&test, "PRAGMA user_version = 4");
    works(&test);
}

#[test]
fn an_unreadable_value_is_set_aside_unchanged() {
    let test = TestEnv::new();
    test.sign_in();
    let readable = test.ask(&["reset"]);
    assert_eq!(readable["set_aside"], json!([]), "{readable}");
    fs::write(key_file(&test), "ab".repeat(32)).unwrap();
    let live = "SELECT key, version, value FROM record WHERE value IS NOT NULL ORDER BY key";
    let before = sql(&test, live);
    let reset = test.ask(&["reset"]);
    assert_eq!(reset["set_aside"].as_array().unwrap().len(), 3, "{reset}");
    let aside = "SELECT key, version, value FROM aside ORDER BY key";
    assert_eq!(sql(&test, aside), before);
    assert_eq!(test.ask(&["status"])["state"], "not_connected");
    test.sign_in();
    works(&test);
}

#[test]
fn an_unreadable_code_is_set_aside_and_the_login_stays() {
    let test = TestEnv::new();
    test.sign_in();
    test.ask(&["start"]);
    tamper(&test, "pending", |value| value[50] ^= 1);
    assert_eq!(test.ask(&["start"])["code"], "record-corrupt");
    let before = rows(&test);
    assert_eq!(test.ask(&["poll"])["code"], "record-corrupt");
    assert_eq!(rows(&test), before);
    assert_eq!(test.ask(&["reset"])["set_aside"], json!(["pending"]));
    works(&test);
    assert_eq!(test.ask(&["start"])["ok"], true);
}
