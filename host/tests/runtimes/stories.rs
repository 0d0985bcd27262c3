//! The tests that every runtime runs.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use openai_simulator::{Endpoint, Fault};
use serde_json::Value;
use tempfile::TempDir;

use crate::test_env::TestEnv;

/// A runtime with an example's programs.
pub trait Runtime {
    /// A process that calls one function on the login in `directory`, with a wall clock
    /// that is this many seconds ahead.
    fn call(&self, directory: &Path, function: &str, ahead: u64) -> Command;

    /// A process that does a whole login in `directory`.
    fn sign_in(&self, directory: &Path) -> Command;

    /// The name of a field of the WIT in this runtime's answers.
    fn field(&self, name: &str) -> String;
}

/// A person with a directory, and the processes that run for them.
struct Person<'a, R> {
    runtime: &'a R,
    test: &'a TestEnv,
    directory: TempDir,
}

impl<'a, R: Runtime> Person<'a, R> {
    fn new(runtime: &'a R, test: &'a TestEnv) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            runtime,
            test,
            directory,
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.directory.path()).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }

    /// Runs a function in a new process; returns its answer and whether it succeeded.
    #[track_caller]
    fn ask_later(&self, function: &str, ahead: u64) -> (Value, bool) {
        let mut command = self.runtime.call(self.directory.path(), function, ahead);
        let output = command.output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        for secret in self.test.simulator.secrets() {
            assert!(!stdout.contains(&secret.value), "{:?}", secret.kind);
            assert!(!stderr.contains(&secret.value), "{:?}", secret.kind);
        }
        let answer = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{function}: {error}: {stdout}{stderr}"));
        (answer, output.status.success())
    }

    #[track_caller]
    fn ask(&self, function: &str) -> Value {
        let (answer, is_well) = self.ask_later(function, 0);
        assert!(is_well, "{function}: {answer}");
        answer
    }

    /// The code of an answer that is an error.
    #[track_caller]
    fn failure(&self, function: &str, ahead: u64) -> Value {
        let (answer, is_well) = self.ask_later(function, ahead);
        assert!(!is_well, "{function}: {answer}");
        answer["code"].clone()
    }

    fn get<'v>(&self, answer: &'v Value, name: &str) -> &'v Value {
        &answer[self.runtime.field(name)]
    }

    /// Begins a login and returns the code for the person.
    #[track_caller]
    fn start(&self) -> String {
        let prompt = self.ask("start");
        let code = self.get(&prompt["pending"], "user_code");
        code.as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn signed_in(self) -> Self {
        let code = self.start();
        self.test.simulator.approve(&code).unwrap();
        assert_eq!(self.ask("poll")["status"], "connected");
        self
    }
}

pub fn a_login_survives_its_process(runtime: &impl Runtime, test: &TestEnv) {
    let person = Person::new(runtime, test);
    assert_eq!(person.ask("status")["state"], "not-connected");
    assert_eq!(person.files(), [] as [PathBuf; 0]);

    let code = person.start();
    assert_eq!(person.ask("poll")["status"], "pending");
    assert_eq!(person.ask("status")["state"], "pending");
    test.simulator.approve(&code).unwrap();
    let (progress, _) = person.ask_later("poll", 5);
    assert_eq!(progress["status"], "connected");

    let status = person.ask("status");
    assert_eq!(status["state"], "connected");
    assert_eq!(status["email"], "ada@example.com");
    assert_eq!(person.ask("models")["source"], "cache");
    assert_eq!(person.ask_later("models", 400).0["source"], "api");
    assert_eq!(person.ask("usage")["plan"], "plus");

    let exchanges = test.simulator.requests_to(Endpoint::Token).len();
    assert!(person.ask_later("refresh", 120).1);
    let refreshed = test.simulator.requests_to(Endpoint::Token).len();
    assert_eq!(refreshed, exchanges + 1);

    assert_eq!(person.ask("logout")["status"], "disconnected");
    assert_eq!(person.ask("status")["state"], "not-connected");
    assert_eq!(person.failure("refresh", 0), "not-connected");
}

