//! The program uses the proxy that a variable names, or sends nothing. Whole processes
//! run here, because the environment is the process's, with a store of the real kind
//! and a root that the operator trusts.

mod support;

use std::process::{Command, Output};

use serde_json::Value;
use support::proxy::Proxy;
use support::socks::{Manner, Socks};
use support::{TestEnv, json};

/// The two hosts, as the program names them to a SOCKS proxy.
const ASKED: [&str; 2] = ["auth.openai.com:443", "chatgpt.com:443"];

/// The program, without the proxy variables of this process.
fn program(test: &TestEnv) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    let store = format!("sqlite:{}", test.path("real/openai.db").display());
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        program.env_remove(name);
    }
    for name in ["NO_PROXY", "no_proxy", "SSL_CERT_DIR"] {
        program.env_remove(name);
    }
    program
        .args(["--json", "--store", &store])
        .env("CHATGPT_OAUTH_TEST_CLOCK", test.path("clock"))
        .env("XDG_STATE_HOME", test.path("state"))
        .env("SSL_CERT_FILE", "/dev/null");
    program
}

/// Runs a command through a proxy, with the simulator's root.
fn run(test: &TestEnv, (variable, url): (&str, &str), arguments: &[&str]) -> Output {
    let mut program = program(test);
    program.arg("--cacert").arg(test.path("ca.pem"));
    program.env(variable, url).args(arguments).output().unwrap()
}

fn ask(test: &TestEnv, variable: (&str, &str), arguments: &[&str]) -> Value {
    json(&run(test, variable, arguments))
}

/// A whole login through a proxy, then a refresh and a logout.
#[track_caller]
fn live(test: &TestEnv, variable: (&str, &str)) {
    let prompt = ask(test, variable, &["start"]);
    let code = prompt["user_code"].as_str();
    let code = code.unwrap_or_else(|| panic!("{prompt}"));
    test.simulator.approve(code).unwrap();
    let progress = ask(test, variable, &["poll"]);
    assert_eq!(progress["status"], "connected", "{progress}");
    let models = ask(test, variable, &["models"]);
    assert_eq!(models["count"], 7, "{models}");
    test.pass(60);
    let refreshed = ask(test, variable, &["refresh"]);
    assert_eq!(refreshed["status"], "refreshed", "{refreshed}");
    let out = ask(test, variable, &["logout", "--revoke"]);
    assert_eq!(out["revoked"], true, "{out}");
}

#[test]
fn a_login_goes_through_a_socks_proxy_that_resolves_the_names() {
    let test = TestEnv::new();
    for (variable, scheme) in [("ALL_PROXY", "socks5h"), ("https_proxy", "socks5")] {
        let proxy = Socks::to(test.simulator.https_address(), Manner::Leads);
        live(
            &test,
            (variable, &format!("{scheme}://{}", proxy.address())),
        );
        let mut asked = proxy.asked();
        asked.sort();
        asked.dedup();
        assert_eq!(asked, ASKED);
    }
}

#[test]
fn a_login_goes_through_a_proxy_that_requires_a_password() {
    let test = TestEnv::new();
    let target = test.simulator.https_address();
    let socks = Socks::to(target, Manner::Asks("ada", "p@ss:w/rd"));
    let url = format!("socks5h://ada:p%40ss%3Aw%2Frd@{}", socks.address());
    live(&test, ("all_proxy", &url));
    // "ada:p@ss"
    let http = Proxy::asking(target, "YWRhOnBAc3M=");
    live(
        &test,
        (
            "HTTPS_PROXY",
            &format!("http://ada:p%40ss@{}", http.address()),
        ),
    );
}

