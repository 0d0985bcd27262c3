//! Values that do not open: told apart, left as they are, and set aside on request.

use std::fs;

use serde_json::json;

use crate::support::TestEnv;
use crate::{A_LONG_TIME, COMMANDS, all_commands_fail, key_file, rows, sql, tamper, works};

/// Faults: S32
#[test]
fn with_another_key_nothing_opens_and_nothing_is_overwritten() {
    let world = TestEnv::new();
    world.sign_in();
    world.pass(A_LONG_TIME);
    let right = fs::read(key_file(&world)).unwrap();
    fs::write(key_file(&world), "ab".repeat(32)).unwrap();
    all_commands_fail(&world, "key-unknown");
    fs::write(key_file(&world), right).unwrap();
    works(&world);
}

/// Faults: S02 M08
#[test]
fn damage_is_distinguished_from_a_wrong_key_and_left_unchanged() {
    let world = TestEnv::new();
    world.sign_in();
    world.pass(A_LONG_TIME);
    tamper(&world, "credential", |value| {
        *value.last_mut().unwrap() ^= 1
    });
    all_commands_fail(&world, "record-corrupt");
    tamper(&world, "credential", |value| {
        *value.last_mut().unwrap() ^= 1
    });
    works(&world);
}

/// Faults: S02
#[test]
fn a_damaged_cache_entry_is_ignored_and_replaced() {
    let world = TestEnv::new();
    world.sign_in();
    tamper(&world, "usage", |value| value.truncate(20));
    assert_eq!(world.ask(&["status"])["state"], "connected");
    world.pass(30);
    assert_eq!(world.ask(&["usage"])["source"], "api");
    assert_eq!(world.ask(&["usage"])["source"], "cache");
}

/// Faults: M10
#[test]
fn a_login_moved_to_another_profile_does_not_open_there() {
    let world = TestEnv::new();
    world.sign_in();
    sql(
        &world,
        "INSERT INTO record (profile, key, value) SELECT 'eve', key, value FROM record",
    );
    let answer = world.ask(&["--profile", "eve", "authorize"]);
    assert_eq!(answer["code"], "record-corrupt", "{answer}");
    works(&world);
}

/// Faults: S04
#[test]
fn a_value_or_a_store_of_a_newer_version_is_left_unchanged() {
    let world = TestEnv::new();
    world.sign_in();
    world.pass(A_LONG_TIME);
    tamper(&world, "credential", |value| value[0] = 2);
    all_commands_fail(&world, "record-newer");
    tamper(&world, "credential", |value| value[0] = 1);

    sql(&world, "PRAGMA user_version = 99");
    let before = sql(&world, "SELECT * FROM record");
    for command in COMMANDS {
        let answer = world.ask(command);
        assert_eq!(answer["code"], "record-newer", "{command:?}: {answer}");
    }
    assert_eq!(sql(&world, "SELECT * FROM record"), before);
    sql(&world, "PRAGMA user_version = 2");
    works(&world);
}

#[test]
fn an_unreadable_value_is_set_aside_unchanged() {
    let world = TestEnv::new();
    world.sign_in();
    let readable = world.ask(&["reset"]);
    assert_eq!(readable["set_aside"], json!([]), "{readable}");
    fs::write(key_file(&world), "ab".repeat(32)).unwrap();
    let live = "SELECT key, version, value FROM record WHERE value IS NOT NULL ORDER BY key";
    let before = sql(&world, live);
    let reset = world.ask(&["reset"]);
    assert_eq!(reset["set_aside"].as_array().unwrap().len(), 3, "{reset}");
    let aside = "SELECT key, version, value FROM aside ORDER BY key";
    assert_eq!(sql(&world, aside), before);
    assert_eq!(world.ask(&["status"])["state"], "not_connected");
    world.sign_in();
    works(&world);
}

#[test]
fn an_unreadable_code_is_set_aside_and_the_login_stays() {
    let world = TestEnv::new();
    world.sign_in();
    world.ask(&["start"]);
    tamper(&world, "pending", |value| value[50] ^= 1);
    assert_eq!(world.ask(&["start"])["code"], "record-corrupt");
    let before = rows(&world);
    assert_eq!(world.ask(&["poll"])["code"], "record-corrupt");
    assert_eq!(rows(&world), before);
    assert_eq!(world.ask(&["reset"])["set_aside"], json!(["pending"]));
    works(&world);
    assert_eq!(world.ask(&["start"])["ok"], true);
}
