//! How a login ends: each ending says what has happened, and the next step as a command of the
//! program.

use std::process::Stdio;
use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Fault};

use super::code;
use super::support::TestEnv;

/// Runs `login` until it ends, and `decide` once the code is shown. Returns the exit code and
/// the text on both streams.
fn log_in(test: &TestEnv, decide: impl Fn(&str)) -> (Option<i32>, String) {
    let mut login = test.command();
    login.arg("login").stdout(Stdio::piped());
    let login = login.stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while test.simulator.pending_codes().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "no code");
        std::thread::sleep(Duration::from_millis(20));
    }
    decide(&code(test));
    test.pass(60);
    let output = test.output_in_time(login);
    let said = [output.stderr, output.stdout].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn an_approved_login_names_the_account_and_the_commands_that_follow() {
    let test = TestEnv::new();
    let (status, said) = log_in(&test, |code| test.simulator.approve(code).unwrap());
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("connected: ada@example.com"), "{said}");
    assert!(said.contains("Next: `models` lists the models"), "{said}");
}

#[test]
fn a_declined_and_an_expired_login_say_so() {
    let test = TestEnv::new();
    let (status, said) = log_in(&test, |code| test.simulator.deny(code).unwrap());
    assert_eq!(status, Some(4), "{said}");
    let end = "error: the login was declined\n\
        Run login again if you declined it by mistake.\n";
    assert!(said.ends_with(end), "{said}");

    let test = TestEnv::new();
    let (status, said) = log_in(&test, |_| test.pass(900));
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("Run login again for a new code."), "{said}");
}

#[test]
fn a_login_that_cannot_begin_says_why_and_what_to_do() {
    let endings = [
        (Fault::device_login_disabled(), 6, "Switch on device codes"),
        (Fault::region_blocked(), 6, "in a supported country"),
        (Fault::cloudflare_challenge(), 3, "use another network"),
        (Fault::silence(), 3, "Run doctor: it says"),
    ];
    for (fault, status, next) in endings {
        let test = TestEnv::new();
        test.simulator.fault(Endpoint::UserCode, fault);
        let output = test.run(&["login"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains("error: "), "{said}");
        assert!(said.contains(next), "{said}");
        assert!(said.contains("un login again"), "{said}");
    }
}
