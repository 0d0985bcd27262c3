//! Codes of [`Class::Store`](chatgpt_oauth_answers::Class::Store), and faults of the program.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use openai_simulator::{Account, Endpoint, Fault, Gate, Rotation};
use serde_json::json;

use crate::support::TestEnv;
use crate::support::sql::Sql;
use crate::{A_LONG_TIME, approved, fails, fails_with, follow, repeat};

fn sql(test: &TestEnv, statement: &str) {
    Sql::open(test).run(statement);
}

#[test]
fn a_store_that_is_open_to_others_is_used_again_after_its_repair() {
    let test = TestEnv::new();
    test.sign_in();
    let mode = |mode| fs::set_permissions(test.store(), Permissions::from_mode(mode)).unwrap();
    mode(0o666);
    let answer = fails(&test, "store-unavailable", &["authorize"]);
    assert!(answer["hint"].to_string().contains("chmod 600"), "{answer}");
    mode(0o600);
    follow(&test, "store-unavailable", "chatgpt-oauth doctor");
}

#[test]
fn while_another_process_rotates_the_key_the_store_is_busy() {
    let test = TestEnv::new();
    test.sign_in();
    let path = test.store().with_file_name("test.db.key-lock");
    let lock = File::create(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    lock.lock().unwrap();
    fails(&test, "store-busy", &["rekey"]);
    drop(lock);
    repeat(&test, "store-busy", &["rekey"]);
}

#[test]
fn a_store_of_an_earlier_version_is_upgraded_by_doctor() {
    let test = TestEnv::new();
    test.sign_in();
    let mut earlier = Sql::open(&test);
    for statement in [
        "DROP TABLE due",
        "DROP TABLE pause",
        "DROP TRIGGER moved",
        "DROP TABLE entry",
        "DROP TABLE aside",
        "DROP TABLE store",
        "PRAGMA user_version = 1",
    ] {
        earlier.run(statement);
    }
    drop(earlier);
    fails(&test, "store-needs-upgrade", &["status"]);
    follow(&test, "store-needs-upgrade", "chatgpt-oauth doctor");
    assert_eq!(test.ask(&["status"])["connected"], true);
}

/// The store is locked from the request on, for as long as the program repeats the write. This
/// service takes the earlier token once more.
#[test]
fn tokens_that_could_not_be_stored_may_cost_a_login() {
    let test = TestEnv::with(|settings| settings.rotation(Rotation::Grace { within: None }));
    test.sign_in();
    test.pass(A_LONG_TIME);
    let gate = Gate::default();
    let held = Fault::normal().gate(&gate);
    test.simulator.fault(Endpoint::Token, held);
    let mut other = Sql::open(&test);
    other.run("SELECT 1");
    let requests = || test.simulator.requests_to(Endpoint::Token).len();
    let before = requests();
    let mut command = test.command();
    command.args(["--json", "refresh"]).stdout(Stdio::piped());
    let refresh = command.spawn().unwrap();
    while requests() == before {
        thread::sleep(Duration::from_millis(10));
    }
    other.run("BEGIN IMMEDIATE");
    gate.open();
    let output = refresh.wait_with_output().unwrap();
    fails_with("store-failed-after-refresh", &output);
    other.run("ROLLBACK");
    follow(&test, "store-failed-after-refresh", "chatgpt-oauth doctor");
    test.pass(200);
    follow(&test, "store-failed-after-refresh", "chatgpt-oauth refresh");
    follow(&test, "store-failed-after-refresh", "chatgpt-oauth login");
}

#[test]
fn a_lost_key_is_put_back_or_the_profile_begins_again() {
    let test = TestEnv::new();
    test.sign_in();
    let key_file = test.store().with_file_name("test.db.key");
    let right = fs::read(&key_file).unwrap();
    fs::write(&key_file, "ab".repeat(32)).unwrap();
    fails(&test, "key-unknown", &["authorize"]);
    fs::write(&key_file, right).unwrap();
    follow(&test, "key-unknown", "chatgpt-oauth doctor");

    fs::write(&key_file, "ab".repeat(32)).unwrap();
    fails(&test, "key-unknown", &["authorize"]);
    follow(&test, "key-unknown", "chatgpt-oauth reset");
    follow(&test, "key-unknown", "chatgpt-oauth login");
}

/// Everything that one store can hold is sealed with the key that is lost.
#[test]
fn after_the_key_of_a_whole_store_is_lost_a_new_store_begins() {
    let test = TestEnv::new();
    test.sign_in();
    let other = approved(&test, &["--profile", "other", "login"]);
    assert!(other.status.success(), "{other:?}");
    test.key("other", "inference");
    let mut tokens = test.simulator.issue_tokens(&Account::default());
    tokens["oauth_provenance"] = json!({"issuer": test.simulator.http_url()});
    let login = test.path("auth.json");
    fs::write(&login, json!({ "tokens": tokens }).to_string()).unwrap();
    let login = login.to_str().unwrap();
    let mut take_over = test.command();
    take_over
        .env("CHATGPT_OAUTH_TEST_DIE_AT", "before set credential")
        .args(["--profile", "third", "import", "codex"])
        .args(["--file", login, "--take-over", "--yes"]);
    assert_eq!(take_over.status().unwrap().code(), None);

    fs::remove_file(test.store().with_file_name("test.db.key")).unwrap();
    fails(&test, "key-unknown", &["authorize"]);
    move_away(&test);
    follow(&test, "key-unknown", "chatgpt-oauth login");
    assert_eq!(test.ask(&["status"])["connected"], true);
}

/// Moves the files of the store to another directory, as `explain` says.
fn move_away(test: &TestEnv) {
    let away = test.path("away");
    fs::create_dir(&away).unwrap();
    for file in fs::read_dir(test.store().parent().unwrap()).unwrap() {
        let file = file.unwrap();
        fs::rename(file.path(), away.join(file.file_name())).unwrap();
    }
}

#[test]
fn a_file_that_is_no_store_is_moved_away() {
    let test = TestEnv::new();
    test.sign_in();
    sql(&test, "PRAGMA wal_checkpoint(TRUNCATE)");
    for journal in ["test.db-wal", "test.db-shm"] {
        // They may be gone: the last process removes them.
        _ = fs::remove_file(test.store().with_file_name(journal));
    }
    fs::write(test.store(), "garbage ".repeat(1000)).unwrap();
    for command in ["authorize", "reset"] {
        fails(&test, "record-corrupt", &[command]);
    }
    let named = test.ask(&["doctor"])["findings"].to_string();
    assert!(named.contains(test.store().to_str().unwrap()), "{named}");
    move_away(&test);
    follow(&test, "record-corrupt", "chatgpt-oauth login");
}

#[test]
fn a_damaged_key_is_named_revoked_and_made_again() {
    let test = TestEnv::new();
    test.sign_in();
    test.key("default", "inference");
    sql(&test, "UPDATE entry SET value = substr(value, 1, 60)");
    let id = {
        let listed = test.ask(&["keys", "list"]);
        assert_eq!(
            listed["unreadable"][0]["code"], "record-corrupt",
            "{listed}"
        );
        listed["unreadable"][0]["id"].as_str().unwrap().to_owned()
    };
    let file = test.path("new-key");
    let to_file = ["--output", file.to_str().unwrap()];
    fails(
        &test,
        "record-corrupt",
        &[&["keys", "rotate", &id], &to_file[..]].concat(),
    );
    follow(&test, "record-corrupt", "chatgpt-oauth keys list");
    assert_eq!(test.ask(&["keys", "revoke", &id])["ok"], true);
    let create = [&["keys", "create"], &to_file[..]].concat();
    assert_eq!(test.ask(&create)["ok"], true);
}

#[test]
fn after_damage_the_profile_begins_again() {
    let test = TestEnv::new();
    test.sign_in();
    sql(
        &test,
        "UPDATE record SET value = substr(value, 1, 20) WHERE key = 'credential'",
    );
    fails(&test, "record-corrupt", &["authorize"]);
    follow(&test, "record-corrupt", "chatgpt-oauth reset");
    follow(&test, "record-corrupt", "chatgpt-oauth login");
}

#[test]
fn a_store_of_a_newer_version_is_left_as_it_is() {
    let test = TestEnv::new();
    test.sign_in();
    sql(&test, "PRAGMA user_version = 99");
    fails(&test, "record-newer", &["authorize"]);
    follow(&test, "record-newer", "chatgpt-oauth --version");
}

#[test]
fn a_restored_backup_is_adopted_or_replaced_by_a_new_login() {
    let test = TestEnv::new();
    test.sign_in();
    sql(&test, "PRAGMA wal_checkpoint(TRUNCATE)");
    let backup = fs::read(test.store()).unwrap();
    test.pass(A_LONG_TIME);
    assert_eq!(test.ask(&["authorize"])["ok"], true);
    for journal in ["test.db-wal", "test.db-shm"] {
        // They may be gone: the last process removes them.
        _ = fs::remove_file(test.store().with_file_name(journal));
    }
    fs::write(test.store(), backup).unwrap();
    fails(&test, "rollback-suspected", &["authorize"]);
    follow(&test, "rollback-suspected", "chatgpt-oauth adopt");
    follow(&test, "rollback-suspected", "chatgpt-oauth login");
}

#[test]
fn a_panic_of_the_program_is_a_fault_of_this_software() {
    let test = TestEnv::new();
    let mut command = test.command();
    command.env("CHATGPT_OAUTH_TEST_PANIC_AT", "1");
    let output = command.args(["--json", "authorize"]).output().unwrap();
    fails_with("internal", &output);
    follow(&test, "internal", "chatgpt-oauth doctor");
    follow(&test, "internal", "chatgpt-oauth -v status");
}
