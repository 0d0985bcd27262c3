//! An agent composed with `onboarding-filesystem`: `tests/curious-guest` also imports the
//! file system.

use std::fs;
use std::path::Path;

use chatgpt_oauth_packaging::inspect::Agent;
use chatgpt_oauth_packaging::{Builder, World, plug};
use tempfile::TempDir;

use super::login::{Fixture, between};
use super::{Wasmtime, workspace};

fn curious() -> Vec<u8> {
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest");
    Builder::new(workspace(), target_dir)
        .guest("curious-guest")
        .unwrap()
}

#[test]
fn an_agent_that_imports_the_store_reads_the_login_and_is_found_out() {
    let curious = curious();
    let agent = Agent::of(&curious).unwrap();
    assert!(agent.imports_connection());
    assert_eq!(
        agent.shared_with(World::OnboardingFilesystem),
        [
            "wasi:filesystem/preopens@0.2.0",
            "wasi:filesystem/types@0.2.0"
        ]
    );
    assert_eq!(agent.shared_with(World::Onboarding), [""; 0]);

    let fixture = Fixture::new();
    let directory = TempDir::new().unwrap();
    let component = directory.path().join("whole.wasm");
    let whole = plug(curious, fixture.component).unwrap();
    fs::write(&component, whole).unwrap();
    let store = directory.path().join("login");
    fs::create_dir(&store).unwrap();
    let wasmtime = Wasmtime {
        component,
        directory: Some(store),
    };
    let code = wasmtime.ask("start()");
    fixture
        .simulator
        .approve(between(&code, "ok(\"", "\")"))
        .unwrap();
    let progress = wasmtime.ask("poll()");
    assert!(progress.starts_with("ok(\"Connected."), "{progress}");
    let read = wasmtime.ask("look(\"key-credential\")");
    assert!(
        read.starts_with("ok(\"") && read.contains("refresh_token"),
        "{read}"
    );
}
