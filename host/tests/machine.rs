//! The program on machines, and under limits, that refuse it something: it runs with
//! what it needs, and names what is missing.

mod support;

use std::process::{Command, Output};

use openai_simulator::{Rotation, Simulator};
use serde_json::Value;
use support::{TestEnv, json};

/// Sets `PR_SET_MDWE`, as systemd's `MemoryDenyWriteExecute=yes` does, then runs the
/// program.
const NO_MACHINE_CODE: &str = "\
import ctypes, os, sys
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0, 'this test needs Linux 6.3'
os.execv(sys.argv[1], sys.argv[1:])";

/// A profile that signed in two minutes ago at a service that does not forgive reuse.
fn signed_in() -> TestEnv {
    let test = TestEnv::with(|settings| settings.rotation(Rotation::Strict));
    test.sign_in();
    test.pass(120);
    test.simulator.clear_requests();
    test
}

/// The program, started by a shell that sets these limits.
fn under(test: &TestEnv, limits: &str) -> Command {
    test.wrapped(&["bash", "-c", &format!("{limits} && exec \"$0\" \"$@\"")])
}

fn run(mut command: Command, arguments: &[&str]) -> Output {
    command.arg("--json").args(arguments).output().unwrap()
}

/// One command and its answer, which is the only output beside the log.
#[track_caller]
fn ask(command: Command, arguments: &[&str]) -> Value {
    let output = run(command, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    json(&output)
}

/// Asserts that an answer names the limit, and blames neither a bug of this program nor
/// the permissions of the store.
#[track_caller]
fn check_named(answer: &Value, name: &str) {
    let message = answer["error"].as_str().unwrap();
    let hint = answer["hint"].as_str().unwrap();
    assert!(message.contains(name), "{answer}");
    assert!(hint.contains(name), "{answer}");
    for wrong in ["report", "let this user", "give this user"] {
        assert!(!hint.contains(wrong), "{answer}");
    }
    assert_eq!(answer["relogin_required"], false, "{answer}");
}

/// The message of `doctor` about a subject.
#[track_caller]
fn finding(answer: &Value, subject: &str) -> Value {
    let findings = answer["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|finding| finding["subject"] == subject);
    found.unwrap_or_else(|| panic!("{answer}")).clone()
}

/// How often a refresh token was presented.
fn presented(simulator: &Simulator) -> usize {
    let tokens = simulator.presentations();
    tokens.iter().map(|token| token.presentations.len()).sum()
}

/// Faults: F1
#[test]
fn a_whole_login_works_in_a_gigabyte_of_address_space() {
    let test = TestEnv::with(|settings| settings.rotation(Rotation::Strict));
    let ask = |arguments: &[&str]| ask(under(&test, "ulimit -v 1000000"), arguments);
    assert_eq!(ask(&["status"])["state"], "not_connected");
    let prompt = ask(&["start"]);
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    test.pass(1);
    assert_eq!(ask(&["poll"])["status"], "connected");
    test.pass(120);
    assert_eq!(ask(&["refresh"])["status"], "refreshed");
    assert_eq!(ask(&["status"])["state"], "connected");
    let runs = finding(&ask(&["doctor"]), "component");
    assert!(
        runs["message"].as_str().unwrap().contains("ulimit -v"),
        "{runs}"
    );
}

/// Faults: F1 F15
#[test]
fn at_every_limit_a_refresh_works_or_names_the_limit_and_spends_nothing() {
    let test = signed_in();
    for (limit, values) in [
        ("ulimit -v", (60_000..400_000).step_by(20_000)),
        ("ulimit -d", (1_000..25_000).step_by(1_000)),
        ("ulimit -n", (4..24).step_by(1)),
    ] {
        let mut refused = 0;
        for value in values {
            let limited = || under(&test, &format!("{limit} {value}"));
            if !run(limited(), &["--version"]).status.success() {
                // The system does not start the program under this limit.
                continue;
            }
            let before = presented(&test.simulator);
            let answer = ask(limited(), &["refresh"]);
            if answer["ok"] == true {
                test.pass(120);
                continue;
            }
            refused += 1;
            check_named(&answer, "ulimit -");
            assert_eq!(presented(&test.simulator), before, "{answer}");
            assert_eq!(test.ask(&["status"])["state"], "connected");
        }
        assert!(refused > 0, "{limit} was never in the way");
        assert_eq!(test.ask(&["refresh"])["status"], "refreshed", "{limit}");
        test.pass(120);
    }
}

/// Faults: F15
#[test]
fn too_few_open_files_are_not_reported_as_a_permission_problem() {
    let test = signed_in();
    for command in ["status", "refresh", "doctor"] {
        let answer = ask(under(&test, "ulimit -n 12"), &[command]);
        check_named(&answer, "ulimit -n");
        assert!(answer["error"].as_str().unwrap().contains("12"), "{answer}");
        assert_eq!(answer["retryable"], false);
    }
}

/// Faults: F1
#[test]
fn a_user_at_the_thread_limit_gets_an_error_and_keeps_the_login() {
    let test = signed_in();
    // An own user id, because the system counts threads by user.
    let user = 61_000 + std::process::id() % 4_000;
    test.give_to(user);
    let as_user = |most: u32| {
        let [uid, gid] = ["reuid", "regid"].map(|option| format!("--{option}={user}"));
        let most = format!("--nproc={most}");
        test.wrapped(&[
            "setpriv",
            &uid,
            &gid,
            "--clear-groups",
            "prlimit",
            &most,
            "--",
        ])
    };
    let mut outcomes = Vec::new();
    for most in 1..8 {
        let answer = ask(as_user(most), &["refresh"]);
        outcomes.push(answer["ok"] == true);
        if answer["ok"] == true {
            test.pass(120);
            continue;
        }
        if answer["code"] != "network" {
            check_named(&answer, "ulimit -u");
            assert_eq!(answer["retry_after_seconds"], 60, "{answer}");
        }
        assert_eq!(presented(&test.simulator), 0, "{answer}");
    }
    assert_eq!((outcomes[0], outcomes[6]), (false, true), "{outcomes:?}");
    let found = finding(&ask(as_user(1), &["doctor"]), "component");
    assert!(
        found["message"].as_str().unwrap().contains("thread"),
        "{found}"
    );
}

/// Faults: F10
#[test]
fn a_login_works_without_executable_memory_and_doctor_says_so() {
    let test = TestEnv::with(|settings| settings.rotation(Rotation::Strict));
    let denied = || test.wrapped(&["python3", "-c", NO_MACHINE_CODE]);
    let prompt = ask(denied(), &["start"]);
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    test.pass(1);
    let progress = ask(denied(), &["poll"]);
    assert_eq!(progress["status"], "connected", "{progress}");
    test.pass(120);
    assert_eq!(ask(denied(), &["refresh"])["status"], "refreshed");
    assert_eq!(ask(denied(), &["models"])["ok"], true);
    assert_eq!(ask(denied(), &["status"])["state"], "connected");

    let message = |answer: &Value| finding(answer, "component")["message"].to_string();
    let interpreted = message(&ask(denied(), &["doctor"]));
    assert!(interpreted.contains("interpreted"), "{interpreted}");
    let as_usual = message(&test.ask(&["doctor"]));
    assert!(!as_usual.contains("interpreted"), "{as_usual}");
}

/// Faults: F9
#[test]
fn at_every_limit_of_a_files_size_a_refresh_works_or_spends_nothing() {
    let test = signed_in();
    let (mut refused, mut worked) = (0, 0);
    for kib in (0..=64).step_by(4).chain((72..=480).step_by(24)) {
        let before = presented(&test.simulator);
        let answer = ask(under(&test, &format!("ulimit -f {kib}")), &["refresh"]);
        if answer["ok"] == true {
            worked += 1;
        } else {
            refused += 1;
            assert_eq!(answer["code"], "store-unavailable", "{kib}: {answer}");
            assert_eq!(answer["retryable"], false, "{kib}: {answer}");
            check_named(&answer, "ulimit -f");
            assert_eq!(presented(&test.simulator), before, "{kib}: {answer}");
            assert_eq!(test.ask(&["refresh"])["status"], "refreshed", "{kib}");
        }
        test.pass(120);
    }
    assert!(refused > 0 && worked > 0, "{refused} {worked}");
}

/// Faults: F9
#[test]
fn at_every_limit_of_a_files_size_a_login_is_finished_or_can_be() {
    for kib in [0, 8, 36, 60, 100, 180, 300, 1000] {
        let test = TestEnv::with(|settings| settings.rotation(Rotation::Strict));
        let limited = || under(&test, &format!("ulimit -f {kib}"));
        let refused = ask(limited(), &["start"]);
        if refused["ok"] == false {
            check_named(&refused, "ulimit -f");
        }
        let prompt = test.ask(&["start"]);
        let code = prompt["user_code"].as_str().unwrap();
        test.simulator.approve(code).unwrap();
        test.pass(5);
        let answer = ask(limited(), &["poll"]);
        if answer["ok"] == false {
            check_named(&answer, "ulimit -f");
            test.pass(66);
            assert_eq!(test.ask(&["poll"])["status"], "connected", "{kib}");
        }
        assert_eq!(test.ask(&["authorize"])["ok"], true, "{kib}");
    }
}
