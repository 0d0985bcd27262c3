//! How a user continues after a kill, and the expected result.

use chatgpt_oauth::store::{SqliteStore, Store, StoreKind};
use openai_simulator::Endpoint;
use serde_json::Value;

use crate::LIFETIME;
use crate::matrix::Cost;
use crate::support::TestEnv;

/// The age at which an intent counts as abandoned, with a margin, in seconds.
const ABANDONED: u64 = 66;

/// Polls until the login is finished, and begins a new one when none waits.
pub fn of_a_login(test: &TestEnv) -> Cost {
    check_readable(test);
    let mut cost = Cost::Nothing;
    for _ in 0..5 {
        test.pass(ABANDONED);
        let progress = test.ask(&["poll"]);
        match code(&progress) {
            None if progress["status"] == "connected" => {
                assert!(stays_signed_in(test));
                return cost;
            }
            None => approve(test, &progress["pending"]),
            Some("no-pending-login") => approve(test, &test.ask(&["start"])),
            Some("login-exchange-failed") => {
                cost = Cost::SignInAgain;
                approve(test, &test.ask(&["start"]));
            }
            Some(_) => assert_eq!(progress["retryable"], true, "{progress}"),
        }
    }
    panic!("the login comes to no end");
}

/// Asks for a token until every token of the time of the kill has expired.
pub fn of_a_token(test: &TestEnv) -> Cost {
    check_readable(test);
    test.pass(ABANDONED);
    if gets_a_token(test) && stays_signed_in(test) {
        return Cost::Nothing;
    }
    test.sign_in();
    assert!(stays_signed_in(test));
    Cost::SignInAgain
}

pub fn of_a_logout(test: &TestEnv) -> Cost {
    check_readable(test);
    assert_eq!(test.ask(&["logout"])["ok"], true);
    check_signed_out(test);
    assert!(test.simulator.requests_to(Endpoint::Revoke).is_empty());
    Cost::Nothing
}

pub fn of_a_revocation(test: &TestEnv) -> Cost {
    check_readable(test);
    assert_eq!(test.ask(&["logout", "--revoke"])["ok"], true);
    check_revoked(test);
    Cost::Nothing
}

pub fn of_a_revocation_by_start(test: &TestEnv) -> Cost {
    check_readable(test);
    assert_eq!(test.ask(&["start"])["status"], "pending");
    check_revoked(test);
    Cost::Nothing
}

fn check_revoked(test: &TestEnv) {
    check_signed_out(test);
    assert!(!test.simulator.requests_to(Endpoint::Revoke).is_empty());
}

fn check_signed_out(test: &TestEnv) {
    for command in ["authorize", "refresh", "models"] {
        assert_eq!(code(&test.ask(&[command])), Some("not-connected"));
    }
    assert!(!holds_tokens(test));
    test.sign_in();
    assert!(gets_a_token(test));
}

/// Asserts that the stored values can be read.
fn check_readable(test: &TestEnv) {
    let status = test.ask(&["status"]);
    assert_eq!(status["ok"], true, "{status}");
}

fn stays_signed_in(test: &TestEnv) -> bool {
    (0..2).all(|_| {
        test.pass(LIFETIME);
        gets_a_token(test)
    })
}

/// Asks for a token, and retries when the answer says so; false if the login is lost.
fn gets_a_token(test: &TestEnv) -> bool {
    for _ in 0..3 {
        let answer = test.ask(&["authorize"]);
        if answer["ok"] == true || answer["relogin_required"] == true {
            return answer["ok"] == true;
        }
        test.pass(answer["retry_after_seconds"].as_u64().unwrap_or(1));
    }
    panic!("no token, and no end of it");
}

fn code(answer: &Value) -> Option<&str> {
    answer["code"].as_str()
}

/// The person types the code, unless it is approved already.
fn approve(test: &TestEnv, prompt: &Value) {
    let code = prompt["user_code"].as_str().unwrap();
    if test.simulator.pending_codes().iter().any(|one| one == code) {
        test.simulator.approve(code).unwrap();
    }
}

/// The size of a sealed record, in bytes, between one without tokens and one with
/// tokens.
const WITHOUT_TOKENS: usize = 250;

/// Whether the store holds tokens.
#[tokio::main(flavor = "current_thread")]
pub async fn holds_tokens(test: &TestEnv) -> bool {
    let store = SqliteStore::open_read_only(test.store(), StoreKind::Test);
    let profile = "default".parse().unwrap();
    let login = store.await.unwrap().read(&profile, "credential").await;
    let login = login.unwrap().and_then(|login| login.value);
    login.is_some_and(|sealed| sealed.len() > WITHOUT_TOKENS)
}
