//! What is refused, and that nothing is sent or changed then.

use std::fs;
use std::process::Command;

use openai_simulator::{Account, Endpoint, Fault, Revocation};
use serde_json::json;

use crate::support::TestEnv;
use crate::{
    TAKE_OVER, import, in_time, is_refused, refreshes, take_over, with_login, write_login,
};

#[test]
fn a_login_is_taken_over_once() {
    let (test, home) = with_login();
    take_over(&test, &home);
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
    take_over(&test, &home);
}

#[test]
fn a_code_that_waits_beside_an_ended_login_stays_the_persons() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(120);
    test.simulator.revoke_all(Revocation::Logout);
    assert_eq!(test.ask(&["refresh"])["code"], "needs-login");
    let home = test.path("codex");
    write_login(&test, &home);
    let code = test.ask(&["start"])["user_code"].clone();

    let refused = import(&test, &home, &TAKE_OVER).output().unwrap();
    is_refused(&refused, "invalid-argument", "logout");
    test.simulator.approve(code.as_str().unwrap()).unwrap();
    assert_eq!(test.ask(&["poll"])["status"], "connected");

    // The refusal has not spent it.
    test.ask(&["logout"]);
    take_over(&test, &home);
}

#[test]
fn an_unreadable_login_is_named_and_nothing_is_spent() {
    let (test, home) = with_login();
    test.sign_in();
    let key_file = test.store().with_file_name("test.db.key");
    let right = fs::read(&key_file).unwrap();
    fs::write(&key_file, "ab".repeat(32)).unwrap();
    let refused = import(&test, &home, &TAKE_OVER).output().unwrap();
    is_refused(&refused, "key-unknown", "key");
    fs::write(&key_file, right).unwrap();
    test.ask(&["logout"]);
    take_over(&test, &home);
}

#[test]
fn an_account_that_is_not_the_expected_one_is_refused_before_anything_is_sent() {
    let (test, home) = with_login();
    for mode in [&[][..], &TAKE_OVER] {
        let options = [mode, &["--expect", "grace@example.com"]].concat();
        let output = import(&test, &home, &options).output().unwrap();
        let about = "grace@example.com was expected";
        is_refused(&output, "invalid-argument", about);
    }
    assert!(test.simulator.requests().is_empty());
    let options = [&TAKE_OVER[..], &["--expect", "Ada@Example.com"]].concat();
    let taken = in_time(&test, import(&test, &home, &options));
    assert!(taken.status.success(), "{taken:?}");
}

#[test]
fn a_refresh_token_that_the_component_would_not_take_is_refused() {
    let (test, home) = with_login();
    for token in ["a b", "t\u{f6}k\u{e9}n", &"a".repeat(4097)] {
        let login = json!({"tokens": {
            "refresh_token": token,
            "oauth_provenance": {"issuer": test.simulator.http_url()},
        }});
        fs::write(home.join("auth.json"), login.to_string()).unwrap();
        let output = import(&test, &home, &TAKE_OVER).output().unwrap();
        is_refused(&output, "invalid-argument", "refresh token");
    }
    assert_eq!(test.ask(&["status"])["pending"], json!(null));
}

#[test]
fn a_file_that_cannot_be_codexs_is_named_at_once() {
    let (test, home) = with_login();
    let pipe = test.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let large = test.path("large");
    fs::write(&large, vec![b' '; (1 << 20) + 1]).unwrap();
    for (file, about) in [
        (&pipe, "regular file"),
        (&home, "regular file"),
        (&large, "too large"),
    ] {
        let options = ["--file", file.to_str().unwrap()];
        let output = import(&test, &home, &options).output().unwrap();
        is_refused(&output, "invalid-argument", about);
    }
}

#[test]
fn without_a_terminal_a_take_over_needs_yes() {
    let (test, home) = with_login();
    let output = import(&test, &home, &["--take-over"]).output().unwrap();
    is_refused(&output, "invalid-argument", "--yes");
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
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("has moved") && said.contains("codex login"),
        "{said}"
    );
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
