//! Stores that earlier commits of the program have written: this program reads and uses
//! them.
//!
//! `scripts/store-fixture.sh` creates each folder of `fixtures/` with the program of
//! the commit in its name.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use openai_simulator::{Account, Outcome};
use serde_json::Value;
use support::TestEnv;

/// How long the access tokens of the fixtures last, in seconds.
const LIFETIME: u64 = 3600;
/// How much of its lifetime a token has left when it is due and still valid, in
/// seconds.
const DUE: u64 = 250;

/// An environment with a copy of that store, at the time when the store was written.
fn test_env(name: &str) -> TestEnv {
    let test =
        TestEnv::with(|settings| settings.access_token_lifetime(Duration::from_secs(LIFETIME)));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let fixture = fixture.join(name);
    let directory = test.path("store");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    for file in ["test.db", "test.db.key"] {
        let copy = directory.join(file);
        fs::copy(fixture.join(file), &copy).unwrap();
        fs::set_permissions(copy, Permissions::from_mode(0o600)).unwrap();
    }
    let refresh_token = fs::read_to_string(fixture.join("refresh-token")).unwrap();
    let account = Account::default();
    test.simulator
        .know_refresh_token(&account, refresh_token.trim());
    test
}

fn of_2df0bb4() -> TestEnv {
    test_env("store-2df0bb4")
}

#[track_caller]
fn ask_as(test: &TestEnv, profile: &str, arguments: &[&str]) -> Value {
    let answer = test.ask(&[&["--profile", profile], arguments].concat());
    assert_eq!(answer["ok"], true, "{profile}, {arguments:?}: {answer}");
    answer
}

/// The outcomes of the presentations of the stored refresh token.
fn outcomes(test: &TestEnv) -> Vec<Outcome> {
    let stored = test.simulator.presentations().swap_remove(0);
    let presentations = stored.presentations.iter();
    presentations.map(|one| one.outcome).collect()
}

#[test]
fn the_profiles_of_an_earlier_store_keep_their_states() {
    let test = of_2df0bb4();
    let ada = ask_as(&test, "ada", &["status"]);
    assert_eq!(ada["state"], "connected", "{ada}");
    assert_eq!(ada["account_id"], Account::default().account_id, "{ada}");
    assert_eq!(ada["expires_in_seconds"], LIFETIME, "{ada}");
    let bob = ask_as(&test, "bob", &["status"]);
    assert_eq!(bob["state"], "pending", "{bob}");
    let carol = ask_as(&test, "carol", &["status"]);
    assert_eq!(carol["state"], "not_connected", "{carol}");
    assert_eq!(test.simulator.requests().len(), 0);
}

#[test]
fn models_and_usage_of_an_earlier_store_come_from_its_cache() {
    let test = of_2df0bb4();
    for question in ["models", "usage"] {
        let answer = ask_as(&test, "ada", &[question]);
        assert_eq!(answer["source"], "cache", "{answer}");
    }
    assert_eq!(ask_as(&test, "ada", &["models"])["count"], 7);
    assert_eq!(test.simulator.requests().len(), 0);
}

#[test]
fn a_due_login_of_an_earlier_store_is_refreshed_and_used() {
    let test = of_2df0bb4();
    let before = ask_as(&test, "ada", &["authorize"]);
    assert_eq!(outcomes(&test), []);
    test.pass(LIFETIME - DUE);
    let after = ask_as(&test, "ada", &["authorize"]);
    assert_ne!(after["fingerprint"], before["fingerprint"]);
    assert_eq!(after["expires_at"], test.now() + LIFETIME, "{after}");
    assert_eq!(outcomes(&test), [Outcome::Rotated]);
    for question in ["models", "usage"] {
        let answer = ask_as(&test, "ada", &[question]);
        assert_eq!(answer["source"], "api", "{answer}");
    }
    test.pass(LIFETIME);
    ask_as(&test, "ada", &["authorize"]);
    assert_eq!(test.presentations(), [1, 1, 0]);
}

#[test]
fn an_earlier_store_is_sealed_with_a_new_key_and_every_login_in_it_stays() {
    let test = of_2df0bb4();
    let outcome = test.ask(&["rekey"]);
    assert_eq!(outcome["ok"], true, "{outcome}");
    assert!(outcome["resealed"].as_u64() >= Some(5), "{outcome}");
    assert_eq!(outcome["left"], Value::Array(Vec::new()), "{outcome}");
    assert_eq!(ask_as(&test, "ada", &["status"])["state"], "connected");
    assert_eq!(ask_as(&test, "bob", &["status"])["state"], "pending");
    test.pass(LIFETIME);
    ask_as(&test, "ada", &["refresh"]);
    assert_eq!(outcomes(&test), [Outcome::Rotated]);
}

#[test]
fn a_person_of_an_earlier_store_signs_out_and_another_signs_in() {
    let test = of_2df0bb4();
    ask_as(&test, "ada", &["logout", "--revoke"]);
    let ada = ask_as(&test, "ada", &["status"]);
    assert_eq!(ada["state"], "not_connected", "{ada}");
    // This simulator does not know bob's code, so bob needs a new one.
    ask_as(&test, "bob", &["logout"]);
    let prompt = ask_as(&test, "bob", &["start"]);
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    let progress = ask_as(&test, "bob", &["poll"]);
    assert_eq!(progress["status"], "connected", "{progress}");
}
