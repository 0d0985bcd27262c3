//! Owners and modes of the files of a store, and the error when the program cannot use
//! them. Root ignores modes, so an ordinary user runs the program here, or a mount
//! namespace is read-only.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use chatgpt_oauth::store::{SqliteStore, StoreKind};
use openai_simulator::Endpoint;
use serde_json::Value;
use support::{TestEnv, json};

/// An ordinary user.
const USER: u32 = 65534;
const AS_USER: [&str; 4] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
];

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// The store's directory and the files in it, the directory first.
fn files(test: &TestEnv) -> Vec<PathBuf> {
    let directory = test.store().parent().unwrap().to_owned();
    let entries = fs::read_dir(&directory).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    [vec![directory], files].concat()
}

#[track_caller]
fn ask(command: &mut Command, arguments: &[&str]) -> Value {
    json(&command.arg("--json").args(arguments).output().unwrap())
}

/// The program as an ordinary user, after a shell ran this.
fn as_user(test: &TestEnv, before: &str) -> Command {
    let shell = format!("{before} && exec \"$0\" \"$@\"");
    test.wrapped(&[&AS_USER[..], &["bash", "-c", &shell]].concat())
}

/// Gives all files of the environment to the ordinary user.
fn of_user(test: TestEnv) -> TestEnv {
    test.give_to(USER);
    test
}

/// A reader of the store. SQLite's files beside the store exist until it is dropped; without
/// them, a command fails earlier and otherwise.
async fn open_elsewhere(store: &Path) -> SqliteStore {
    let reader = SqliteStore::open_read_only(store, StoreKind::Test).await;
    reader.unwrap()
}

fn hint(answer: &Value) -> &str {
    assert_eq!(answer["code"], "store-unavailable", "{answer}");
    assert_eq!(answer["retryable"], false, "{answer}");
    answer["hint"].as_str().unwrap()
}

/// The hint of `doctor` about the store.
fn doctor_hint(test: &TestEnv) -> String {
    let answer = test.ask(&["doctor"]);
    let findings = answer["findings"].as_array().unwrap();
    let store = findings.iter().find(|found| found["subject"] == "store");
    store.unwrap()["hint"].as_str().unwrap().to_owned()
}

#[track_caller]
fn run_in_shell(command: &str) {
    assert!(
        Command::new("sh")
            .args(["-c", command])
            .status()
            .unwrap()
            .success(),
        "{command}"
    );
}

/// Faults: F5
#[test]
fn the_hint_of_a_store_with_open_modes_repairs_it() {
    for (directory_mode, file_mode) in [
        (0o2770, 0o660),
        (0o750, 0o640),
        (0o755, 0o600),
        (0o700, 0o666),
    ] {
        let test = TestEnv::new();
        test.sign_in();
        let [directory, rest @ ..] = &files(&test)[..] else {
            unreachable!()
        };
        rest.iter().for_each(|file| chmod(file, file_mode));
        chmod(directory, directory_mode);

        let refused = test.ask(&["status"]);
        let command = hint(&refused).to_owned();
        assert!(command.starts_with("chmod "), "{command}");
        assert_eq!(doctor_hint(&test), command);
        run_in_shell(&command);
        assert_eq!(test.ask(&["status"])["state"], "connected", "{command}");
        for file in files(&test) {
            assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
        }
    }
}

/// Faults: F5
#[test]
fn the_hint_of_a_store_of_another_user_names_its_owner() {
    let test = TestEnv::new();
    test.sign_in();
    for file in files(&test) {
        chown(file, Some(USER), None).unwrap();
    }
    let refused = test.ask(&["status"]);
    assert_eq!(hint(&refused), "run this program as the owner, user 65534");
    assert_eq!(doctor_hint(&test), hint(&refused));
    let owner = as_user(&of_user(test), "true")
        .arg("--json")
        .arg("status")
        .output();
    assert_eq!(json(&owner.unwrap())["state"], "connected");
}

/// Faults: F5
#[test]
fn a_shared_directory_keeps_its_mode() {
    for (directory_mode, beside) in [(0o1777, None), (0o777, None), (0o755, Some("report.txt"))] {
        let test = TestEnv::new();
        test.sign_in();
        let directory = files(&test).remove(0);
        chmod(&directory, directory_mode);
        if let Some(name) = beside {
            fs::write(directory.join(name), "").unwrap();
        }
        let refused = test.ask(&["status"]);
        assert!(!hint(&refused).contains("chmod"), "{refused}");
        assert_eq!(doctor_hint(&test), hint(&refused));
        let (_, commands) = hint(&refused).split_once(": ").unwrap();
        run_in_shell(commands);
        assert_eq!(mode(&directory), directory_mode & 0o777);

        let moved = format!("sqlite:{}/chatgpt-oauth/test.db", directory.display());
        let arguments = test.options().into_iter().map(|option| match &*option {
            store if store.starts_with("sqlite:") => moved.clone(),
            _ => option,
        });
        let mut program = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
        let status = ask(program.args(arguments), &["status"]);
        assert_eq!(status["state"], "connected", "{status}");
    }
}

