//! API keys on the command line: made, listed, rotated, revoked, and gone with their profile.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use support::TestEnv;

const DAY: u64 = 24 * 60 * 60;

/// Makes a key with these arguments, in this file.
fn create(test: &TestEnv, file: &Path, arguments: &[&str]) -> Value {
    let output = file.to_str().unwrap();
    let create = ["keys", "create", "--output", output];
    let answer = test.ask(&[&create, arguments].concat());
    assert_eq!(answer["ok"], true, "{answer}");
    answer
}

fn list(test: &TestEnv, arguments: &[&str]) -> Vec<Value> {
    let answer = test.ask(&[&["keys", "list"], arguments].concat());
    assert_eq!(answer["unreadable"], json!([]), "{answer}");
    answer["keys"].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn a_key_is_written_to_a_new_private_file_and_shown_nowhere() {
    let test = TestEnv::new();
    let file = test.path("key");
    let created = create(&test, &file, &["--label", "laptop", "--expires", "30d"]);
    let key = fs::read_to_string(&file).unwrap();
    let key = key.trim_end();
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        key.starts_with(&format!("cgop_{}", text(&created["id"]))),
        "{created}"
    );
    assert_eq!(key.len(), 54);
    assert_eq!(created["key"], Value::Null);
    assert_eq!(created["profile"], "default");
    assert_eq!(created["scopes"], json!(["inference"]));
    assert_eq!(created["expires_at"], test.now() + 30 * DAY);

    let secret = &key[15..];
    for arguments in [&["keys", "list"][..], &["--json", "keys", "list", "--all"]] {
        let output = test.run(arguments);
        assert!(output.status.success());
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(shown.contains(text(&created["id"])), "{shown}");
        assert!(!shown.contains(secret), "{shown}");
    }
    for file in fs::read_dir(test.path("store")).unwrap() {
        let content = fs::read(file.unwrap().path()).unwrap();
        let holds = |secret: &str| {
            content
                .windows(secret.len())
                .any(|it| it == secret.as_bytes())
        };
        assert!(!holds(secret) && !holds("laptop"));
    }
}