/// The failures that `doctor` finds for both hosts: message and hint.
#[track_caller]
fn wrong(test: &TestEnv, variable: (&str, &str)) -> (String, String) {
    let findings = ask(test, variable, &["doctor"]);
    let findings = findings["findings"].as_array().unwrap();
    let wrong = ["auth.openai.com", "chatgpt.com"].map(|host| {
        let finding = findings.iter().find(|finding| finding["subject"] == host);
        let finding = finding.unwrap();
        assert_eq!(finding["ok"], false, "{finding}");
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        (text("message"), text("hint"))
    });
    assert_eq!(wrong[0], wrong[1]);
    wrong[0].clone()
}

/// Faults: F6
#[test]
fn a_proxy_failure_names_the_proxy_and_does_not_advise_to_set_one() {
    let test = TestEnv::new();
    let target = test.simulator.https_address();
    let asking = Socks::to(target, Manner::Asks("ada", "right")).address();
    let denying = Socks::to(target, Manner::Replies(2)).address();
    let asking_http = Proxy::asking(target, "YWRhOnJpZ2h0").address();
    let denying_http = Proxy::answering("403 Forbidden").address();
    let closed = "127.0.0.1:1";
    // The proxy's certificate comes from another authority.
    let stranger = TestEnv::new();
    // A label of 64 characters is invalid, so the program asks no name server.
    let unknown = format!("{}.invalid:1080", "x".repeat(64));
    let authentication = ("user name and a password", "password into ALL_PROXY");
    let refused = ("the proxy refused", "start the proxy");
    let denied = ("does not allow", "let the proxy allow");
    for (url, (message, hint)) in [
        (format!("socks5h://ada:CANARY@{asking}"), authentication),
        (format!("socks5h://{asking}"), authentication),
        (format!("http://ada:CANARY@{asking_http}"), authentication),
        (format!("http://{asking_http}"), authentication),
        (format!("socks5h://{closed}"), refused),
        (format!("http://{closed}"), refused),
        (format!("socks5h://{denying}"), denied),
        (format!("http://{denying_http}"), denied),
        (
            format!("socks5h://{unknown}"),
            ("own name", "the name in ALL_PROXY"),
        ),
        (
            format!("http://{unknown}"),
            ("own name", "the name in ALL_PROXY"),
        ),
        (
            format!("https://{}", stranger.simulator.https_address()),
            ("the proxy's certificate", "--cacert"),
        ),
    ] {
        let (said, advised) = wrong(&test, ("ALL_PROXY", &url));
        assert!(said.contains(message), "{url}: {said}");
        assert!(advised.contains(hint), "{url}: {advised}");
        assert!(!advised.contains("HTTPS_PROXY"), "{url}: {advised}");
        assert!(!format!("{said}{advised}").contains("CANARY"), "{url}");

        let begun = ask(&test, ("ALL_PROXY", &url), &["start"]);
        assert_eq!(begun["ok"], false, "{url}: {begun}");
    }
    assert!(test.simulator.requests().is_empty());
}

/// Faults: F6
#[test]
fn an_untrusted_certificate_is_named_as_the_cause() {
    let test = TestEnv::new();
    let proxy = Proxy::to(test.simulator.https_address());
    let mut doctor = program(&test);
    doctor.env("HTTPS_PROXY", proxy.url()).arg("doctor");
    let found = json(&doctor.output().unwrap()).to_string();
    assert!(found.contains("the certificate is not trusted"), "{found}");
    assert!(found.contains("--cacert"), "{found}");
    assert!(!found.contains("set HTTPS_PROXY"), "{found}");
    assert!(test.simulator.requests().is_empty());
}

/// Faults: F6
#[test]
fn a_host_that_the_proxy_cannot_reach_is_named_as_the_cause() {
    let test = TestEnv::new();
    let target = test.simulator.https_address();
    for (reply, message) in [
        (3, "no connection could be made"),
        (4, "no connection could be made"),
        (5, "the connection was refused"),
        (6, "connecting took too long"),
    ] {
        let proxy = Socks::to(target, Manner::Replies(reply));
        let url = format!("socks5://{}", proxy.address());
        let (said, hint) = wrong(&test, ("HTTPS_PROXY", &url));
        assert!(said.contains(message), "{reply}: {said}");
        assert!(hint.contains("the proxy of HTTPS_PROXY"), "{reply}: {hint}");
    }
    for status in ["502 Bad Gateway", "503 Unavailable", "504 Timeout"] {
        let (said, _) = wrong(&test, ("HTTPS_PROXY", &Proxy::answering(status).url()));
        assert!(said.contains("no connection could be made"), "{said}");
    }
}

