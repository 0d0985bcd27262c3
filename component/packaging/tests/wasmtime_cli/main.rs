//! The plain wasmtime CLI with a store in files: one process for each call.
//!
//! `login` runs the world that people load. `store` runs a guest that makes more calls
//! to its key-value store than the login does. `agent` runs an agent that is composed with
//! the login.

mod agent;
mod login;
mod store;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A component for the wasmtime CLI, and the directory that the CLI opens to it.
#[derive(Clone)]
struct Wasmtime {
    component: PathBuf,
    directory: Option<PathBuf>,
}

impl Wasmtime {
    /// The process that makes one call.
    fn command(&self, call: &str) -> Command {
        let mut command = Command::new(wasmtime());
        command.args(["run", "--allow-precompiled"]);
        command.args(["-S", "http", "-W", "timeout=100s"]);
        if let Some(directory) = &self.directory {
            command.arg("--dir").arg(directory);
        }
        command.args(["--invoke", call]).arg(&self.component);
        command.stdin(Stdio::null());
        command
    }

    /// Makes one call and returns its output.
    fn ask(&self, call: &str) -> String {
        printed(&mut self.command(call))
    }
}

/// The output of a process that must succeed, even if the call returns an error.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end().to_owned()
}

fn wasmtime() -> PathBuf {
    let wasmtime = env::var_os("WASMTIME_BIN").expect(
        "this test runs the wasmtime CLI: `eval \"$(sh scripts/tools.sh)\"` installs and names it",
    );
    wasmtime.into()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

/// The names of the entries of a directory, in order.
fn names(directory: &Path) -> Vec<String> {
    let entries = directory.read_dir().unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
