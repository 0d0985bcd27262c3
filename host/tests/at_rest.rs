//! What lies on the disk: sealed, told apart when it cannot be read, never
//! written over then, and with a way out.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chatgpt_oauth::ProfileName;
use chatgpt_oauth::store::{Row, SqliteStore, Store, StoreKind};
use openai_simulator::Rotation;
use serde_json::{Value, json};
use support::World;
use tokio::runtime::Runtime;

/// Longer than an access token of the simulator lives.
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

fn key_file(world: &World) -> PathBuf {
    world.store().with_file_name("test.db.key")
}

fn name() -> ProfileName {
    "default".parse().unwrap()
}

/// What is stored of the profile, as it lies there.
fn rows(world: &World) -> Vec<Row> {
    block_on(async {
        let store = SqliteStore::open_read_only(world.store(), StoreKind::Test).await;
        let mut rows = store.unwrap().load(&name()).await.unwrap();
        rows.sort_by(|one, other| one.key.cmp(&other.key));
        rows
    })
}

/// Changes what is stored under a key, past everything.
fn tamper(world: &World, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let profile = name();
    block_on(async {
        let store = SqliteStore::open(world.store(), StoreKind::Test)
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

/// Runs SQL on the file, past everything, and returns what it answers.
fn sql(world: &World, statement: &str) -> String {
    let script = "import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
print(base.execute(sys.argv[2]).fetchall())
base.commit()";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(world.store())
        .arg(statement)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Every command ends in this error, and the rows stay as they are.
#[track_caller]
fn all_commands_fail(world: &World, code: &str) {
    let before = rows(world);
    for command in COMMANDS {
        let output = world
            .command()
            .arg("--json")
            .args(command)
            .output()
            .unwrap();
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
    assert_eq!(rows(world), before);
}

#[track_caller]
fn works(world: &World) {
    let answer = world.ask(&["authorize"]);
    assert_eq!(answer["ok"], true, "{answer}");
}

fn contains(bytes: &[u8], piece: &str) -> bool {
    bytes
        .windows(piece.len())
        .any(|window| window == piece.as_bytes())
}

#[test]
fn m14_the_files_of_a_store_hold_no_secret_at_any_time() {
    let world = World::new();
    // Keeps the journal from being taken away with the last process.
    let _reader = {
        world.ask(&["start"]);
        block_on(SqliteStore::open_read_only(world.store(), StoreKind::Test)).unwrap()
    };
    let mut seen = Vec::new();
    let mut look = || {
        for entry in fs::read_dir(world.store().parent().unwrap()).unwrap() {
            seen.push((
                entry.as_ref().unwrap().file_name(),
                fs::read(entry.unwrap().path()).unwrap(),
            ));
        }
    };
    look();
    let code = world.simulator.pending_codes().remove(0);
    world.simulator.approve(&code).unwrap();
    world.simulator.fault(
        openai_simulator::Endpoint::Token,
        openai_simulator::Fault::silence(),
    );
    for (command, later) in [
        (&["poll"][..], 100),
        (&["poll"], 100),
        (&["refresh"], A_LONG_TIME),
        (&["authorize"], 100),
        (&["models", "--force"], 100),
        (&["usage", "--force"], 100),
        (&["rekey"], 100),
        (&["logout", "--revoke"], 0),
    ] {
        world.ask(command);
        look();
        world.pass(later);
    }
    assert!(
        seen.iter()
            .any(|(name, bytes)| { name.to_string_lossy().ends_with("-wal") && !bytes.is_empty() })
    );
    let secrets = world.simulator.secrets();
    assert!(secrets.len() >= 8, "{}", secrets.len());
    for secret in secrets {
        let pieces = secret
            .value
            .split('.')
            .map(|part| &part[part.len().saturating_sub(16)..]);
        for piece in pieces {
            for (name, bytes) in &seen {
                assert!(!contains(bytes, piece), "{:?} in {name:?}", secret.kind);
            }
        }
    }
    for (name, bytes) in &seen {
        for word in ["refresh_token", "user_code", "@example", &code] {
            assert!(!contains(bytes, word), "{word} in {name:?}");
        }
    }
}

#[test]
fn s32_with_another_key_nothing_opens_and_nothing_is_written_over() {
    let world = World::new();
    world.sign_in();
    world.pass(A_LONG_TIME);
    let right = fs::read(key_file(&world)).unwrap();
    fs::write(key_file(&world), "ab".repeat(32)).unwrap();
    all_commands_fail(&world, "key-unknown");
    fs::write(key_file(&world), right).unwrap();
    works(&world);
}

#[test]
fn s32_a_key_that_is_lost_is_not_replaced_by_another_one() {
    let world = World::new();
    world.sign_in();
    world.pass(A_LONG_TIME);
    let elsewhere = world.path("key");
    fs::rename(key_file(&world), &elsewhere).unwrap();
    all_commands_fail(&world, "key-unknown");
    let told = String::from_utf8(world.run(&["authorize"]).stderr).unwrap();
    assert!(told.contains("test.db.key is missing"), "{told}");
    let somebody_new = world.ask(&["--profile", "eve", "start"]);
    assert_eq!(somebody_new["code"], "key-unknown");
    assert!(!key_file(&world).exists());
    fs::rename(elsewhere, key_file(&world)).unwrap();
    works(&world);
}

#[test]
fn s02_m08_a_damaged_login_is_told_from_a_strange_one_and_left_as_it_is() {
    let world = World::new();
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

#[test]
fn s02_a_damaged_copy_is_passed_over_and_replaced() {
    let world = World::new();
    world.sign_in();
    tamper(&world, "usage", |value| value.truncate(20));
    assert_eq!(world.ask(&["status"])["state"], "connected");
    world.pass(30);
    assert_eq!(world.ask(&["usage"])["source"], "api");
    assert_eq!(world.ask(&["usage"])["source"], "cache");
}

#[test]
fn m10_a_login_moved_to_another_profile_does_not_open_there() {
    let world = World::new();
    world.sign_in();
    sql(
        &world,
        "INSERT INTO record (profile, key, value) SELECT 'eve', key, value FROM record",
    );
    let answer = world.ask(&["--profile", "eve", "authorize"]);
    assert_eq!(answer["code"], "record-corrupt", "{answer}");
    works(&world);
}

#[test]
fn s04_a_value_or_a_store_of_a_newer_version_is_left_as_it_is() {
    let world = World::new();
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
fn s33_running_processes_follow_an_exchange_of_the_key() {
    let world = World::new();
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

#[test]
fn s33_a_key_that_somebody_else_exchanges_is_followed_by_reseal() {
    let world = World::new();
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
fn a_key_is_not_exchanged_where_a_login_would_be_lost_by_it() {
    let world = World::new();
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

/// Copies the store, as a backup does.
fn backup(world: &World) -> Vec<u8> {
    sql(world, "PRAGMA wal_checkpoint(TRUNCATE)");
    fs::read(world.store()).unwrap()
}

fn restore(world: &World, backup: &[u8]) {
    for journal in ["-wal", "-shm"] {
        let mut path = world.store().into_os_string();
        path.push(journal);
        let _ = fs::remove_file(path);
    }
    fs::write(world.store(), backup).unwrap();
}

#[test]
fn s08_m09_a_login_from_a_backup_is_served_but_not_refreshed() {
    let world = World::new();
    world.sign_in();
    let old = backup(&world);
    world.pass(A_LONG_TIME);
    works(&world);
    let presented = world.simulator.presentations();
    restore(&world, &old);

    let before = rows(&world);
    for command in [
        &["authorize"][..],
        &["refresh"],
        &["models", "--force"],
        &["start"],
    ] {
        let answer = world.ask(command);
        match command[0] {
            // A new login is the way out.
            "start" => assert_eq!(answer["ok"], true, "{answer}"),
            _ => assert_eq!(
                answer["code"], "rollback-suspected",
                "{command:?}: {answer}"
            ),
        }
    }
    let login = |rows: &[Row]| rows.iter().find(|row| row.key == "credential").cloned();
    assert_eq!(login(&rows(&world)), login(&before));
    let after = world.simulator.presentations();
    assert_eq!(after.len(), presented.len());
    assert!(after.iter().all(|token| token.presentations.len() <= 1));
    let findings = world.ask(&["doctor"])["findings"].to_string();
    assert!(findings.contains("rollback-suspected"), "{findings}");

    world.sign_in();
    world.pass(A_LONG_TIME);
    works(&world);
    assert_eq!(world.ask(&["adopt"])["adopted"], false);
}

#[test]
fn s08_a_backup_whose_token_lives_is_served_as_long_as_it_does() {
    let world = World::new();
    world.sign_in();
    let old = backup(&world);
    world.pass(100);
    assert_eq!(world.ask(&["refresh"])["ok"], true);
    restore(&world, &old);
    works(&world);
    assert_eq!(world.ask(&["status"])["state"], "connected");
    assert_eq!(world.ask(&["logout"])["ok"], true);
    world.sign_in();
    works(&world);
}

#[test]
fn a_backup_that_was_restored_on_purpose_is_adopted() {
    let world = World::new();
    world
        .simulator
        .set_rotation(Rotation::Grace { within: None });
    world.sign_in();
    let old = backup(&world);
    world.pass(A_LONG_TIME);
    works(&world);
    restore(&world, &old);
    assert_eq!(world.ask(&["authorize"])["code"], "rollback-suspected");
    assert_eq!(world.ask(&["adopt"])["adopted"], true);
    works(&world);
}

#[test]
fn what_cannot_be_read_is_set_aside_as_it_is() {
    let world = World::new();
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
fn a_code_that_cannot_be_read_is_set_aside_and_the_login_stays() {
    let world = World::new();
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

#[test]
fn callers_that_lose_a_race_are_not_taken_for_restored_backups() {
    let world = World::new();
    world.sign_in();
    for _ in 0..6 {
        world.pass(A_LONG_TIME);
        let callers: Vec<_> = (0..10)
            .map(|_| {
                let mut command = world.command();
                command.args(["--json", "authorize"]);
                command.stdout(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for caller in callers {
            let answer = support::json(&caller.wait_with_output().unwrap());
            assert_eq!(answer["ok"], true, "{answer}");
        }
    }
}

#[test]
fn stores_side_by_side_have_keys_of_their_own() {
    let world = World::new();
    world.sign_in();
    let beside = world.store().with_file_name("other.db");
    let other = |arguments: &[&str]| ask_of(&world, &beside, arguments);
    assert_eq!(other(&["start"])["ok"], true);
    for _ in 0..2 {
        assert_eq!(other(&["rekey"])["resealed"], 1);
    }
    works(&world);
}

#[test]
fn s33_a_running_process_seals_nothing_with_a_key_that_is_gone() {
    let world = World::new();
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
fn s32_a_strange_key_seals_nothing_in_a_store_that_it_does_not_open() {
    let world = World::new();
    world.sign_in();
    let right = fs::read(key_file(&world)).unwrap();
    fs::write(key_file(&world), "ab".repeat(32)).unwrap();
    let new = world.ask(&["--profile", "eve", "start"]);
    assert_eq!(new["code"], "key-unknown", "{new}");
    fs::write(key_file(&world), right).unwrap();
    assert_eq!(world.ask(&["--profile", "eve", "start"])["ok"], true);
}

#[test]
fn a_key_that_somebody_else_keeps_is_not_exchanged_here() {
    let world = World::new();
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
fn marks_beside_the_store_are_in_nobodys_way() {
    let world = World::new();
    let store = world.path("state/chatgpt-oauth/test.db");
    let ask = |arguments: &[&str]| ask_of(&world, &store, arguments);
    let code = ask(&["start"])["user_code"].as_str().unwrap().to_owned();
    world.simulator.approve(&code).unwrap();
    assert_eq!(ask(&["poll"])["status"], "connected");
    assert_eq!(ask(&["rekey"])["resealed"], 3);
}

#[test]
fn an_adoption_that_cannot_be_noted_is_a_failure() {
    let world = World::new();
    world.sign_in();
    let old = backup(&world);
    world.pass(A_LONG_TIME);
    works(&world);
    restore(&world, &old);
    let lock = world.path("state/chatgpt-oauth/lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(world.ask(&["adopt"])["code"], "store-unavailable");
    fs::remove_dir(&lock).unwrap();
    assert_eq!(world.ask(&["adopt"])["adopted"], true);
}

/// Runs a command with another store.
#[track_caller]
fn ask_of(world: &World, store: &Path, arguments: &[&str]) -> Value {
    let ours = format!("sqlite:{}", world.store().display());
    let theirs = format!("sqlite:{}", store.display());
    let options = world.options().into_iter();
    let options = options.map(|option| option.replace(&ours, &theirs));
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    command
        .env("XDG_STATE_HOME", world.path("state"))
        .env("CHATGPT_OAUTH_TEST_CLOCK", world.path("clock"))
        .args(options)
        .arg("--json")
        .args(arguments);
    json_of(&mut command)
}

/// The one JSON object that a command prints.
#[track_caller]
fn json_of(command: &mut Command) -> Value {
    support::json(&command.output().unwrap())
}

#[test]
fn the_first_ones_at_the_same_moment_share_one_key() {
    let world = World::new();
    let starting: Vec<_> = (0..8)
        .map(|n| {
            let mut command = world.command();
            command.args(["--json", "--profile", &format!("p{n}"), "start"]);
            command
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in starting {
        let answer = support::json(&child.wait_with_output().unwrap());
        assert_eq!(answer["ok"], true, "{answer}");
    }
    for n in 0..8 {
        let status = world.ask(&["--profile", &format!("p{n}"), "status"]);
        assert_eq!(status["state"], "pending", "{status}");
    }
}

#[test]
fn looking_makes_no_key() {
    let world = World::new();
    for command in [
        &["status"][..],
        &["doctor"],
        &["profiles", "list"],
        &["adopt"],
    ] {
        assert_eq!(world.ask(command)["ok"], true, "{command:?}");
    }
    assert!(!world.store().parent().unwrap().exists());

    block_on(SqliteStore::open(world.store(), StoreKind::Test)).unwrap();
    for command in [
        &["status"][..],
        &["doctor"],
        &["profiles", "list"],
        &["adopt"],
        &["reset"],
    ] {
        assert_eq!(world.ask(command)["ok"], true, "{command:?}");
    }
    assert!(!key_file(&world).exists());
}

/// A key file of somebody's own making.
fn made_key(path: &Path, mode: u32) -> PathBuf {
    fs::write(path, "cd".repeat(32)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_owned()
}

#[test]
fn a_key_comes_from_where_it_is_named() {
    let world = World::new();
    let named = made_key(&world.path("named.key"), 0o600);
    fs::create_dir(world.path("credentials")).unwrap();
    made_key(&world.path("credentials/chatgpt-oauth.key"), 0o440);
    let run = |by: &dyn Fn(&mut Command)| -> Output {
        let mut command = world.command();
        by(&mut command);
        command.args(["--json", "start"]).output().unwrap()
    };
    let handed = support::json(&run(&|command| {
        command.env("CREDENTIALS_DIRECTORY", world.path("credentials"));
    }));
    assert_eq!(handed["ok"], true, "{handed}");
    // The same digits, so it is the same key.
    let by_name = support::json(&run(&|command| {
        command.arg("--key-file").arg(&named);
    }));
    assert_eq!(by_name["pending_id"], handed["pending_id"]);
    assert!(!key_file(&world).exists());

    let missing = support::json(&run(&|command| {
        command.env("CHATGPT_OAUTH_KEY_FILE", world.path("nowhere"));
    }));
    assert_eq!(missing["code"], "key-unknown", "{missing}");
    assert!(
        missing["error"].as_str().unwrap().contains("nowhere"),
        "{missing}"
    );
}

#[test]
fn s13_a_key_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let world = World::new();
    world.sign_in();
    fs::set_permissions(key_file(&world), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = world.ask(&["status"]);
    assert_eq!(refused["code"], "key-unknown");
    let mend = refused["hint"].as_str().unwrap();
    let mended = Command::new("sh").args(["-c", mend]).status().unwrap();
    assert!(mended.success(), "{mend}");
    works(&world);
}

#[test]
fn the_doctor_finds_nothing_wrong_where_nothing_is() {
    let world = World::new();
    world.sign_in();
    let output = world.command().args(["--json", "doctor"]).output().unwrap();
    let answer = support::json(&output);
    assert_eq!(
        (&answer["healthy"], output.status.code()),
        (&Value::Bool(true), Some(0)),
        "{answer}"
    );
    let findings = answer["findings"].as_array().unwrap();
    let subjects: Vec<_> = findings
        .iter()
        .map(|finding| finding["subject"].as_str().unwrap())
        .collect();
    for subject in [
        "store",
        "key",
        "values",
        "auth.openai.com",
        "chatgpt.com",
        "clock",
    ] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
}

#[test]
fn the_doctor_names_what_is_wrong_and_what_mends_it() {
    let world = World::new();
    world.sign_in();
    world.simulator.skew_date(3600);
    tamper(&world, "credential", |value| value[40] ^= 1);
    let wrong = |subject: &str| {
        let answer = world.ask(&["doctor"]);
        assert_eq!(answer["healthy"], false, "{answer}");
        let findings = answer["findings"].as_array().unwrap().clone();
        let finding = findings
            .into_iter()
            .find(|finding| finding["subject"] == subject);
        let finding = finding.unwrap_or_else(|| panic!("{subject}: {answer}"));
        assert_eq!(finding["ok"], false, "{finding}");
        finding["hint"].as_str().unwrap().to_owned()
    };
    assert!(wrong("clock").contains("NTP"));
    assert!(wrong("credential of default").contains("reset"));
    fs::set_permissions(world.store(), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(wrong("store").starts_with("chmod 600"));
    fs::set_permissions(world.store(), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(key_file(&world), "").unwrap();
    assert!(wrong("key").contains("openssl rand"));
}
