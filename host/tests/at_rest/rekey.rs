//! `rekey` while other processes use the store.

use std::fs;

use chatgpt_oauth::store::{SqliteStore, StoreKind};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::TestEnv;
use crate::{A_LONG_TIME, ask_of, backup, json_of, key_file, made_key, name, restore, works};

/// Faults: S33
#[test]
fn running_processes_follow_a_rekey() {
    let test = TestEnv::new();
    let runtime = Runtime::new().unwrap();
    let running = runtime.block_on(async {
        let store = SqliteStore::open(test.store(), StoreKind::Test)
            .await
            .unwrap();
        test.host(store).profile(name())
    });
    test.sign_in();
    runtime.block_on(running.authorize(None)).unwrap();

    let mut ids = Vec::new();
    for _ in 0..3 {
        let outcome = test.ask(&["rekey"]);
        assert_eq!(outcome["left"], Value::Array(Vec::new()), "{outcome}");
        assert!(outcome["resealed"].as_u64().unwrap() >= 3, "{outcome}");
        ids.push(outcome["key_id"].as_str().unwrap().to_owned());
        // The process that ran before the rekey refreshes.
        test.pass(A_LONG_TIME);
        runtime.block_on(running.authorize(None)).unwrap();
        let findings = test.ask(&["doctor"])["findings"].to_string();
        assert!(
            findings.contains("3 sealed with the key in use, 0 with the previous one"),
            "{findings}"
        );
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let keys = fs::read_to_string(key_file(&test)).unwrap();
    assert_eq!(keys.lines().filter(|line| line.len() == 64).count(), 2);
    let every_token_once = test.simulator.presentations();
    assert!(
        every_token_once
            .iter()
            .all(|token| token.presentations.len() <= 1)
    );
}

/// Faults: S33
#[test]
fn reseal_seals_with_a_key_that_the_operator_has_added() {
    let test = TestEnv::new();
    test.sign_in();
    let previous = fs::read_to_string(key_file(&test)).unwrap();
    fs::write(key_file(&test), format!("{}\n{previous}", "ab".repeat(32))).unwrap();
    works(&test);
    let outcome = test.ask(&["rekey", "--reseal"]);
    assert_eq!(outcome["ok"], true, "{outcome}");
    fs::write(key_file(&test), "ab".repeat(32)).unwrap();
    works(&test);
}

#[test]
fn before_the_first_login_there_is_no_key_to_rekey() {
    let test = TestEnv::new();
    let answer = test.ask(&["rekey"]);
    assert_eq!(answer["error"], "there is nothing to seal", "{answer}");
    assert!(!key_file(&test).exists());
}

#[test]
fn rekey_refuses_when_it_would_lose_a_login() {
    let test = TestEnv::new();
    test.sign_in();
    let backup = backup(&test);
    test.ask(&["rekey"]);
    restore(&test, &backup);
    let keys = fs::read(key_file(&test)).unwrap();
    let outcome = test.ask(&["rekey"]);
    assert_eq!(outcome["code"], "rollback-suspected", "{outcome}");
    assert_eq!(fs::read(key_file(&test)).unwrap(), keys);
    test.ask(&["adopt"]);
    assert_eq!(test.ask(&["rekey"])["ok"], true);
    works(&test);
}

#[test]
fn stores_in_one_directory_have_separate_keys() {
    let test = TestEnv::new();
    test.sign_in();
    let beside = test.store().with_file_name("other.db");
    let other = |arguments: &[&str]| ask_of(&test, &beside, arguments);
    assert_eq!(other(&["start"])["ok"], true);
    for _ in 0..2 {
        assert_eq!(other(&["rekey"])["resealed"], 1);
    }
    works(&test);
}

/// Faults: S33
#[test]
fn a_running_process_seals_nothing_with_a_removed_key() {
    let test = TestEnv::new();
    test.sign_in();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(test.store(), StoreKind::Test).await;
        let host = test.host(store.unwrap());
        host.profile(name()).authorize(None).await.unwrap();
        test.ask(&["rekey"]);
        test.ask(&["rekey"]);
        host.profile("eve".parse().unwrap()).start().await.unwrap();
    });
    assert_eq!(
        test.ask(&["--profile", "eve", "status"])["state"],
        "pending"
    );
}

#[test]
fn rekey_refuses_a_key_that_the_operator_provides() {
    let test = TestEnv::new();
    fs::create_dir(test.path("credentials")).unwrap();
    let provided = made_key(&test.path("credentials/chatgpt-oauth.key"), 0o600);
    let named = made_key(&test.path("named.key"), 0o600);
    let before = fs::read(&provided).unwrap();
    let ask = |arguments: &[&str]| {
        let mut command = test.command();
        command.env("CREDENTIALS_DIRECTORY", test.path("credentials"));
        json_of(command.arg("--json").args(arguments))
    };
    assert_eq!(ask(&["start"])["ok"], true);
    for arguments in [
        &["rekey"][..],
        &["--key-file", named.to_str().unwrap(), "rekey"],
    ] {
        let refused = ask(arguments);
        assert_eq!(refused["code"], "key-unknown", "{refused}");
        assert!(
            refused["hint"].as_str().unwrap().contains("--reseal"),
            "{refused}"
        );
    }
    assert_eq!(fs::read(&provided).unwrap(), before);
    assert_eq!(fs::read(&named).unwrap(), before);
}

#[test]
fn marks_beside_the_store_do_not_disturb_commands() {
    let test = TestEnv::new();
    let store = test.path("state/chatgpt-oauth/test.db");
    let ask = |arguments: &[&str]| ask_of(&test, &store, arguments);
    let code = ask(&["start"])["user_code"].as_str().unwrap().to_owned();
    test.simulator.approve(&code).unwrap();
    assert_eq!(ask(&["poll"])["status"], "connected");
    assert_eq!(ask(&["rekey"])["resealed"], 3);
}
