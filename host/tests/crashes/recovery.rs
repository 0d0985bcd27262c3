//! How a user goes on after a kill, and what must come of it.

use chatgpt_oauth::store::{SqliteStore, Store, StoreKind};
use openai_simulator::Endpoint;
use serde_json::Value;

use crate::LIFETIME;
use crate::matrix::Fate;
use crate::support::TestEnv;

/// When whoever held an intent is certainly not at work any more, in seconds.
const ABANDONED: u64 = 66;

/// Polls until the login is finished, and signs in anew where none waits.
pub fn of_a_login(world: &TestEnv) -> Fate {
    check_readable(world);
    let mut fate = Fate::Well;
    for _ in 0..5 {
        world.pass(ABANDONED);
        let progress = world.ask(&["poll"]);
        match code(&progress) {
            None if progress["status"] == "connected" => {
                assert!(stays_signed_in(world));
                return fate;
            }
            None => approve(world, &progress["pending"]),
            Some("no-pending-login") => approve(world, &world.ask(&["start"])),
            Some("login-exchange-failed") => {
                fate = Fate::SignInAgain;
                approve(world, &world.ask(&["start"]));
            }
            Some(_) => assert_eq!(progress["retryable"], true, "{progress}"),
        }
    }
    panic!("the login comes to no end");
}

/// Goes on asking for a token, until everything of the time of the kill has ended.
pub fn of_a_token(world: &TestEnv) -> Fate {
    check_readable(world);
    world.pass(ABANDONED);
    if gets_a_token(world) && stays_signed_in(world) {
        return Fate::Well;
    }
    world.sign_in();
    assert!(stays_signed_in(world));
    Fate::SignInAgain
}

pub fn of_a_logout(world: &TestEnv) -> Fate {
    check_readable(world);
    assert_eq!(world.ask(&["logout"])["ok"], true);
    check_signed_out(world);
    assert!(world.simulator.requests_to(Endpoint::Revoke).is_empty());
    Fate::Well
}

pub fn of_a_revocation(world: &TestEnv) -> Fate {
    check_readable(world);
    assert_eq!(world.ask(&["logout", "--revoke"])["ok"], true);
    check_revoked(world);
    Fate::Well
}

pub fn of_a_revocation_by_start(world: &TestEnv) -> Fate {
    check_readable(world);
    assert_eq!(world.ask(&["start"])["status"], "pending");
    check_revoked(world);
    Fate::Well
}

fn check_revoked(world: &TestEnv) {
    check_signed_out(world);
    assert!(!world.simulator.requests_to(Endpoint::Revoke).is_empty());
}

fn check_signed_out(world: &TestEnv) {
    for command in ["authorize", "refresh", "models"] {
        assert_eq!(code(&world.ask(&[command])), Some("not-connected"));
    }
    assert!(!holds_tokens(world));
    world.sign_in();
    assert!(gets_a_token(world));
}

/// Whatever was under way, what is stored can be read.
fn check_readable(world: &TestEnv) {
    let status = world.ask(&["status"]);
    assert_eq!(status["ok"], true, "{status}");
}

fn stays_signed_in(world: &TestEnv) -> bool {
    (0..2).all(|_| {
        world.pass(LIFETIME);
        gets_a_token(world)
    })
}

/// Asks for a token, and again when it is told to; false if the login has ended.
fn gets_a_token(world: &TestEnv) -> bool {
    for _ in 0..3 {
        let answer = world.ask(&["authorize"]);
        if answer["ok"] == true || answer["relogin_required"] == true {
            return answer["ok"] == true;
        }
        world.pass(answer["retry_after_seconds"].as_u64().unwrap());
    }
    panic!("no token, and no end of it");
}

fn code(answer: &Value) -> Option<&str> {
    answer["code"].as_str()
}

/// The person types the code, unless it has been approved before.
fn approve(world: &TestEnv, prompt: &Value) {
    let code = prompt["user_code"].as_str().unwrap();
    if world
        .simulator
        .pending_codes()
        .iter()
        .any(|one| one == code)
    {
        world.simulator.approve(code).unwrap();
    }
}

/// A sealed record that holds no token is shorter than this, one that does longer.
const WITHOUT_TOKENS: usize = 250;

/// Whether the store holds tokens.
#[tokio::main(flavor = "current_thread")]
pub async fn holds_tokens(world: &TestEnv) -> bool {
    let store = SqliteStore::open_read_only(world.store(), StoreKind::Test);
    let profile = "default".parse().unwrap();
    let login = store.await.unwrap().read(&profile, "credential").await;
    let login = login.unwrap().and_then(|login| login.value);
    login.is_some_and(|sealed| sealed.len() > WITHOUT_TOKENS)
}
