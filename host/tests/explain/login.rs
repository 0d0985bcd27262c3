//! Codes of [`Class::Login`](chatgpt_oauth_answers::Class::Login).

use openai_simulator::{Endpoint, Fault, Revocation};
use serde_json::json;

use crate::support::TestEnv;
use crate::{A_LONG_TIME, approved, expired, fails, fails_with, follow, started};

#[test]
fn without_a_login_there_is_no_token() {
    let test = TestEnv::new();
    fails(&test, "not-connected", &["authorize"]);
    follow(&test, "not-connected", "chatgpt-oauth profiles list");
    follow(&test, "not-connected", "chatgpt-oauth login");
}

#[test]
fn without_a_code_there_is_nothing_to_poll() {
    let test = TestEnv::new();
    fails(&test, "no-pending-login", &["poll"]);
    follow(&test, "no-pending-login", "chatgpt-oauth status");
    follow(&test, "no-pending-login", "chatgpt-oauth login");
}

#[test]
fn an_earlier_code_is_superseded_and_the_latest_is_shown_again() {
    let test = TestEnv::new();
    let first = started(&test);
    test.pass(800);
    let latest = started(&test);
    fails(&test, "login-superseded", &["poll", &first]);
    follow(&test, "login-superseded", "chatgpt-oauth start");
    test.simulator.approve(&latest).unwrap();
    follow(&test, "login-superseded", "chatgpt-oauth poll");
    assert_eq!(test.ask(&["status"])["connected"], true);
}

#[test]
fn a_declined_login_can_begin_again() {
    let test = TestEnv::new();
    test.simulator.deny(&started(&test)).unwrap();
    fails(&test, "login-denied", &["poll"]);
    follow(&test, "login-denied", "chatgpt-oauth login");
}

#[test]
fn after_a_code_has_expired_there_is_a_new_one() {
    let test = TestEnv::new();
    started(&test);
    test.pass(901);
    fails(&test, "login-expired", &["poll"]);
    follow(&test, "login-expired", "chatgpt-oauth login");
}

#[test]
fn after_a_rejected_exchange_there_is_a_new_code() {
    let test = TestEnv::new();
    test.simulator.approve(&started(&test)).unwrap();
    let rejected = Fault::oauth_error(400, "invalid_grant");
    test.simulator.fault(Endpoint::Token, rejected);
    fails(&test, "login-exchange-failed", &["poll"]);
    follow(&test, "login-exchange-failed", "chatgpt-oauth login");
}

#[test]
fn a_login_that_has_ended_needs_a_new_one() {
    let test = expired();
    test.simulator.revoke_all(Revocation::Logout);
    fails(&test, "needs-login", &["refresh"]);
    follow(&test, "needs-login", "chatgpt-oauth login");
}

#[test]
fn a_login_without_a_refresh_token_ends_with_its_access_token() {
    let test = TestEnv::new();
    let without = Fault::patch(json!({"refresh_token": null}));
    test.simulator.fault(Endpoint::Token, without);
    test.sign_in();
    test.pass(A_LONG_TIME);
    fails(&test, "not-refreshable", &["authorize"]);
    follow(&test, "not-refreshable", "chatgpt-oauth login");
}

#[test]
fn another_account_than_the_expected_one_is_signed_out() {
    let test = TestEnv::new();
    let output = approved(&test, &["--json", "login", "--expect", "grace@example.com"]);
    fails_with("account-mismatch", &output);
    assert_eq!(test.ask(&["status"])["connected"], false);
    follow(&test, "account-mismatch", "chatgpt-oauth login");
}

#[test]
fn an_argument_that_cannot_be_used_is_named() {
    let test = TestEnv::new();
    let answer = fails(&test, "invalid-argument", &["--profile", "a b", "status"]);
    assert!(
        answer["error"].to_string().contains("--profile"),
        "{answer}"
    );
    follow(&test, "invalid-argument", "chatgpt-oauth --help");
}