const UNUSABLE: (&str, &str) = ("ALL_PROXY", "quic://user:CANARY@proxy.example:3128");

#[test]
fn an_unusable_proxy_does_not_affect_commands_that_send_nothing() {
    let test = TestEnv::new();
    for arguments in [
        &["status"][..],
        &["logout"],
        &["inspect"],
        &["profiles", "list"],
        &["profiles", "remove", "ada"],
        &["status", "--profile", "ada"],
    ] {
        let output = run(&test, UNUSABLE, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    }
    let inspected = ask(&test, UNUSABLE, &["inspect"]);
    let problem = inspected["unusable_proxy"].as_str().unwrap();
    assert!(problem.contains("ALL_PROXY"), "{problem}");
    assert_eq!(inspected["proxies"]["chatgpt.com"], Value::Null);
}

#[test]
fn an_unusable_proxy_fails_requests_and_doctor_names_its_variable() {
    let test = TestEnv::new();
    for cgi in [None, Some("GET")] {
        let with = |arguments: &[&str]| {
            let mut program = program(&test);
            program
                .envs([UNUSABLE])
                .envs(cgi.map(|it| ("REQUEST_METHOD", it)));
            program.arg("-vv").args(arguments).output().unwrap()
        };
        let begun = with(&["start"]);
        assert_eq!(json(&begun)["ok"], false, "{begun:?}");
        let logged = String::from_utf8_lossy(&begun.stderr);
        assert!(!logged.contains("CANARY"), "{logged}");

        let examined = with(&["doctor"]);
        let found = json(&examined).to_string();
        assert_eq!(examined.status.code(), Some(2), "{found}");
        assert!(found.contains("ALL_PROXY names no proxy"), "{found}");
        assert!(found.contains("socks5h://HOST:PORT"), "{found}");
        assert!(!found.contains("CANARY"), "{found}");
    }
}

#[test]
fn an_empty_proxy_variable_counts_as_unset() {
    let test = TestEnv::new();
    let mut program = program(&test);
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        program.env(variable, "");
    }
    let inspected = json(&program.arg("inspect").output().unwrap());
    assert_eq!(inspected["unusable_proxy"], Value::Null);
    assert_eq!(inspected["proxies"]["auth.openai.com"], Value::Null);
}

/// Faults: F15
#[test]
fn a_no_proxy_entry_with_a_star_applies_and_an_invalid_one_is_named() {
    let test = TestEnv::new();
    let proxy = Proxy::to(test.simulator.https_address());
    let with = |exceptions: &str, command: &str| {
        let mut program = program(&test);
        program.env("HTTPS_PROXY", proxy.url());
        program.env("NO_PROXY", exceptions).arg(command);
        program.output().unwrap()
    };
    let inspected = json(&with("*.openai.com", "inspect"));
    assert_eq!(inspected["proxies"]["auth.openai.com"], Value::Null);
    let url = format!("{}/", proxy.url());
    assert_eq!(inspected["proxies"]["chatgpt.com"], url.as_str());

    let begun = with("<local>", "start");
    let warned = String::from_utf8_lossy(&begun.stderr);
    assert!(
        warned.contains("NO_PROXY") && warned.contains("<local>"),
        "{warned}"
    );
    let found = json(&with("<local>", "doctor")).to_string();
    assert!(found.contains("not understood in NO_PROXY"), "{found}");
    assert!(found.contains("<local>"), "{found}");
}