/// Faults: F14
#[test]
fn with_any_umask_only_the_owner_can_use_the_files() {
    for umask in ["477", "777", "277", "077", "022", "000"] {
        let test = of_user(TestEnv::new());
        let ask =
            |arguments: &[&str]| ask(&mut as_user(&test, &format!("umask {umask}")), arguments);
        let prompt = ask(&["start"]);
        let code = prompt["user_code"]
            .as_str()
            .unwrap_or_else(|| panic!("{umask}: {prompt}"));
        test.simulator.approve(code).unwrap();
        test.pass(1);
        assert_eq!(ask(&["poll"])["status"], "connected", "{umask}");
        assert_eq!(ask(&["rekey"])["ok"], true, "{umask}");
        test.pass(120);
        assert_eq!(ask(&["refresh"])["status"], "refreshed", "{umask}");
        assert_eq!(ask(&["status"])["state"], "connected", "{umask}");

        let marks = test.path("state/chatgpt-oauth");
        let marks = fs::read_dir(&marks)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for file in files(&test).into_iter().chain(marks) {
            let expected = if file.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&file), expected, "{umask}: {}", file.display());
        }
        assert_eq!(mode(&test.path("state/chatgpt-oauth")), 0o700, "{umask}");
    }
}

/// Faults: F13
#[tokio::test]
async fn a_store_without_write_permission_is_not_retryable_until_repaired() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(120);
    let store = &test.store();
    let directory = store.parent().unwrap();
    let mount = format!(
        "mount --bind '{0}' '{0}' && mount -o remount,ro,bind '{0}' && exec \"$0\" \"$@\"",
        directory.display()
    );
    let read_only = || test.wrapped(&["unshare", "--mount", "sh", "-c", &mount]);
    test.simulator.clear_requests();
    let mut reader = Some(open_elsewhere(store).await);
    for _ in ["open elsewhere", "closed"] {
        assert_eq!(store.with_extension("db-shm").exists(), reader.is_some());
        for command in ["start", "refresh", "logout"] {
            let refused = ask(&mut read_only(), &[command]);
            assert!(hint(&refused).contains("writ"), "{refused}");
            assert_eq!(refused["retry_after_seconds"], Value::Null);
        }
        assert_eq!(ask(&mut read_only(), &["status"])["state"], "connected");
        drop(reader.take());
    }

    let test = of_user(test);
    let store = &test.store();
    let owned = || as_user(&test, "true");
    chmod(directory, 0o500);
    let refused = ask(&mut owned(), &["refresh"]);
    assert!(hint(&refused).contains("writ"), "{refused}");
    chmod(directory, 0o700);
    for (path, mode) in [(directory, 0o000), (store, 0o400), (store, 0o000)] {
        let before = fs::metadata(path).unwrap().permissions();
        chmod(path, mode);
        let refused = ask(&mut owned(), &["refresh"]);
        assert!(!hint(&refused).is_empty());
        assert_eq!(refused["retry_after_seconds"], Value::Null);
        fs::set_permissions(path, before).unwrap();
    }
    assert_eq!(test.simulator.requests_to(Endpoint::Token).len(), 0);
    let refreshed = ask(&mut owned(), &["refresh"]);
    assert_eq!(refreshed["status"], "refreshed", "{refreshed}");
}

/// Faults: F13
#[tokio::test]
async fn a_full_disk_is_retryable_after_a_minute() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(120);
    let store = &test.store();
    let directory = store.parent().unwrap();
    // The files are on a disk of 1 MiB that is full.
    let fill = format!(
        "cp -a '{0}' '{0}.copy' && mount -t tmpfs -o size=1m,mode=700 tmpfs '{0}' && cp -a '{0}.copy'/. '{0}' && \
         {{ cat /dev/zero > '{0}/filling' 2>/dev/null; rm -rf '{0}.copy'; exec \"$0\" \"$@\"; }}",
        directory.display()
    );
    let full = || test.wrapped(&["unshare", "--mount", "sh", "-c", &fill]);
    test.simulator.clear_requests();
    let mut reader = Some(open_elsewhere(store).await);
    for _ in ["open elsewhere", "closed"] {
        assert_eq!(store.with_extension("db-shm").exists(), reader.is_some());
        for command in ["refresh", "logout", "refresh", "logout", "refresh"] {
            let refused = ask(&mut full(), &[command]);
            assert_eq!(refused["code"], "store-unavailable", "{refused}");
            assert_eq!(refused["retryable"], true, "{refused}");
            assert_eq!(refused["retry_after_seconds"], 60, "{refused}");
        }
        assert_eq!(ask(&mut full(), &["status"])["state"], "connected");
        drop(reader.take());
    }
    assert_eq!(test.simulator.requests().len(), 0);
}
