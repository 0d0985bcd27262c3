//! Codes of [`Class::Store`](chatgpt_oauth_answers::Class::Store), and faults of the program.

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use openai_simulator::{Endpoint, Fault};

use crate::support::{TestEnv, json};
use crate::{A_LONG_TIME, expired, fails, fails_of, follow, repeat};

/// The store in Python, apart from the program.
struct Sql(Child);

impl Sql {
    /// Opens the store. Each line is a statement, and is answered by a line.
    fn open(test: &TestEnv) -> Self {
        let script = "import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.stdin:
    print(base.execute(statement).fetchall(), flush=True)";
        let mut python = Command::new("python3");
        python.args(["-c", script]).arg(test.store());
        let piped = python.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(piped.spawn().unwrap())
    }

    fn run(&mut self, statement: &str) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{statement}").unwrap();
        let mut answer = String::new();
        // One line comes for each statement, so that the reader keeps nothing back.
        let mut answers = BufReader::new(self.0.stdout.as_mut().unwrap());
        answers.read_line(&mut answer).unwrap();
        assert!(answer.starts_with('['), "{statement}: {answer}");
    }
}

impl Drop for Sql {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        _ = self.0.wait();
    }
}

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

/// The store is locked from the request on, for as long as the program repeats the write.
#[test]
fn tokens_that_could_not_be_stored_may_cost_a_login() {
    let test = expired();
    let late = Fault::normal().delay(Duration::from_secs(2));
    test.simulator.fault(Endpoint::Token, late);
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
    let answer = json(&refresh.wait_with_output().unwrap());
    assert_eq!(answer["code"], "store-failed-after-refresh", "{answer}");
    other.run("ROLLBACK");
    follow(&test, "store-failed-after-refresh", "chatgpt-oauth doctor");
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
    fails_of(command.arg("authorize"), "internal");
    follow(&test, "internal", "chatgpt-oauth doctor");
    follow(&test, "internal", "chatgpt-oauth -v status");
}
