//! Every error code: a test that produces it with the program, and then does what
//! `explain` says, literally.

mod database;
mod login;
mod page;
mod service;
mod store;
#[path = "../support/mod.rs"]
mod support;

use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use chatgpt_oauth_answers::ErrorCode;
use serde_json::Value;
use support::{TestEnv, json};

/// Longer than the lifetime of the simulator's access tokens, in seconds.
const A_LONG_TIME: u64 = 900_000;

/// The calls in these files of [`fails`], [`fails_with`], [`follow`] and `passes`, which takes
/// the steps that it follows. Without white space, as rustfmt may break the lines.
fn tests() -> String {
    let files = [
        include_str!("database.rs"),
        include_str!("login.rs"),
        include_str!("service.rs"),
        include_str!("store.rs"),
    ];
    without_space(&files.concat())
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The commands in a step: what stands in backticks and begins with the name of the program.
fn commands(step: &str) -> impl Iterator<Item = &str> {
    let quoted = step.split('`').skip(1).step_by(2);
    quoted.filter(|text| text.starts_with("chatgpt-oauth "))
}

#[test]
fn every_code_is_produced_by_a_test() {
    let tests = tests();
    for code in ErrorCode::ALL {
        let name = code.name();
        let calls = [
            format!("fails(&test,\"{name}\""),
            format!("fails_with(\"{name}\""),
            format!("passes(\"{name}\""),
        ];
        let is_produced = calls.iter().any(|call| tests.contains(call));
        assert!(is_produced, "no test produces {name}");
    }
}

#[test]
fn every_command_of_an_entry_is_followed_by_a_test() {
    let tests = tests();
    for code in ErrorCode::ALL {
        let name = code.name();
        let passes = tests.split(&format!("passes(\"{name}\",")).nth(1);
        let passes = passes.and_then(|rest| rest.split(");").next());
        for command in code.explanation().steps.iter().copied().flat_map(commands) {
            let command = without_space(command);
            let call = format!("follow(&test,\"{name}\",\"{command}\"");
            let is_step = passes.is_some_and(|call| call.contains(&format!("\"{command}\"")));
            assert!(
                is_step || tests.contains(&call),
                "no test follows {command} of {name}"
            );
        }
    }
}

/// The program with a store, and the simulator that it reaches.
trait Environment {
    fn program(&self) -> Command;

    fn env(&self) -> &TestEnv;
}

impl Environment for TestEnv {
    fn program(&self) -> Command {
        self.command()
    }

    fn env(&self) -> &TestEnv {
        self
    }
}

/// Runs a command that fails with this code.
#[track_caller]
fn fails(test: &impl Environment, code: &str, arguments: &[&str]) -> Value {
    let output = test.program().arg("--json").args(arguments).output();
    fails_with(code, &output.unwrap())
}

/// The answer of a command that has failed with this code.
#[track_caller]
fn fails_with(code: &str, output: &Output) -> Value {
    let answer = json(output);
    assert_eq!(answer["code"], code, "{answer}");
    answer
}

/// The steps that `explain` prints.
fn steps(test: &impl Environment, code: &str) -> Vec<String> {
    let answer = test.env().ask(&["explain", code]);
    let steps = answer["explanations"][0]["steps"].as_array().unwrap();
    let text = |step: &Value| step.as_str().unwrap().to_owned();
    steps.iter().map(text).collect()
}

/// Runs a command that `explain` names for this code. It succeeds.
#[track_caller]
fn follow(test: &impl Environment, code: &str, command: &str) {
    let steps = steps(test, code);
    let mut named = steps.iter().flat_map(|step| commands(step));
    assert!(named.any(|it| it == command), "{command}: {steps:?}");
    let words: Vec<_> = command.split(' ').skip(1).collect();
    let output = match words[..] {
        ["login"] => approved(test, &words),
        _ => test.program().args(&words).output().unwrap(),
    };
    assert!(output.status.success(), "{command}: {output:?}");
}

/// Repeats a command, as `explain` says for this code. It succeeds.
#[track_caller]
fn repeat(test: &TestEnv, code: &str, arguments: &[&str]) {
    let steps = steps(test, code);
    let says_so = |step: &String| step.to_lowercase().contains("repeat the command");
    assert!(steps.iter().any(says_so), "{steps:?}");
    let answer = test.ask(arguments);
    assert_eq!(answer["ok"], true, "{answer}");
}

/// Runs a command that shows a code, while a person approves the code.
fn approved(test: &impl Environment, arguments: &[&str]) -> Output {
    let mut command = test.program();
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let simulator = &test.env().simulator;
    let is_approved = || {
        let code = simulator.pending_codes().pop();
        code.is_some_and(|code| simulator.approve(&code).is_ok())
    };
    while child.try_wait().unwrap().is_none() && !is_approved() {
        thread::sleep(Duration::from_millis(20));
    }
    test.env().output_in_time(child)
}

/// Signs in, and lets the access token expire.
fn expired() -> TestEnv {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(A_LONG_TIME);
    test
}

/// The code of a login that waits.
fn started(test: &TestEnv) -> String {
    let prompt = test.ask(&["start"]);
    prompt["user_code"].as_str().unwrap().to_owned()
}
