//! The situations in which a command runs, and the command's arguments.

use crate::LIFETIME;
use crate::matrix::{Death, run};
use crate::recovery::holds_tokens;
use crate::support::TestEnv;

/// How long after the login every cached value may be requested again, in seconds.
pub const A_WHILE: u64 = 120;

fn command(arguments: &[&str]) -> Vec<String> {
    arguments.iter().copied().map(str::to_owned).collect()
}

fn signed_in(test: &TestEnv, seconds_ago: u64) {
    test.sign_in();
    test.pass(seconds_ago);
}

pub fn nobody_signed_in(_: &TestEnv) -> Vec<String> {
    command(&["start"])
}

pub fn code_waits(test: &TestEnv) -> Vec<String> {
    test.ask(&["start"]);
    command(&["poll"])
}

pub fn code_approved(test: &TestEnv) -> Vec<String> {
    let prompt = test.ask(&["start"]);
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    command(&["poll"])
}

pub fn token_valid(test: &TestEnv) -> Vec<String> {
    signed_in(test, A_WHILE);
    command(&["refresh"])
}

pub fn token_due(test: &TestEnv) -> Vec<String> {
    signed_in(test, LIFETIME - 240);
    command(&["authorize"])
}

pub fn token_expired(test: &TestEnv) -> Vec<String> {
    signed_in(test, LIFETIME);
    command(&["authorize"])
}

pub fn token_refused(test: &TestEnv) -> Vec<String> {
    signed_in(test, A_WHILE);
    let authorization = test.ask(&["authorize"]);
    let fingerprint = authorization["fingerprint"].as_str().unwrap();
    command(&["authorize", "--refused", fingerprint])
}

pub fn models_wanted(test: &TestEnv) -> Vec<String> {
    signed_in(test, A_WHILE);
    command(&["models", "--force"])
}

pub fn usage_wanted(test: &TestEnv) -> Vec<String> {
    signed_in(test, A_WHILE);
    command(&["usage", "--force"])
}

pub fn signing_out(test: &TestEnv) -> Vec<String> {
    signed_in(test, A_WHILE);
    assert!(holds_tokens(test));
    command(&["logout"])
}

pub fn signing_out_everywhere(test: &TestEnv) -> Vec<String> {
    signing_out(test);
    command(&["logout", "--revoke"])
}

/// The record still holds the tokens that are to be revoked.
pub fn logout_interrupted(test: &TestEnv) -> Vec<String> {
    let logout = signing_out_everywhere(test);
    run(
        test,
        &logout,
        Some((Death::Kill, "before send /oauth/revoke")),
    );
    assert!(holds_tokens(test));
    command(&["start"])
}
