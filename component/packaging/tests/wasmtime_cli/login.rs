//! Whole logins in the wasmtime CLI.

use std::fs;
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::Duration;

use chatgpt_oauth_packaging::{Builder, World};
use openai_simulator::Simulator;
use serde_json::Value;
use tempfile::TempDir;

use super::{Wasmtime, names, workspace};

/// The simulator, and a build of the component that connects only to it.
pub(crate) struct Fixture {
    pub(crate) simulator: Simulator,
    pub(crate) component: Vec<u8>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let simulator = Simulator::builder().interval(1).start().unwrap();
        let builder = Builder::new(workspace(), env!("CARGO_TARGET_TMPDIR"));
        let builder = builder.test_origin(simulator.http_url());
        let component = builder.build(World::OnboardingFilesystem).unwrap();
        Self {
            simulator,
            component,
        }
    }
}

/// The tests of this file share one.
static FIXTURE: LazyLock<Fixture> = LazyLock::new(Fixture::new);

/// The component, with an empty directory for the login.
fn world() -> (TempDir, Wasmtime) {
    let directory = TempDir::new().unwrap();
    let component = directory.path().join("onboarding-filesystem.wasm");
    fs::write(&component, &FIXTURE.component).unwrap();
    let store = directory.path().join("login");
    fs::create_dir(&store).unwrap();
    let wasmtime = Wasmtime {
        component,
        directory: Some(store),
    };
    (directory, wasmtime)
}

/// The text between two other texts.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("{text}")).0
}

/// A finished login in its directory, and how many refresh tokens are older.
fn logged_in() -> (TempDir, Wasmtime, usize) {
    // A login leaves out the models or the usage if they take longer than five seconds.
    for _ in 0..3 {
        let older = FIXTURE.simulator.presentations().len();
        let (directory, wasmtime) = world();
        let connected = log_in(&wasmtime);
        if connected.contains("models-count: some(") && connected.contains("usage: some(") {
            return (directory, wasmtime, older);
        }
    }
    panic!("no login fetched the models and the usage")
}

/// Returns what the last poll shows.
fn log_in(wasmtime: &Wasmtime) -> String {
    let files = || names(wasmtime.directory.as_deref().unwrap());
    let status = wasmtime.ask("status()");
    assert!(status.starts_with("ok({state: not-connected,"), "{status}");
    assert_eq!(files(), [""; 0], "looking makes no file");

    let prompt = wasmtime.ask("start()");
    let code = between(&prompt, "user-code: \"", "\"");
    assert_eq!(files(), ["key-pending"]);
    let progress = wasmtime.ask("poll(none)");
    assert!(progress.starts_with("ok({status: pending,"), "{progress}");

    FIXTURE.simulator.approve(code).unwrap();
    let connected = connected(wasmtime);
    assert!(connected.contains("email: some("), "{connected}");
    connected
}

#[test]
fn a_login_survives_its_process() {
    let (_directory, wasmtime, older) = logged_in();
    let files = || names(wasmtime.directory.as_deref().unwrap());
    let status = wasmtime.ask("status()");
    assert!(
        status.starts_with("ok({state: connected, connected: true,"),
        "{status}"
    );

    // The process of the login has fetched both.
    for call in ["models(false)", "usage(false)"] {
        let copy = wasmtime.ask(call);
        assert!(copy.starts_with("ok({source: cache,"), "{copy}");
    }
    assert_eq!(files(), ["key-credential", "key-models", "key-usage"]);

    // A refresh within a minute would return the same token.
    let credential = wasmtime.directory.as_ref().unwrap().join("key-credential");
    let mut record: Value = serde_json::from_slice(&fs::read(&credential).unwrap()).unwrap();
    let received_at = record["received_at"].as_u64().unwrap();
    record["received_at"] = (received_at - 100).into();
    fs::write(&credential, record.to_string()).unwrap();
    let refreshed = wasmtime.ask("refresh()");
    assert!(refreshed.starts_with("ok({"), "{refreshed}");
    let logout = wasmtime.ask("logout(false)");
    assert!(logout.starts_with("ok({"), "{logout}");
    let status = wasmtime.ask("status()");
    assert!(status.starts_with("ok({state: not-connected,"), "{status}");
    let tokens = FIXTURE.simulator.presentations();
    let presented = tokens[older..].iter().map(|it| it.presentations.len());
    assert_eq!(presented.collect::<Vec<_>>(), [1, 0]);
    for name in files() {
        let file = wasmtime.directory.as_ref().unwrap().join(name);
        let text = fs::read_to_string(&file).unwrap();
        for secret in FIXTURE.simulator.secrets() {
            assert!(
                !text.contains(&secret.value),
                "a {:?} in {file:?}",
                secret.kind
            );
        }
    }
}

/// Polls until the login is finished.
fn connected(wasmtime: &Wasmtime) -> String {
    for _ in 0..20 {
        let progress = wasmtime.ask("poll(none)");
        if progress.starts_with("ok({status: connected,") {
            return progress;
        }
        assert!(progress.starts_with("ok({status: pending,"), "{progress}");
        sleep(Duration::from_millis(500));
    }
    panic!("the login was approved and is still pending")
}

#[test]
fn without_a_directory_nothing_can_be_stored() {
    let (_directory, mut wasmtime) = world();
    wasmtime.directory = None;
    for call in ["status()", "start()"] {
        let answer = wasmtime.ask(call);
        assert!(
            answer.starts_with("err({code: store-unavailable,"),
            "{answer}"
        );
    }
}

#[test]
fn a_file_in_place_of_the_directory_is_refused_by_the_cli() {
    let (_directory, mut wasmtime) = world();
    wasmtime.directory = Some(wasmtime.component.clone());
    let output = wasmtime.command("status()").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains("Not a directory"), "{errors}");
}
