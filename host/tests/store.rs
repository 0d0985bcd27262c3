//! A store in PostgreSQL, with the program: a login moves into it and lives on there.

mod support;

use std::path::PathBuf;
use std::time::Instant;

use openai_simulator::Outcome;
use postgres_cluster::Database;
use serde_json::Value;
use support::{LONG, TestEnv, is_late};

const LIFETIME: u64 = 10 * 24 * 60 * 60;

/// A simulator and a file of its person, and an empty database.
struct Moved {
    test: TestEnv,
    database: Database,
}

impl Moved {
    fn new() -> Self {
        Self {
            test: TestEnv::new(),
            database: Database::new(),
        }
    }

    fn file(&self) -> String {
        format!("sqlite:{}", self.test.store().display())
    }

    fn key_file(&self) -> PathBuf {
        let mut path = self.test.store().into_os_string();
        path.push(".key");
        path.into()
    }

    /// Runs a command with the store in the database and the key of the file.
    #[track_caller]
    fn ask(&self, arguments: &[&str]) -> Value {
        let key_file = self.key_file();
        let key = ["--key-file", key_file.to_str().unwrap()];
        self.ask_without_key(&[&key[..], arguments].concat())
    }

    /// The same without a key. Repeats a command for which the database was too slow.
    #[track_caller]
    fn ask_without_key(&self, arguments: &[&str]) -> Value {
        let begun = Instant::now();
        loop {
            let mut command = self.test.command_without_store();
            command.args(["--store", &self.database.url(), "--json"]);
            let answer = support::json(&command.args(arguments).output().unwrap());
            if !is_late(&answer, &["store-unavailable"]) || begun.elapsed() > LONG {
                return answer;
            }
            // Otherwise the next poll would be too early.
            self.test.pass(1);
        }
    }

    fn migrate_and_copy(&self) -> Value {
        assert_eq!(self.ask(&["store", "migrate"])["to_layout"], 3);
        let copied = self.ask(&["store", "copy", &self.file(), &self.database.url()]);
        assert_eq!(copied["ok"], true, "{copied}");
        copied
    }
}

#[test]
fn a_login_moves_into_a_database_and_is_refreshed_there_alone() {
    let moved = Moved::new();
    moved.test.sign_in();
    let copied = moved.migrate_and_copy();
    assert!(copied["rows"].as_u64() >= Some(3), "{copied}");

    for answer in [moved.ask(&["status"]), moved.test.ask(&["status"])] {
        assert_eq!(answer["state"], "connected", "{answer}");
    }
    let live = moved.test.ask(&["authorize"]);
    assert_eq!(live["ok"], true, "{live}");

    moved.test.pass(LIFETIME - 60);
    let refused = moved.test.ask(&["refresh"]);
    assert_eq!(refused["code"], "store-unavailable", "{refused}");
    assert_eq!(refused["retryable"], false, "{refused}");
    assert_eq!(
        moved.test.simulator.presentations()[0].presentations.len(),
        0
    );

    let refreshed = moved.ask(&["refresh"]);
    assert_eq!(refreshed["status"], "refreshed", "{refreshed}");
    let presented = &moved.test.simulator.presentations()[0].presentations;
    let outcomes: Vec<_> = presented.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Rotated]);
}

#[test]
fn a_login_begins_in_one_process_and_ends_in_another_over_a_database() {
    let moved = Moved::new();
    moved.test.sign_in();
    moved.ask(&["store", "migrate"]);
    let prompt = moved.ask(&["--profile", "bob", "start"]);
    let code = prompt["user_code"].as_str().unwrap();
    moved.test.simulator.approve(code).unwrap();
    let progress = moved.ask(&["--profile", "bob", "poll"]);
    assert_eq!(progress["status"], "connected", "{progress}");
    assert_eq!(
        moved.ask(&["profiles", "list"])["profiles"],
        serde_json::json!(["bob"])
    );
    let healthy = moved.ask(&["doctor"]);
    assert_eq!(healthy["healthy"], true, "{healthy}");
    let rekeyed = moved.ask(&["rekey"]);
    assert_eq!(rekeyed["code"], "key-unknown", "{rekeyed}");
}

/// Faults: G38
#[test]
fn a_database_without_a_store_or_without_a_key_says_what_to_do() {
    let moved = Moved::new();
    moved.test.sign_in();
    let empty = moved.ask(&["status"]);
    assert_eq!(empty["code"], "store-needs-upgrade", "{empty}");
    assert!(
        empty["hint"].as_str().unwrap().contains("store migrate"),
        "{empty}"
    );

    let without_key = moved.ask_without_key(&["start"]);
    assert_eq!(without_key["code"], "key-unknown", "{without_key}");
    assert!(
        without_key["hint"].as_str().unwrap().contains("--key-file"),
        "{without_key}"
    );
}

#[test]
fn neither_user_nor_password_of_the_url_is_shown() {
    let moved = Moved::new();
    moved.test.sign_in();
    let url = format!("{}&password=CANARY", moved.database.url());
    for arguments in [
        &["--store", &url, "store", "migrate"][..],
        &["--store", &url, "-vv", "status"],
        &["--store", &url, "doctor"],
        &["store", "copy", "sqlite:/nowhere.db", &url],
        &["store", "copy", &url, &url],
        &["--store", "postgres://tests:CANARY@host:port/x", "status"],
    ] {
        let mut command = moved.test.command_without_store();
        let output = command.args(arguments).output().unwrap();
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!shown.contains("CANARY"), "{arguments:?}: {shown}");
    }
}
