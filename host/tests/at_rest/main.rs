//! What is on the disk: values are sealed, and the errors distinguish why a value
//! cannot be read. The program does not overwrite such a value and names a fix.

mod backups;
mod doctor;
mod key_source;
mod rekey;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod unreadable;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chatgpt_oauth::ProfileName;
use chatgpt_oauth::store::{Row, SqliteStore, Store, StoreKind};
use serde_json::Value;
use support::TestEnv;
use tokio::runtime::Runtime;

/// Longer than the lifetime of the simulator's access tokens, in seconds.
const A_LONG_TIME: u64 = 900_000;

/// Every command that reads or writes a login.
const COMMANDS: [&[&str]; 8] = [
    &["status"],
    &["start"],
    &["poll"],
    &["authorize"],
    &["refresh"],
    &["models", "--force"],
    &["usage", "--force"],
    &["logout"],
];

fn key_file(test: &TestEnv) -> PathBuf {
    test.store().with_file_name("test.db.key")
}

fn name() -> ProfileName {
    "default".parse().unwrap()
}

/// The profile's rows, still sealed.
fn rows(test: &TestEnv) -> Vec<Row> {
    block_on(async {
        let store = SqliteStore::open_read_only(test.store(), StoreKind::Test).await;
        let mut rows = store.unwrap().load(&name()).await.unwrap();
        rows.sort_by(|one, other| one.key.cmp(&other.key));
        rows
    })
}

/// Changes the stored value under a key without the host.
fn tamper(test: &TestEnv, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let profile = name();
    block_on(async {
        let store = SqliteStore::open(test.store(), StoreKind::Test)
            .await
            .unwrap();
        let row = store.read(&profile, key).await.unwrap().unwrap();
        let mut value = row.value.unwrap();
        change(&mut value);
        let written = store.compare_and_swap(&profile, key, Some(row.version), Some(&value));
        written.await.unwrap();
    });
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(future)
}

/// Runs SQL on the file without the host and returns the result.
fn sql(test: &TestEnv, statement: &str) -> String {
    let script = "import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
print(base.execute(sys.argv[2]).fetchall())
base.commit()";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(test.store())
        .arg(statement)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asserts that every command fails with this error and leaves the rows unchanged.
#[track_caller]
fn all_commands_fail(test: &TestEnv, code: &str) {
    let before = rows(test);
    for command in COMMANDS {
        let output = test.command().arg("--json").args(command).output().unwrap();
        let answer = support::json(&output);
        match command[0] {
            "status" if answer["ok"] == true => assert_eq!(answer["state"], "unreadable"),
            _ => {
                assert_eq!(answer["code"], code, "{command:?}: {answer}");
                assert_eq!(output.status.code(), Some(5), "{command:?}");
                let hint = answer["hint"].as_str().unwrap();
                assert!(!hint.is_empty(), "{answer}");
            }
        }
    }
    assert_eq!(rows(test), before);
}

#[track_caller]
fn works(test: &TestEnv) {
    let answer = test.ask(&["authorize"]);
    assert_eq!(answer["ok"], true, "{answer}");
}

/// Copies the store, as a backup does.
fn backup(test: &TestEnv) -> Vec<u8> {
    sql(test, "PRAGMA wal_checkpoint(TRUNCATE)");
    fs::read(test.store()).unwrap()
}

fn restore(test: &TestEnv, backup: &[u8]) {
    for journal in ["-wal", "-shm"] {
        let mut path = test.store().into_os_string();
        path.push(journal);
        let _ = fs::remove_file(path);
    }
    fs::write(test.store(), backup).unwrap();
}

/// Runs a command with another store.
#[track_caller]
fn ask_of(test: &TestEnv, store: &Path, arguments: &[&str]) -> Value {
    let ours = format!("sqlite:{}", test.store().display());
    let theirs = format!("sqlite:{}", store.display());
    let options = test.options().into_iter();
    let options = options.map(|option| option.replace(&ours, &theirs));
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    command
        .env("XDG_STATE_HOME", test.path("state"))
        .env("CHATGPT_OAUTH_TEST_CLOCK", test.path("clock"))
        .args(options)
        .arg("--json")
        .args(arguments);
    json_of(&mut command)
}

/// The JSON object that a command prints.
#[track_caller]
fn json_of(command: &mut Command) -> Value {
    support::json(&command.output().unwrap())
}

/// Runs these commands at the same time, and asserts that all succeed. One for which the
/// machine was too slow runs again after the others.
#[track_caller]
fn succeed_together(test: &TestEnv, count: usize, command: impl Fn(usize) -> Command) {
    let start = |number| command(number).stdout(Stdio::piped()).spawn().unwrap();
    let answer = |child: Child| support::json(&child.wait_with_output().unwrap());
    let running: Vec<Child> = (0..count).map(start).collect();
    let answers: Vec<Value> = running.into_iter().map(answer).collect();
    for (number, mut answer) in answers.into_iter().enumerate() {
        for _ in 0..5 {
            if support::is_late(&answer, &["network", "store-busy"]) {
                test.pass(answer["retry_after_seconds"].as_u64().unwrap_or(1));
                answer = json_of(&mut command(number));
            }
        }
        assert_eq!(answer["ok"], true, "{answer}");
    }
}

/// Writes a key file as an operator does.
fn made_key(path: &Path, mode: u32) -> PathBuf {
    fs::write(path, "cd".repeat(32)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_owned()
}
