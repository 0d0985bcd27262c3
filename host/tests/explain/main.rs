//! Every error code: a test that produces it with the program, and then does what
//! `explain` says, literally.

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

#[test]
fn every_code_is_produced_by_a_test() {
    let tests = [
        include_str!("login.rs"),
        include_str!("service.rs"),
        include_str!("store.rs"),
    ]
    .concat();
    for code in ErrorCode::ALL {
        let produced = format!("\"{}\"", code.name());
        assert!(tests.contains(&produced), "no test produces {produced}");
    }
}

/// Runs a command that fails with this code.
#[track_caller]
fn fails(test: &TestEnv, code: &str, arguments: &[&str]) -> Value {
    fails_of(test.command().args(arguments), code)
}

#[track_caller]
fn fails_of(command: &mut Command, code: &str) -> Value {
    let answer = json(&command.arg("--json").output().unwrap());
    assert_eq!(answer["code"], code, "{answer}");
    answer
}

/// The steps that `explain` prints.
fn steps(test: &TestEnv, code: &str) -> Vec<String> {
    let answer = test.ask(&["explain", code]);
    let steps = answer["explanations"][0]["steps"].as_array().unwrap();
    let text = |step: &Value| step.as_str().unwrap().to_owned();
    steps.iter().map(text).collect()
}

/// Runs a command that `explain` names for this code. It succeeds.
#[track_caller]
fn follow(test: &TestEnv, code: &str, command: &str) {
    let steps = steps(test, code);
    let is_named = steps
        .iter()
        .any(|step| step.contains(&format!("`{command}`")));
    assert!(is_named, "{command}: {steps:?}");
    let words: Vec<_> = command.split(' ').skip(1).collect();
    let output = match words[..] {
        ["login"] => approved(test, &words),
        _ => test.run(&words),
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
fn approved(test: &TestEnv, arguments: &[&str]) -> Output {
    let mut command = test.command();
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    loop {
        let code = test.simulator.pending_codes().pop();
        let is_approved = code.is_some_and(|code| test.simulator.approve(&code).is_ok());
        if is_approved || child.try_wait().unwrap().is_some() {
            return child.wait_with_output().unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
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