#[test]
fn a_key_goes_to_no_pipe_and_over_no_file() {
    let test = TestEnv::new();
    let refused = test.ask(&["keys", "create"]);
    assert_eq!(refused["code"], "invalid-argument", "{refused}");
    assert!(text(&refused["hint"]).contains("--output"), "{refused}");
    let file = test.path("precious");
    fs::write(&file, "precious").unwrap();
    let refused = test.ask(&["keys", "create", "--output", file.to_str().unwrap()]);
    assert_eq!(refused["code"], "invalid-argument", "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    let link = test.path("link");
    std::os::unix::fs::symlink(test.path("nowhere"), &link).unwrap();
    let refused = test.ask(&["keys", "create", "--output", link.to_str().unwrap()]);
    assert_eq!(refused["code"], "invalid-argument", "{refused}");
    assert!(!test.path("nowhere").exists());
    assert_eq!(list(&test, &["--all"]), [] as [Value; 0]);
}

#[test]
fn a_key_that_is_not_made_leaves_no_file() {
    let test = TestEnv::new();
    create(&test, &test.path("first"), &[]);
    std::fs::remove_file(test.store().with_extension("db.key")).unwrap();
    let file = test.path("key");
    let failed = test.ask(&["keys", "create", "--output", file.to_str().unwrap()]);
    assert_eq!(failed["code"], "key-unknown", "{failed}");
    assert!(!file.exists());
}

#[test]
fn keys_of_profiles_and_of_administrators_are_listed_apart() {
    let test = TestEnv::new();
    let scopes = ["--scope", "read,onboarding", "--scope", "inference"];
    let alices = create(
        &test,
        &test.path("1"),
        &[&["--profile", "alice"], &scopes[..]].concat(),
    );
    assert_eq!(alices["scopes"], json!(["read", "onboarding", "inference"]));
    let admins = create(&test, &test.path("2"), &["--admin"]);
    assert!(
        fs::read_to_string(test.path("2"))
            .unwrap()
            .starts_with("cgoa_")
    );
    assert_eq!(
        (&admins["admin"], &admins["profile"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(admins["scopes"], json!([]));

    let ids = |arguments: &[&str]| -> Vec<Value> {
        let keys = list(&test, arguments);
        keys.iter().map(|key| key["id"].clone()).collect()
    };
    assert_eq!(ids(&["--profile", "alice"]), [alices["id"].clone()]);
    assert_eq!(ids(&["--profile", "bob"]), [] as [Value; 0]);
    assert_eq!(ids(&["--admin"]), [admins["id"].clone()]);
    assert_eq!(ids(&["--all"]).len(), 2);
}

#[test]
fn a_rotated_key_has_a_day_left_and_a_revoked_one_none() {
    let test = TestEnv::new();
    let first = create(
        &test,
        &test.path("1"),
        &["--label", "ci", "--scope", "read"],
    );
    let id = text(&first["id"]);
    test.pass(DAY);
    let output = test.path("2");
    let rotate = ["keys", "rotate", id, "--output", output.to_str().unwrap()];
    let rotated = test.ask(&rotate);
    assert_eq!(rotated["previous_id"], id, "{rotated}");
    assert_eq!(
        rotated["previous_expires_at"],
        test.now() + DAY,
        "{rotated}"
    );
    for field in ["label", "scopes", "profile", "expires_at"] {
        assert_eq!(rotated[field], first[field], "{field}");
    }
    assert_ne!(rotated["id"], first["id"]);

    let revoked = test.ask(&["keys", "revoke", text(&rotated["id"])]);
    assert_eq!(revoked["revoked"], true, "{revoked}");
    let again = test.ask(&["keys", "revoke", text(&rotated["id"])]);
    assert_eq!(again["revoked"], false, "{again}");
    let states = || -> Vec<(String, String)> {
        let mut states: Vec<_> = list(&test, &[])
            .iter()
            .map(|key| (text(&key["id"]).to_owned(), text(&key["state"]).to_owned()))
            .collect();
        states.sort_by_key(|(it, _)| it != id);
        states
    };
    assert_eq!([&*states()[0].1, &*states()[1].1], ["active", "revoked"]);
    test.pass(DAY);
    assert_eq!(states()[0].1, "expired");

    let ended = test.ask(&[
        "keys",
        "rotate",
        id,
        "--output",
        test.path("3").to_str().unwrap(),
    ]);
    assert_eq!(ended["code"], "invalid-argument", "{ended}");
}

#[test]
fn an_argument_that_is_no_id_is_refused_and_a_whole_key_is_not_repeated() {
    let test = TestEnv::new();
    create(&test, &test.path("key"), &[]);
    let key = fs::read_to_string(test.path("key")).unwrap();
    for id in [key.trim_end(), "x", "0123456789"] {
        let output = test.run(&["--json", "keys", "revoke", id]);
        let answer = support::json(&output);
        assert_eq!(answer["code"], "invalid-argument", "{answer}");
        assert!(!answer.to_string().contains(key.trim_end()), "{answer}");
    }
    for arguments in [
        &["--scope", "everything"][..],
        &["--expires", "soon"],
        &["--label", "a\u{1b}[2Jb"],
        &["--admin", "--scope", "read"],
    ] {
        let file = test.path("other");
        let create = ["keys", "create", "--output", file.to_str().unwrap()];
        let refused = test.ask(&[&create, arguments].concat());
        assert_eq!(
            refused["code"], "invalid-argument",
            "{arguments:?}: {refused}"
        );
        assert!(!file.exists(), "{arguments:?}");
    }
}

#[test]
fn the_keys_of_a_removed_profile_are_removed_with_it() {
    let test = TestEnv::new();
    create(&test, &test.path("1"), &["--profile", "alice"]);
    create(&test, &test.path("2"), &["--profile", "bob"]);
    let removed = test.ask(&["profiles", "remove", "alice"]);
    assert_eq!(removed["ok"], true, "{removed}");
    let left = list(&test, &["--all"]);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["profile"], "bob");
}

#[test]
fn keys_stay_readable_when_the_store_is_sealed_with_new_keys() {
    let test = TestEnv::new();
    create(&test, &test.path("key"), &["--label", "laptop"]);
    for _ in 0..3 {
        let rekeyed = test.ask(&["rekey"]);
        assert_eq!(
            (&rekeyed["ok"], &rekeyed["resealed"]),
            (&json!(true), &json!(1)),
            "{rekeyed}"
        );
    }
    assert_eq!(list(&test, &[])[0]["label"], "laptop");
}

#[test]
fn listing_keys_creates_no_store() {
    let test = TestEnv::new();
    assert_eq!(list(&test, &["--all"]), [] as [Value; 0]);
    assert!(!test.path("store").join("test.db").exists());
}

#[test]
fn every_answer_fits_its_schema() {
    let test = TestEnv::new();
    let schemas = test.ask(&["schema"]);
    let fits = |command: &str, answer: &Value| {
        let validator = jsonschema::validator_for(&schemas[command]).unwrap();
        assert!(validator.is_valid(answer), "{command}: {answer}");
    };
    let created = create(&test, &test.path("1"), &["--expires", "1d"]);
    fits("keys create", &created);
    let output = test.path("2");
    let id = text(&created["id"]);
    let rotated = test.ask(&["keys", "rotate", id, "--output", output.to_str().unwrap()]);
    fits("keys rotate", &rotated);
    fits("keys list", &test.ask(&["keys", "list"]));
    fits("keys revoke", &test.ask(&["keys", "revoke", id]));
}