pub fn the_login_program_waits_for_the_person(runtime: &impl Runtime, test: &TestEnv) {
    let person = Person::new(runtime, test);
    let mut command = runtime.sign_in(person.directory.path());
    let mut program = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(program.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let instructions = shown.next().unwrap();
    let (_, code) = instructions.split_once("enter the code ").unwrap();
    let (code, _) = code.split_once('.').unwrap();
    assert!(shown.next().unwrap().starts_with("Press Enter"));
    test.simulator.approve(code).unwrap();
    // The input is one line and then stays open: the program must not wait for more.
    let mut keyboard = program.stdin.take().unwrap();
    keyboard.write_all(b"\n").unwrap();
    drop(keyboard);
    let lines: Vec<String> = shown.collect();
    assert!(program.wait().unwrap().success(), "{lines:?}");
    assert!(lines[0].starts_with("Connected."), "{lines:?}");
    assert!(
        lines[1].starts_with("Signed in as ada@example.com (plus)"),
        "{lines:?}"
    );
    assert!(lines[2].trim().starts_with("openai-codex/"), "{lines:?}");
}

pub fn nobody_else_can_read_what_is_stored(runtime: &impl Runtime, test: &TestEnv) {
    let person = Person::new(runtime, test).signed_in();
    let files = person.files();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let permissions = file.metadata().unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600, "{file:?}");
        assert_eq!(file.extension().unwrap(), "value", "{file:?}");
    }
}

pub fn a_directory_that_is_missing_is_a_store_that_does_not_work(
    runtime: &impl Runtime,
    test: &TestEnv,
) {
    let person = Person::new(runtime, test);
    std::fs::remove_dir(person.directory.path()).unwrap();
    for function in ["status", "start"] {
        assert_eq!(person.failure(function, 0), "store-unavailable");
    }
    assert!(!person.directory.path().exists());
    assert_eq!(test.simulator.requests().len(), 0);
}

pub fn a_declined_login_and_a_late_one_say_so(runtime: &impl Runtime, test: &TestEnv) {
    let person = Person::new(runtime, test);
    test.simulator.deny(&person.start()).unwrap();
    assert_eq!(person.failure("poll", 0), "login-denied");
    test.simulator.expire_code(&person.start()).unwrap();
    assert_eq!(person.failure("poll", 0), "login-expired");
    assert_eq!(person.ask("status")["state"], "not-connected");
    assert_eq!(person.failure("poll", 0), "no-pending-login");
}

/// `unchanged` is the example as it is: its policy does not contain the simulator.
pub fn what_is_not_on_the_list_is_not_reached(unchanged: &impl Runtime, test: &TestEnv) {
    let person = Person::new(unchanged, test);
    assert_eq!(person.failure("start", 0), "egress-denied");
    assert_eq!(test.simulator.requests().len(), 0);
}

pub fn a_refresh_without_an_answer_has_an_unknown_outcome(
    runtime: &impl Runtime,
    test: &TestEnv,
    lost: Fault,
) {
    let person = Person::new(runtime, test).signed_in();
    test.simulator.fault(Endpoint::Token, lost);
    assert_eq!(person.failure("refresh", 120), "refresh-uncertain");
    let asked = test.simulator.requests_to(Endpoint::Token).len();
    assert_eq!(person.ask("status")["state"], "uncertain");
    assert_eq!(person.failure("refresh", 125), "refresh-uncertain");
    assert_eq!(test.simulator.requests_to(Endpoint::Token).len(), asked);
}

/// Only for runtimes whose writes are conditional.
pub fn two_processes_at_once_present_a_refresh_token_once(runtime: &impl Runtime, test: &TestEnv) {
    let person = Person::new(runtime, test).signed_in();
    let exchanges = test.simulator.requests_to(Endpoint::Token).len();
    for round in 1..=6 {
        let refreshes = [(); 2].map(|()| {
            let mut refresh = runtime.call(person.directory.path(), "refresh", round * 120);
            refresh.stdout(Stdio::piped()).spawn().unwrap()
        });
        let outputs = refreshes.map(|refresh| refresh.wait_with_output().unwrap());
        assert!(
            outputs.iter().any(|output| output.status.success()),
            "{outputs:?}"
        );
        assert_eq!(person.ask("status")["state"], "connected");
    }
    let refreshed = test.simulator.requests_to(Endpoint::Token).len();
    assert_eq!(refreshed, exchanges + 6);
    for token in test.simulator.presentations() {
        assert!(token.presentations.len() <= 1, "{token:?}");
    }
}
