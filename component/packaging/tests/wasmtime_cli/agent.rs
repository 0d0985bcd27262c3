//! Agents composed with `onboarding-filesystem`: `tests/curious-guest`, which also imports the
//! file system, and `examples/agent-python/sign_in.py`, which imports nothing else.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use chatgpt_oauth_packaging::inspect::{Agent, Inspection};
use chatgpt_oauth_packaging::{Builder, World, plug};
use tempfile::TempDir;

use super::login::{Fixture, between};
use super::{Wasmtime, printed, wasmtime, workspace};

/// An agent and the login in one component, and the directory of the login.
struct Composition {
    fixture: Fixture,
    wasmtime: Wasmtime,
    _directory: TempDir,
}

impl Composition {
    fn of(agent: Vec<u8>) -> Self {
        let fixture = Fixture::new();
        let directory = TempDir::new().unwrap();
        let whole = plug(agent, fixture.component.clone()).unwrap();
        fs::write(directory.path().join("whole.wasm"), whole).unwrap();
        // Python has 18 MB to compile: once, and not for each call. A call has a timeout.
        let component = directory.path().join("whole.cwasm");
        let mut compile = Command::new(wasmtime());
        compile.args(["compile", "-W", "epoch-interruption=y"]);
        compile.args(["whole.wasm", "-o", "whole.cwasm"]);
        printed(compile.current_dir(&directory));
        let store = directory.path().join("login");
        fs::create_dir(&store).unwrap();
        Self {
            fixture,
            wasmtime: Wasmtime {
                component,
                directory: Some(store),
            },
            _directory: directory,
        }
    }

    fn approve(&self, code: &str) {
        self.fixture.simulator.approve(code).unwrap();
    }
}

fn curious() -> Vec<u8> {
    Builder::new(workspace(), env!("CARGO_TARGET_TMPDIR"))
        .guest("curious-guest")
        .unwrap()
}

/// The recipe of docs/runtimes.md for an agent in Python that may be composed.
fn stubbed() -> Vec<u8> {
    let packages = env::var_os("COMPONENTIZE_PY").expect(
        "this test runs componentize-py: `eval \"$(sh scripts/tools.sh)\"` installs and names it",
    );
    let component = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sign-in.wasm");
    let mut componentize = Command::new(Path::new(&packages).join("bin/componentize-py"));
    componentize
        .env("PYTHONPATH", &packages)
        .current_dir(workspace().join("examples/agent-python"))
        .args(["-d", "../../wit", "-d", "sign-in.wit"])
        .args(["-w", "example:sign-in/sign-in", "componentize"])
        .args(["--stub-wasi", "sign_in", "-o"])
        .arg(&component);
    printed(&mut componentize);
    fs::read(component).unwrap()
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

    let whole = Composition::of(curious);
    let code = whole.wasmtime.ask("start()");
    whole.approve(between(&code, "ok(\"", "\")"));
    let progress = whole.wasmtime.ask("poll()");
    assert!(progress.starts_with("ok(\"Connected"), "{progress}");
    let read = whole.wasmtime.ask("look(\"key-credential\")");
    assert!(
        read.starts_with("ok(\"") && read.contains("refresh_token"),
        "{read}"
    );
}

#[test]
fn an_agent_in_python_that_imports_the_connection_alone_signs_in() {
    let stubbed = stubbed();
    let imports = Inspection::of(&stubbed).unwrap().imports;
    assert_eq!(imports, ["chatgpt:oauth/connection@0.1.0"]);

    let whole = Composition::of(stubbed);
    let asked = whole.wasmtime.ask("run()");
    whole.approve(between(&asked, "enter the code ", "."));
    let progress = whole.wasmtime.ask("run()");
    assert!(progress.starts_with("ok(\"Connected"), "{progress}");
    let store = whole.wasmtime.directory.as_deref().unwrap();
    assert!(store.join("key-credential").is_file());
}
