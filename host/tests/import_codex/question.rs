//! What `--take-over` asks a person at a terminal, and what may happen before the answer.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use openai_simulator::Account;
use serde_json::json;

use crate::support::TestEnv;
use crate::{import, pass_when_stored, refreshes, with_login, write_login};

/// Runs a command in a terminal of its own, whose input and output are this process's.
const IN_A_TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// Runs the command in a terminal, does this while its question stands there, and answers.
/// Returns the exit code and what the terminal has shown.
fn answered(
    test: &TestEnv,
    command: Command,
    meanwhile: impl FnOnce(),
    answer: &str,
) -> (Option<i32>, String) {
    let mut python = Command::new("python3");
    python
        .args(["-c", IN_A_TERMINAL])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    let piped = python.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut terminal = child.stdout.take().unwrap();
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("Type yes") {
        let mut bytes = [0; 1024];
        let read = terminal.read(&mut bytes).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&shown));
        shown.extend(&bytes[..read]);
    }
    meanwhile();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{answer}").unwrap();
    let reader = thread::spawn(move || {
        terminal.read_to_end(&mut shown).unwrap();
        shown
    });
    pass_when_stored(test, &mut child);
    let shown = reader.join().unwrap();
    let code = child.wait().unwrap().code();
    (code, String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn another_word_than_yes_takes_nothing_over() {
    let (test, home) = with_login();
    let command = import(&test, &home, &["--take-over"]);
    let (code, shown) = answered(&test, command, || {}, "no");
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("ada@example.com"), "{shown}");
    assert_eq!(test.ask(&["status"])["state"], "not_connected");
    assert!(test.simulator.requests().is_empty());
}

#[test]
fn a_token_that_codex_has_replaced_meanwhile_is_not_presented() {
    let (test, home) = with_login();
    let command = import(&test, &home, &["--take-over"]);
    let replace = || drop(write_login(&test, &home));
    let (code, shown) = answered(&test, command, replace, "yes");
    assert_eq!(code, Some(0), "{shown}");
    let file = fs::read_to_string(home.join("auth.json")).unwrap();
    let presented = refreshes(&test);
    assert_eq!(presented.len(), 1);
    let token = presented[0].json()["refresh_token"].clone();
    assert!(file.contains(token.as_str().unwrap()));
}

#[test]
fn an_account_that_codex_has_signed_in_with_meanwhile_is_not_taken_over() {
    let (test, home) = with_login();
    let grace = Account {
        email: "grace@example.com".into(),
        ..Account::default()
    };
    let mut tokens = test.simulator.issue_tokens(&grace);
    tokens["oauth_provenance"] = json!({"issuer": test.simulator.http_url()});
    let other = json!({"tokens": tokens}).to_string();
    let command = import(&test, &home, &["--take-over"]);
    let replace = || fs::write(home.join("auth.json"), other).unwrap();
    let (code, shown) = answered(&test, command, replace, "yes");
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("grace@example.com"), "{shown}");
    assert_eq!(test.ask(&["status"])["state"], "not_connected");
    assert!(test.simulator.requests().is_empty());
}

#[test]
fn a_login_that_does_not_name_its_account_can_be_agreed_to() {
    let (test, home) = with_login();
    let mut tokens = test.simulator.issue_tokens(&Account::default());
    tokens["oauth_provenance"] = json!({"issuer": test.simulator.http_url()});
    tokens["id_token"] = json!("a.e30.c");
    let login = json!({"tokens": tokens}).to_string();
    fs::write(home.join("auth.json"), login).unwrap();
    let command = import(&test, &home, &["--take-over"]);
    let (code, shown) = answered(&test, command, || {}, "yes");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(test.ask(&["status"])["email"], "ada@example.com");
}
