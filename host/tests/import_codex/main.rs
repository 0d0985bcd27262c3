//! `import codex`: a login of the profile's own for the account of the Codex CLI, or Codex's
//! own login, which then leaves Codex.

#[path = "../../../tests/simulator/tests/codex/mod.rs"]
mod codex;
mod deaths;
mod question;
mod races;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
mod through_serve;
mod with_codex;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use openai_simulator::{Account, Endpoint, RecordedRequest};
use serde_json::{Value, json};
use support::TestEnv;

const TAKE_OVER: [&str; 2] = ["--take-over", "--yes"];

/// `import codex` with Codex's home. It notes the points that it passes.
fn import(test: &TestEnv, home: &Path, options: &[&str]) -> Command {
    let mut command = test.command();
    command
        .env("CODEX_HOME", home)
        .env("CHATGPT_OAUTH_TEST_POINTS", test.path("points"))
        .args(["--json", "import", "codex"])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The points that `import codex` has passed until now.
fn passed(test: &TestEnv) -> String {
    std::fs::read_to_string(test.path("points")).unwrap_or_default()
}

/// Runs a command while this account approves the code that it shows.
fn approved(test: &TestEnv, mut command: Command, account: usize) -> Output {
    let mut child = command.spawn().unwrap();
    let is_approved = || {
        let code = test.simulator.pending_codes().pop();
        code.is_some_and(|code| test.simulator.approve_as(&code, account).is_ok())
    };
    while child.try_wait().unwrap().is_none() && !is_approved() {
        thread::sleep(Duration::from_millis(20));
    }
    test.output_in_time(child)
}

/// Runs a command that takes a login over.
fn in_time(test: &TestEnv, mut command: Command) -> Output {
    let mut child = command.spawn().unwrap();
    pass_when_stored(test, &mut child);
    child.wait_with_output().unwrap()
}

/// Lets a second pass when a take-over has stored the login: the component waits that long for
/// the access token. Then the clock stands again, so that a slow refresh is young enough to send.
fn pass_when_stored(test: &TestEnv, child: &mut Child) {
    let is_stored = || passed(test).contains("after set credential");
    while child.try_wait().unwrap().is_none() && !is_stored() {
        thread::sleep(Duration::from_millis(20));
    }
    test.pass(1);
}

/// An environment with the home of a Codex that is signed in.
fn with_login() -> (TestEnv, PathBuf) {
    let test = TestEnv::new();
    let home = test.path("codex");
    write_login(&test, &home);
    (test, home)
}

/// Takes Codex's login over into the profile, which succeeds.
#[track_caller]
fn take_over(test: &TestEnv, home: &Path) {
    let taken = in_time(test, import(test, home, &TAKE_OVER));
    let answer = support::json(&taken);
    assert_eq!(answer["status"], "connected", "{answer}");
}

#[track_caller]
fn is_refused(output: &Output, code: &str, about: &str) -> Value {
    let refused = support::json(output);
    assert_eq!(refused["code"], code, "{refused}");
    assert!(refused.to_string().contains(about), "{refused}");
    refused
}

/// Writes the file of a Codex that has signed in at the simulator.
fn write_login(test: &TestEnv, home: &Path) -> Vec<u8> {
    let mut tokens = test.simulator.issue_tokens(&Account::default());
    tokens["oauth_provenance"] = json!({"issuer": test.simulator.http_url()});
    let login = json!({"OPENAI_API_KEY": null, "tokens": tokens});
    std::fs::create_dir_all(home).unwrap();
    std::fs::write(home.join("auth.json"), login.to_string()).unwrap();
    login.to_string().into_bytes()
}

/// The presentations of refresh tokens.
fn refreshes(test: &TestEnv) -> Vec<RecordedRequest> {
    let mut requests = test.simulator.requests_to(Endpoint::Token);
    requests.retain(|request| {
        let body = String::from_utf8_lossy(&request.body);
        body.contains("refresh_token") && !body.contains("authorization_code")
    });
    requests
}
