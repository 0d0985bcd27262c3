//! The environment of a test of the program: that of the library's tests, and the
//! program with the options of that environment.

#![allow(dead_code, reason = "each test binary uses its part of it")]

pub mod hosts_file;
pub mod proxy;
pub mod serve;
pub mod socks;
pub mod sql;

#[path = "../../runtime/tests/support/mod.rs"]
mod library;

use std::path::Path;
use std::process::{Child, Command, Output};
use std::thread;
use std::time::Duration;

pub use library::*;
use serde_json::Value;

/// The bound against a hang: no step of a test takes as long.
pub const LONG: Duration = Duration::from_secs(60);

/// Whether an answer has one of these codes and may be repeated. A busy machine is too slow for
/// a connection or for the store now and then.
pub fn is_late(answer: &Value, codes: &[&str]) -> bool {
    let code = answer["code"].as_str();
    answer["retryable"] == true && code.is_some_and(|code| codes.contains(&code))
}

impl TestEnv {
    /// The program with the options of this environment, and without the variables of
    /// this process.
    pub fn command(&self) -> Command {
        let mut command = self.command_without_store();
        command.arg("--store");
        command.arg(format!("sqlite:{}", self.store().display()));
        command
    }

    /// The same without a store.
    pub fn command_without_store(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
        command
            .env_remove("CHATGPT_OAUTH_PROFILE")
            .env_remove("CHATGPT_OAUTH_KEY_FILE")
            .env_remove("CREDENTIALS_DIRECTORY")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env("TZ", "UTC")
            .env("CHATGPT_OAUTH_TEST_CLOCK", self.clock())
            .env("XDG_STATE_HOME", self.path("state"))
            // Reading the machine's own roots takes longer than a request.
            .env("SSL_CERT_FILE", "/dev/null")
            .args(self.connection_options());
        command
    }

    /// The same, started by another program: its name and first arguments.
    pub fn wrapped(&self, by: &[&str]) -> Command {
        let program = self.command();
        let mut command = Command::new(by[0]);
        command
            .args(&by[1..])
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Gives all files to another user.
    pub fn give_to(&self, user: u32) {
        let mut chown = Command::new("chown");
        let chown = chown.args(["-R", &format!("{user}:{user}")]);
        assert!(chown.arg(self.directory.path()).status().unwrap().success());
    }

    /// The options that make the program use this store and this simulator.
    pub fn options(&self) -> Vec<String> {
        let store = format!("sqlite:{}", self.store().display());
        let mut options = self.connection_options();
        options.extend(["--store".to_owned(), store]);
        options
    }

    fn connection_options(&self) -> Vec<String> {
        let [auth, backend] = self.simulator.connect_to();
        let ca = self.path("ca.pem").display().to_string();
        let options = [
            ["--cacert", &ca],
            ["--connect-to", &auth],
            ["--connect-to", &backend],
        ];
        options.concat().into_iter().map(str::to_owned).collect()
    }

    /// Signs in with two processes and returns the answer of the second.
    #[track_caller]
    pub fn sign_in(&self) -> Value {
        let prompt = self.ask(&["start"]);
        let code = prompt["user_code"].as_str().unwrap();
        self.simulator.approve(code).unwrap();
        let poll = ["poll", prompt["pending_id"].as_str().unwrap()];
        let progress = self.ask(&poll);
        assert_eq!(progress["status"], "connected", "{progress}");
        if progress["models_count"].is_null() || progress["usage"].is_null() {
            // On a busy machine, a login is finished without them.
            self.ask(&["models"]);
            self.ask(&["usage"]);
            return self.ask(&poll);
        }
        progress
    }

    /// Makes a key of a profile with one scope, and returns its text.
    #[track_caller]
    pub fn key(&self, profile: &str, scope: &str) -> String {
        let file = self.path(&format!("{profile}-{scope}.key"));
        let output = file.display().to_string();
        let create = ["keys", "create", "--scope", scope, "--output", &output];
        let made = self.ask(&[&["--profile", profile], &create[..]].concat());
        assert_eq!(made["ok"], true, "{made}");
        std::fs::read_to_string(file).unwrap().trim().to_owned()
    }

    /// The output of a program that waits by this machine's clock for what the component
    /// allows by the clock of the test: until it ends, both go on together.
    pub fn output_in_time(&self, mut child: Child) -> Output {
        let mut ticks = 0_u32;
        while child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(20));
            ticks += 1;
            if ticks.is_multiple_of(50) {
                self.pass(1);
            }
        }
        child.wait_with_output().unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Runs a command with `--json` and returns what it prints, which must be one JSON
    /// object and nothing else.
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.command().arg("--json").args(arguments).output();
        json(&output.unwrap())
    }
}

/// The one JSON object on standard output.
#[track_caller]
pub fn json(output: &Output) -> Value {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        panic!("{error}: {text:?}, and on standard error: {stderr}")
    });
    assert!(value.is_object(), "{value}");
    value
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
