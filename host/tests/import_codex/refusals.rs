//! What is refused, and that nothing is sent or changed then.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use openai_simulator::{Account, Endpoint, Fault};
use serde_json::{Value, json};

use crate::support::{TestEnv, json as answer};
use crate::{import, in_time, refreshes, write_login};

const TAKE_OVER: [&str; 2] = ["--take-over", "--yes"];

/// An environment with the home of a Codex that is signed in.
fn with_login() -> (TestEnv, PathBuf) {
    let test = TestEnv::new();
    let home = test.path("codex");
    write_login(&test, &home);
    (test, home)
}

#[track_caller]
fn is_refused(output: &Output, code: &str, about: &str) -> Value {
    let refused = answer(output);
    assert_eq!(refused["code"], code, "{refused}");
    assert!(refused.to_string().contains(about), "{refused}");
    refused
}

#[test]
fn a_login_is_taken_over_once() {
    let (test, home) = with_login();
    let taken = in_time(&test, import(&test, &home, &TAKE_OVER));
    assert_eq!(answer(&taken)["status"], "connected", "{taken:?}");
    assert_eq!(test.ask(&["logout"])["ok"], true);
    let before = refreshes(&test).len();

    for profile in ["default", "other"] {
        let mut again = import(&test, &home, &TAKE_OVER);
        again.args(["--profile", profile]);
        let again = again.output().unwrap();
        is_refused(&again, "needs-login", "taken over before");
        assert_eq!(
            test.ask(&["--profile", profile, "status"])["state"],
            "not_connected"
        );
    }
    assert_eq!(refreshes(&test).len(), before);
}

#[test]
fn a_profile_with_a_login_or_a_code_keeps_it() {
    let (test, home) = with_login();
    test.ask(&["start"]);
    let waiting = import(&test, &home, &TAKE_OVER).output().unwrap();
    is_refused(&waiting, "invalid-argument", "logout");
    assert_eq!(test.ask(&["status"])["state"], "pending");

    test.ask(&["logout"]);
    test.sign_in();
    let signed_in = import(&test, &home, &TAKE_OVER).output().unwrap();
    is_refused(&signed_in, "invalid-argument", "logout");
    assert_eq!(test.ask(&["status"])["state"], "connected");
    assert!(refreshes(&test).is_empty());

    // The refusals have not spent it.
    test.ask(&["logout"]);
    let taken = in_time(&test, import(&test, &home, &TAKE_OVER));
    assert_eq!(answer(&taken)["status"], "connected", "{taken:?}");
}

#[test]
fn without_a_terminal_a_take_over_needs_yes() {
    let (test, home) = with_login();
    let output = import(&test, &home, &["--take-over"]).output().unwrap();
    is_refused(&output, "invalid-argument", "--yes");
    assert!(test.simulator.requests().is_empty());
}

#[test]
fn another_word_than_yes_takes_nothing_over() {
    let (test, home) = with_login();
    let command = import(&test, &home, &["--take-over"]);
    let script = "
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
os.write(terminal, b'no\\n')
try:
    while os.read(terminal, 4096):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";
    let mut python = Command::new("python3");
    python
        .args(["-c", script])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    assert_eq!(python.status().unwrap().code(), Some(2));
    assert_eq!(test.ask(&["status"])["state"], "not_connected");
    assert!(test.simulator.requests().is_empty());
}

#[test]
fn a_real_login_is_never_sent_to_a_simulator() {
    let (test, home) = with_login();
    let tokens = test.simulator.issue_tokens(&Account::default());
    for provenance in [json!(null), json!({"issuer": "https://auth.openai.com"})] {
        let mut tokens = tokens.clone();
        tokens["oauth_provenance"] = provenance;
        let login = json!({"tokens": tokens}).to_string();
        fs::write(home.join("auth.json"), login).unwrap();
        let output = import(&test, &home, &TAKE_OVER).output().unwrap();
        is_refused(&output, "invalid-argument", "never sent elsewhere");
    }
    assert!(test.simulator.requests().is_empty());
}

#[test]
fn a_token_that_the_service_does_not_take_signs_no_one_in() {
    let (test, home) = with_login();
    let refused = Fault::token_refused("refresh_token_reused");
    test.simulator.fault(Endpoint::Token, refused);
    let output = in_time(&test, import(&test, &home, &TAKE_OVER));
    let refused = is_refused(&output, "needs-login", "refresh_token_reused");
    assert_eq!(refused["relogin_required"], true);
    assert_eq!(test.ask(&["status"])["connected"], false);
}

#[test]
fn a_login_that_could_not_be_presented_is_kept_and_presented_later() {
    let (test, home) = with_login();
    test.simulator.fault(
        Endpoint::Token,
        Fault::openai_error(503, "server_is_overloaded", "later"),
    );
    let output = in_time(&test, import(&test, &home, &TAKE_OVER));
    is_refused(&output, "upstream-error", "");
    test.pass(120);
    assert_eq!(test.ask(&["refresh"])["ok"], true);
    assert_eq!(test.ask(&["status"])["email"], "ada@example.com");
}

#[test]
fn a_login_elsewhere_than_in_the_file_is_named() {
    let test = TestEnv::new();
    let home = test.path("codex");
    let refusal = || {
        let output = import(&test, &home, &[]).output().unwrap();
        is_refused(&output, "invalid-argument", "chatgpt-oauth login")["error"].to_string()
    };
    assert!(refusal().contains("not signed in"), "{}", refusal());
    fs::create_dir(&home).unwrap();
    let configuration = home.join("config.toml");
    for kept_in in ["keyring", "auto"] {
        let line = format!("cli_auth_credentials_store = \"{kept_in}\"\n");
        fs::write(&configuration, line).unwrap();
        assert!(refusal().contains("keyring"), "{kept_in}: {}", refusal());
    }
    // `auto` falls back to the file.
    write_login(&test, &home);
    let output = import(&test, &home, &["--take-over"]).output().unwrap();
    is_refused(&output, "invalid-argument", "--yes");
    fs::write(
        home.join("auth.json"),
        r#"{"OPENAI_API_KEY":"CANARY","tokens":null}"#,
    )
    .unwrap();
    assert!(refusal().contains("API key") && !refusal().contains("CANARY"));
    assert!(test.simulator.requests().is_empty());
}
