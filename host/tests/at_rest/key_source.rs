//! Where the key comes from, and when the program creates it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use chatgpt_oauth::store::{SqliteStore, StoreKind};
use tokio::runtime::Runtime;

use crate::support;
use crate::support::TestEnv;
use crate::{
    A_LONG_TIME, all_commands_fail, block_on, key_file, made_key, name, succeed_together, works,
};

/// Faults: S32
#[test]
fn a_lost_key_is_not_replaced_by_a_new_one() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(A_LONG_TIME);
    let elsewhere = test.path("key");
    fs::rename(key_file(&test), &elsewhere).unwrap();
    all_commands_fail(&test, "key-unknown");
    let output = String::from_utf8(test.run(&["authorize"]).stderr).unwrap();
    assert!(output.contains("test.db.key is missing"), "{output}");
    let new_profile = test.ask(&["--profile", "eve", "start"]);
    assert_eq!(new_profile["code"], "key-unknown");
    assert!(!key_file(&test).exists());
    fs::rename(elsewhere, key_file(&test)).unwrap();
    works(&test);
}

/// Faults: S32
#[test]
fn an_unknown_key_seals_nothing_in_a_store_that_it_does_not_open() {
    let test = TestEnv::new();
    test.sign_in();
    let right = fs::read(key_file(&test)).unwrap();
    fs::write(key_file(&test), "ab".repeat(32)).unwrap();
    let new = test.ask(&["--profile", "eve", "start"]);
    assert_eq!(new["code"], "key-unknown", "{new}");
    fs::write(key_file(&test), right).unwrap();
    assert_eq!(test.ask(&["--profile", "eve", "start"])["ok"], true);
}

#[test]
fn concurrent_first_writers_share_one_key() {
    let test = TestEnv::new();
    succeed_together(&test, 8, |n| {
        let mut command = test.command();
        command.args(["--json", "--profile", &format!("p{n}"), "start"]);
        command
    });
    for n in 0..8 {
        let status = test.ask(&["--profile", &format!("p{n}"), "status"]);
        assert_eq!(status["state"], "pending", "{status}");
    }
}

#[test]
fn commands_that_only_read_create_no_key() {
    let test = TestEnv::new();
    for command in [
        &["status"][..],
        &["doctor"],
        &["profiles", "list"],
        &["adopt"],
    ] {
        assert_eq!(test.ask(command)["ok"], true, "{command:?}");
    }
    assert!(!test.store().parent().unwrap().exists());

    block_on(SqliteStore::open(test.store(), StoreKind::Test)).unwrap();
    for command in [
        &["status"][..],
        &["doctor"],
        &["profiles", "list"],
        &["adopt"],
        &["reset"],
    ] {
        assert_eq!(test.ask(command)["ok"], true, "{command:?}");
    }
    assert!(!key_file(&test).exists());
}

#[test]
fn the_key_comes_from_the_file_that_is_named() {
    let test = TestEnv::new();
    let named = made_key(&test.path("named.key"), 0o600);
    fs::create_dir(test.path("credentials")).unwrap();
    made_key(&test.path("credentials/chatgpt-oauth.key"), 0o440);
    let run = |by: &dyn Fn(&mut Command)| -> Output {
        let mut command = test.command();
        by(&mut command);
        command.args(["--json", "start"]).output().unwrap()
    };
    let provided = support::json(&run(&|command| {
        command.env("CREDENTIALS_DIRECTORY", test.path("credentials"));
    }));
    assert_eq!(provided["ok"], true, "{provided}");
    // Both files hold the same key.
    let by_name = support::json(&run(&|command| {
        command.arg("--key-file").arg(&named);
    }));
    assert_eq!(by_name["pending_id"], provided["pending_id"]);
    assert!(!key_file(&test).exists());

    let missing = support::json(&run(&|command| {
        command.env("CHATGPT_OAUTH_KEY_FILE", test.path("nowhere"));
    }));
    assert_eq!(missing["code"], "key-unknown", "{missing}");
    assert!(
        missing["error"].as_str().unwrap().contains("nowhere"),
        "{missing}"
    );
}

/// Faults: S13
#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_fixes_it() {
    let test = TestEnv::new();
    test.sign_in();
    fs::set_permissions(key_file(&test), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = test.ask(&["status"]);
    assert_eq!(refused["code"], "key-unknown");
    let fix = refused["hint"].as_str().unwrap();
    let fixed = Command::new("sh").args(["-c", fix]).status().unwrap();
    assert!(fixed.success(), "{fix}");
    works(&test);
}

/// Faults: S32
#[test]
fn a_running_process_loses_nothing_when_its_key_file_is_replaced() {
    let test = TestEnv::new();
    test.sign_in();
    let runtime = Runtime::new().unwrap();
    let running = runtime.block_on(async {
        let store = SqliteStore::open(test.store(), StoreKind::Test).await;
        let running = test.host(store.unwrap()).profile(name());
        running.authorize(None).await.unwrap();
        running
    });
    let right = fs::read(key_file(&test)).unwrap();
    for other in [Some("ab".repeat(32)), None] {
        fs::remove_file(key_file(&test)).unwrap();
        if let Some(other) = other {
            fs::write(key_file(&test), other).unwrap();
            fs::set_permissions(key_file(&test), fs::Permissions::from_mode(0o600)).unwrap();
        }
        test.pass(A_LONG_TIME);
        runtime.block_on(running.authorize(None)).unwrap();
        fs::write(key_file(&test), &right).unwrap();
        fs::set_permissions(key_file(&test), fs::Permissions::from_mode(0o600)).unwrap();
        works(&test);
    }
}
