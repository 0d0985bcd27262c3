//! Stores that programs of earlier commits have written: this one reads them and
//! goes on with them.
//!
//! `scripts/store-fixture.sh` has made each folder of `fixtures/` by the programs of
//! the commit that it is named after.

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
/// A token with this much left, in seconds, is due and still serves.
const DUE: u64 = 250;

/// A world with a copy of that store, at the time when the store was made.
fn world(name: &str) -> TestEnv {
    let world =
        TestEnv::with(|settings| settings.access_token_lifetime(Duration::from_secs(LIFETIME)));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let fixture = fixture.join(name);
    let directory = world.path("store");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    for file in ["test.db", "test.db.key"] {
        let copy = directory.join(file);
        fs::copy(fixture.join(file), &copy).unwrap();
        fs::set_permissions(copy, Permissions::from_mode(0o600)).unwrap();
    }
    let refresh_token = fs::read_to_string(fixture.join("refresh-token")).unwrap();
    let account = Account::default();
    world
        .simulator
        .know_refresh_token(&account, refresh_token.trim());
    world
}

fn of_2df0bb4() -> TestEnv {
    world("store-2df0bb4")
}

#[track_caller]
fn ask_as(world: &TestEnv, profile: &str, arguments: &[&str]) -> Value {
    let answer = world.ask(&[&["--profile", profile], arguments].concat());
    assert_eq!(answer["ok"], true, "{profile}, {arguments:?}: {answer}");
    answer
}

/// What became of the presentations of the stored refresh token.
fn outcomes(world: &TestEnv) -> Vec<Outcome> {
    let stored = world.simulator.presentations().swap_remove(0);
    let presentations = stored.presentations.iter();
    presentations.map(|one| one.outcome).collect()
}

#[test]
fn the_profiles_of_an_earlier_store_keep_their_states() {
    let world = of_2df0bb4();
    let ada = ask_as(&world, "ada", &["status"]);
    assert_eq!(ada["state"], "connected", "{ada}");
    assert_eq!(ada["account_id"], Account::default().account_id, "{ada}");
    assert_eq!(ada["expires_in_seconds"], LIFETIME, "{ada}");
    let bob = ask_as(&world, "bob", &["status"]);
    assert_eq!(bob["state"], "pending", "{bob}");
    let carol = ask_as(&world, "carol", &["status"]);
    assert_eq!(carol["state"], "not_connected", "{carol}");
    assert_eq!(world.simulator.requests().len(), 0);
}

#[test]
fn models_and_usage_of_an_earlier_store_come_from_its_cache() {
    let world = of_2df0bb4();
    for question in ["models", "usage"] {
        let answer = ask_as(&world, "ada", &[question]);
        assert_eq!(answer["source"], "cache", "{answer}");
    }
    assert_eq!(ask_as(&world, "ada", &["models"])["count"], 7);
    assert_eq!(world.simulator.requests().len(), 0);
}

#[test]
fn a_due_login_of_an_earlier_store_is_refreshed_and_used() {
    let world = of_2df0bb4();
    let before = ask_as(&world, "ada", &["authorize"]);
    assert_eq!(outcomes(&world), []);
    world.pass(LIFETIME - DUE);
    let after = ask_as(&world, "ada", &["authorize"]);
    assert_ne!(after["fingerprint"], before["fingerprint"]);
    assert_eq!(after["expires_at"], world.now() + LIFETIME, "{after}");
    assert_eq!(outcomes(&world), [Outcome::Rotated]);
    for question in ["models", "usage"] {
        let answer = ask_as(&world, "ada", &[question]);
        assert_eq!(answer["source"], "api", "{answer}");
    }
    world.pass(LIFETIME);
    ask_as(&world, "ada", &["authorize"]);
    assert_eq!(world.presentations(), [1, 1, 0]);
}

#[test]
fn an_earlier_store_is_sealed_with_a_new_key_and_every_login_in_it_stays() {
    let world = of_2df0bb4();
    let outcome = world.ask(&["rekey"]);
    assert_eq!(outcome["ok"], true, "{outcome}");
    assert!(outcome["resealed"].as_u64() >= Some(5), "{outcome}");
    assert_eq!(outcome["left"], Value::Array(Vec::new()), "{outcome}");
    assert_eq!(ask_as(&world, "ada", &["status"])["state"], "connected");
    assert_eq!(ask_as(&world, "bob", &["status"])["state"], "pending");
    world.pass(LIFETIME);
    ask_as(&world, "ada", &["refresh"]);
    assert_eq!(outcomes(&world), [Outcome::Rotated]);
}

#[test]
fn a_person_of_an_earlier_store_signs_out_and_another_signs_in() {
    let world = of_2df0bb4();
    ask_as(&world, "ada", &["logout", "--revoke"]);
    let ada = ask_as(&world, "ada", &["status"]);
    assert_eq!(ada["state"], "not_connected", "{ada}");
    // bob's code is unknown to this simulator: he asks for another one.
    ask_as(&world, "bob", &["logout"]);
    let prompt = ask_as(&world, "bob", &["start"]);
    let code = prompt["user_code"].as_str().unwrap();
    world.simulator.approve(code).unwrap();
    let progress = ask_as(&world, "bob", &["poll"]);
    assert_eq!(progress["status"], "connected", "{progress}");
}
