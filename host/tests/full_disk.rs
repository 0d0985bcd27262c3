//! A disk that is full before a refresh, and while its answer waits to be stored.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use chatgpt_oauth::store::{SqliteStore, Store, StoreKind};
use openai_simulator::{Endpoint, Fault, Gate, Rotation};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use support::{TestEnv, json};

/// How long access tokens last in these tests, in seconds.
const LIFETIME: u64 = 3600;

fn test_env() -> TestEnv {
    TestEnv::with(|settings| {
        settings
            .access_token_lifetime(Duration::from_secs(LIFETIME))
            .rotation(Rotation::Strict)
    })
}

/// The program under a limit on file sizes: a write beyond the limit fails.
fn on_a_disk_that_may_be_full(test: &TestEnv, limit: &str) -> Command {
    let program = test.command();
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -S -f $0; exec \"$@\"", limit])
        .arg(program.get_program())
        .args(program.get_args())
        .arg("--json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// A login with an expired token, and an open connection to the store, so that SQLite
/// keeps the journal.
async fn signed_in_on_disk() -> (TestEnv, SqliteStore) {
    let test = test_env();
    test.sign_in();
    test.pass(LIFETIME);
    test.simulator.clear_requests();
    let store = SqliteStore::open(test.store(), StoreKind::Test);
    let store = store.await.unwrap();
    // The limit is the size of the journal, and it applies to the guest's memory too.
    let other = "other".parse().unwrap();
    let filling = vec![b'x'; 256 << 10];
    for key in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"] {
        let written = store.compare_and_swap(&other, key, None, Some(&filling));
        written.await.unwrap();
    }
    (test, store)
}

fn journal(test: &TestEnv) -> u64 {
    let journal = test.store().with_extension("db-wal");
    std::fs::metadata(journal).unwrap().len()
}

/// Faults: S10
#[tokio::test]
async fn a_full_disk_spends_no_token() {
    let (test, _open) = signed_in_on_disk().await;
    // The limit in blocks of 512 bytes; the pages of the journal do not fit into the
    // store either.
    let limit = (journal(&test) / 2 / 512).to_string();
    let mut refresh = on_a_disk_that_may_be_full(&test, &limit);
    let refused = json(&refresh.arg("refresh").output().unwrap());
    assert_eq!(refused["code"], "store-unavailable", "{refused}");
    let hint = refused["hint"].as_str().unwrap();
    assert!(hint.contains("ulimit -f"), "{hint}");
    assert_eq!(test.simulator.requests().len(), 0);
    assert_eq!(test.ask(&["refresh"])["status"], "refreshed");
}

/// Faults: S11
#[tokio::test]
async fn a_disk_with_room_again_before_the_deadline_loses_no_rotation() {
    let (test, _open) = signed_in_on_disk().await;
    let gate = Gate::default();
    let held = Fault::normal().after_processing().gate(&gate);
    test.simulator.fault(Endpoint::Token, held);
    let mut refresh = on_a_disk_that_may_be_full(&test, "unlimited");
    let mut refresh = refresh.arg("refresh").spawn().unwrap();
    let mut said = BufReader::new(refresh.stderr.take().unwrap()).lines();
    while test.simulator.requests_to(Endpoint::Token).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let process = Some(Pid::from_child(&refresh));
    let no_room = Rlimit {
        current: Some(journal(&test)),
        maximum: None,
    };
    let room = prlimit(process, Resource::Fsize, no_room).unwrap();
    gate.open();
    let is_full = said.any(|line| line.unwrap().contains("could not be stored yet"));
    assert!(is_full, "it ends without having met the limit");
    prlimit(process, Resource::Fsize, room).unwrap();

    let output = refresh.wait_with_output().unwrap();
    assert_eq!(json(&output)["status"], "refreshed");
    test.pass(LIFETIME);
    assert_eq!(test.ask(&["authorize"])["ok"], true);
}
