//! What `doctor` reports about a store and its key.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support;
use crate::support::TestEnv;
use crate::{key_file, tamper};

#[test]
fn doctor_finds_nothing_wrong_in_a_healthy_store() {
    let test = TestEnv::new();
    test.sign_in();
    let output = test.command().args(["--json", "doctor"]).output().unwrap();
    let answer = support::json(&output);
    assert_eq!(
        (&answer["healthy"], output.status.code()),
        (&Value::Bool(true), Some(0)),
        "{answer}"
    );
    let findings = answer["findings"].as_array().unwrap();
    let subjects: Vec<_> = findings
        .iter()
        .map(|finding| finding["subject"].as_str().unwrap())
        .collect();
    for subject in [
        "store",
        "key",
        "values",
        "accounts",
        "auth.openai.com",
        "chatgpt.com",
        "clock",
    ] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
}

#[test]
fn doctor_names_each_failure_and_its_fix() {
    let test = TestEnv::new();
    test.sign_in();
    test.simulator.skew_date(3600);
    tamper(&test, "credential", |value| value[40] ^= 1);
    let wrong = |subject: &str| {
        let answer = test.ask(&["doctor"]);
        assert_eq!(answer["healthy"], false, "{answer}");
        let findings = answer["findings"].as_array().unwrap().clone();
        let finding = findings
            .into_iter()
            .find(|finding| finding["subject"] == subject);
        let finding = finding.unwrap_or_else(|| panic!("{subject}: {answer}"));
        assert_eq!(finding["ok"], false, "{finding}");
        finding["hint"].as_str().unwrap().to_owned()
    };
    assert!(wrong("clock").contains("NTP"));
    assert!(wrong("credential of default").contains("reset"));
    fs::set_permissions(test.store(), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(wrong("store").starts_with("chmod 600"));
    fs::set_permissions(test.store(), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(key_file(&test), "").unwrap();
    assert!(wrong("key").contains("openssl rand"));
}

/// Faults: G47
#[test]
fn two_profiles_of_one_account_work_and_are_named() {
    let test = TestEnv::new();
    for profile in ["ada", "grace"] {
        let prompt = test.ask(&["--profile", profile, "start"]);
        let code = prompt["user_code"].as_str().unwrap();
        test.simulator.approve(code).unwrap();
        let progress = test.ask(&["--profile", profile, "poll"]);
        assert_eq!(progress["status"], "connected", "{progress}");
    }
    let answer = test.ask(&["doctor"]);
    assert_eq!(answer["healthy"], true, "{answer}");
    let findings = answer["findings"].as_array().unwrap();
    let shared = findings.iter().find(|it| it["subject"] == "accounts");
    assert_eq!(
        shared.unwrap()["message"],
        "one account in 2 profiles, which share its plan: ada, grace"
    );
}
