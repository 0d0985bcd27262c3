//! Logins from a restored backup.

use std::fs;

use chatgpt_oauth::store::Row;
use openai_simulator::Rotation;

use crate::support::TestEnv;
use crate::{A_LONG_TIME, backup, restore, rows, succeed_together, works};

/// Faults: S08 M09
#[test]
fn a_login_from_a_backup_is_served_but_not_refreshed() {
    let test = TestEnv::new();
    test.sign_in();
    let old = backup(&test);
    test.pass(A_LONG_TIME);
    works(&test);
    let presented = test.simulator.presentations();
    restore(&test, &old);

    let before = rows(&test);
    for command in [
        &["authorize"][..],
        &["refresh"],
        &["models", "--force"],
        &["start"],
    ] {
        let answer = test.ask(command);
        match command[0] {
            // A new login resolves the error.
            "start" => assert_eq!(answer["ok"], true, "{answer}"),
            _ => assert_eq!(
                answer["code"], "rollback-suspected",
                "{command:?}: {answer}"
            ),
        }
    }
    let login = |rows: &[Row]| rows.iter().find(|row| row.key == "credential").cloned();
    assert_eq!(login(&rows(&test)), login(&before));
    let after = test.simulator.presentations();
    assert_eq!(after.len(), presented.len());
    assert!(after.iter().all(|token| token.presentations.len() <= 1));
    let findings = test.ask(&["doctor"])["findings"].to_string();
    assert!(findings.contains("rollback-suspected"), "{findings}");

    test.sign_in();
    test.pass(A_LONG_TIME);
    works(&test);
    assert_eq!(test.ask(&["adopt"])["adopted"], false);
}

/// Faults: S08
#[test]
fn a_token_from_a_backup_is_served_until_it_expires() {
    let test = TestEnv::new();
    test.sign_in();
    let old = backup(&test);
    test.pass(100);
    assert_eq!(test.ask(&["refresh"])["ok"], true);
    restore(&test, &old);
    works(&test);
    assert_eq!(test.ask(&["status"])["state"], "connected");
    assert_eq!(test.ask(&["logout"])["ok"], true);
    test.sign_in();
    works(&test);
}

#[test]
fn a_backup_that_was_restored_on_purpose_is_adopted() {
    let test = TestEnv::new();
    test.simulator
        .set_rotation(Rotation::Grace { within: None });
    test.sign_in();
    let old = backup(&test);
    test.pass(A_LONG_TIME);
    works(&test);
    restore(&test, &old);
    assert_eq!(test.ask(&["authorize"])["code"], "rollback-suspected");
    assert_eq!(test.ask(&["adopt"])["adopted"], true);
    works(&test);
}

#[test]
fn callers_that_lose_a_race_are_not_reported_as_restored_backups() {
    let test = TestEnv::new();
    test.sign_in();
    for _ in 0..6 {
        test.pass(A_LONG_TIME);
        succeed_together(&test, 10, |_| {
            let mut command = test.command();
            command.args(["--json", "authorize"]);
            command
        });
    }
}

#[test]
fn an_adoption_that_cannot_be_recorded_is_a_failure() {
    let test = TestEnv::new();
    test.sign_in();
    let old = backup(&test);
    test.pass(A_LONG_TIME);
    works(&test);
    restore(&test, &old);
    let marks = fs::read_dir(test.path("state/chatgpt-oauth")).unwrap();
    let mut marks = marks.map(|entry| entry.unwrap().path());
    let lock = marks.find(|path| path.extension().is_some_and(|name| name == "lock"));
    let lock = lock.unwrap();
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(test.ask(&["adopt"])["code"], "store-unavailable");
    fs::remove_dir(&lock).unwrap();
    assert_eq!(test.ask(&["adopt"])["adopted"], true);
}
