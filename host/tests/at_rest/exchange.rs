//! Exchanging the key while others use the store.

use std::fs;

use chatgpt_oauth::store::{SqliteStore, StoreKind};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::TestEnv;
use crate::{A_LONG_TIME, ask_of, backup, json_of, key_file, made_key, name, restore, works};

/// Faults: S33
#[test]
fn running_processes_follow_a_rekey() {
    let world = TestEnv::new();
    let runtime = Runtime::new().unwrap();
    let running = runtime.block_on(async {
        let store = SqliteStore::open(world.store(), StoreKind::Test)
            .await
            .unwrap();
        world.host(store).profile(name())
    });
    world.sign_in();
    runtime.block_on(running.authorize(None)).unwrap();

    let mut ids = Vec::new();
    for _ in 0..3 {
        let outcome = world.ask(&["rekey"]);
        assert_eq!(outcome["left"], Value::Array(Vec::new()), "{outcome}");
        assert!(outcome["resealed"].as_u64().unwrap() >= 3, "{outcome}");
        ids.push(outcome["key_id"].as_str().unwrap().to_owned());
        // A refresh of the process that has been running all the time.
        world.pass(A_LONG_TIME);
        runtime.block_on(running.authorize(None)).unwrap();
        let findings = world.ask(&["doctor"])["findings"].to_string();
        assert!(
            findings.contains("3 sealed with the key in use, 0 with the former one"),
            "{findings}"
        );
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let keys = fs::read_to_string(key_file(&world)).unwrap();
    assert_eq!(keys.lines().filter(|line| line.len() == 64).count(), 2);
    let every_token_once = world.simulator.presentations();
    assert!(
        every_token_once
            .iter()
            .all(|token| token.presentations.len() <= 1)
    );
}

/// Faults: S33
#[test]
fn reseal_seals_with_a_key_that_the_operator_has_added() {
    let world = TestEnv::new();
    world.sign_in();
    let former = fs::read_to_string(key_file(&world)).unwrap();
    fs::write(key_file(&world), format!("{}\n{former}", "ab".repeat(32))).unwrap();
    works(&world);
    let outcome = world.ask(&["rekey", "--reseal"]);
    assert_eq!(outcome["ok"], true, "{outcome}");
    fs::write(key_file(&world), "ab".repeat(32)).unwrap();
    works(&world);
}

#[test]
fn before_the_first_login_there_is_no_key_to_rekey() {
    let world = TestEnv::new();
    let answer = world.ask(&["rekey"]);
    assert_eq!(answer["error"], "there is nothing to seal", "{answer}");
    assert!(!key_file(&world).exists());
}

#[test]
fn rekey_refuses_when_it_would_lose_a_login() {
    let world = TestEnv::new();
    world.sign_in();
    let backup = backup(&world);
    world.ask(&["rekey"]);
    restore(&world, &backup);
    let keys = fs::read(key_file(&world)).unwrap();
    let outcome = world.ask(&["rekey"]);
    assert_eq!(outcome["code"], "rollback-suspected", "{outcome}");
    assert_eq!(fs::read(key_file(&world)).unwrap(), keys);
    world.ask(&["adopt"]);
    assert_eq!(world.ask(&["rekey"])["ok"], true);
    works(&world);
}

#[test]
fn stores_in_one_directory_have_separate_keys() {
    let world = TestEnv::new();
    world.sign_in();
    let beside = world.store().with_file_name("other.db");
    let other = |arguments: &[&str]| ask_of(&world, &beside, arguments);
    assert_eq!(other(&["start"])["ok"], true);
    for _ in 0..2 {
        assert_eq!(other(&["rekey"])["resealed"], 1);
    }
    works(&world);
}

/// Faults: S33
#[test]
fn a_running_process_seals_nothing_with_a_removed_key() {
    let world = TestEnv::new();
    world.sign_in();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(world.store(), StoreKind::Test).await;
        let host = world.host(store.unwrap());
        host.profile(name()).authorize(None).await.unwrap();
        world.ask(&["rekey"]);
        world.ask(&["rekey"]);
        host.profile("eve".parse().unwrap()).start().await.unwrap();
    });
    assert_eq!(
        world.ask(&["--profile", "eve", "status"])["state"],
        "pending"
    );
}

#[test]
fn rekey_refuses_a_key_that_the_operator_provides() {
    let world = TestEnv::new();
    fs::create_dir(world.path("credentials")).unwrap();
    let handed = made_key(&world.path("credentials/chatgpt-oauth.key"), 0o600);
    let named = made_key(&world.path("named.key"), 0o600);
    let before = fs::read(&handed).unwrap();
    let ask = |arguments: &[&str]| {
        let mut command = world.command();
        command.env("CREDENTIALS_DIRECTORY", world.path("credentials"));
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
    assert_eq!(fs::read(&handed).unwrap(), before);
    assert_eq!(fs::read(&named).unwrap(), before);
}

#[test]
fn marks_beside_the_store_do_not_disturb_commands() {
    let world = TestEnv::new();
    let store = world.path("state/chatgpt-oauth/test.db");
    let ask = |arguments: &[&str]| ask_of(&world, &store, arguments);
    let code = ask(&["start"])["user_code"].as_str().unwrap().to_owned();
    world.simulator.approve(&code).unwrap();
    assert_eq!(ask(&["poll"])["status"], "connected");
    assert_eq!(ask(&["rekey"])["resealed"], 3);
}
