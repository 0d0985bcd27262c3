//! Logins on a machine whose VPN or router answers names with fake addresses and
//! carries each connection to the right host. The tests run in a network namespace in
//! which both hosts have a fake address and the simulator answers at port 443.
#![cfg(target_os = "linux")]

mod support;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::{AddressRange, ErrorCode, Host};
use serde_json::{Value, json};
use support::proxy::join;
use support::{TestEnv, hosts_file, json};

const FAKE: &str = "198.18.0.36";
const RANGE: &str = "198.18.0.0/15";

/// Runs the test of this name again, in a network namespace and with a hosts file in
/// which the hosts have a fake address. Returns true in that second run.
fn is_inside(name: &str) -> bool {
    let names = format!("{FAKE} auth.openai.com chatgpt.com");
    let set_up = format!("ip link set lo up && ip address add {FAKE}/32 dev lo");
    hosts_file::is_inside(name, &names, &["--map-root-user", "--net"], &set_up)
}

/// An environment whose simulator answers at the fake address.
fn test_env() -> TestEnv {
    let test = TestEnv::new();
    let target = test.simulator.https_address();
    let fake: SocketAddr = format!("{FAKE}:443").parse().unwrap();
    let listener = TcpListener::bind(fake).unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(target).unwrap();
            thread::spawn(move || _ = join(client, server, |_| {}));
        }
    });
    test
}

/// Runs the program with a store of the real kind and without a proxy.
fn run(test: &TestEnv, store: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        program.env_remove(name);
    }
    let store = format!("sqlite:{}", store.display());
    program
        .args(["--json", "--store", &store, "--cacert"])
        .arg(test.path("ca.pem"))
        .env("CHATGPT_OAUTH_TEST_CLOCK", test.path("clock"))
        .env("XDG_STATE_HOME", test.path("state"))
        .env("SSL_CERT_FILE", "/dev/null")
        .env_remove("SSL_CERT_DIR")
        .args(arguments)
        .output()
        .unwrap()
}

fn ask(test: &TestEnv, arguments: &[&str]) -> Value {
    json(&run(test, &test.path("real/openai.db"), arguments))
}

fn finding<'a>(answer: &'a Value, subject: &str) -> Option<&'a Value> {
    let findings = answer["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|finding| finding["subject"] == subject)
}

/// Faults: M05 F6
#[test]
fn a_login_at_a_fake_address_is_refused_and_the_answer_names_the_cause() {
    if !is_inside("a_login_at_a_fake_address_is_refused_and_the_answer_names_the_cause") {
        return;
    }
    let test = test_env();
    for arguments in [
        &["start"][..],
        &["start", "--allow-addresses", "198.19.0.0/16"],
    ] {
        let refused = ask(&test, arguments);
        assert_eq!(refused["code"], "egress-denied", "{refused}");
    }
    let examined = ask(&test, &["doctor"]);
    for host in ["auth.openai.com", "chatgpt.com"] {
        let found = finding(&examined, host).unwrap();
        assert_eq!(found["code"], "egress-denied", "{found}");
        let message = found["message"].as_str().unwrap();
        assert!(message.contains("no public address"), "{found}");
        let hint = found["hint"].as_str().unwrap();
        assert!(hint.contains("--allow-addresses"), "{found}");
        assert!(hint.contains("VPN or router"), "{found}");
    }
    assert_eq!(finding(&examined, "addresses"), None);
    assert!(test.simulator.requests().is_empty());
}

#[test]
fn a_login_uses_a_fake_address_that_the_operator_allows() {
    if !is_inside("a_login_uses_a_fake_address_that_the_operator_allows") {
        return;
    }
    let test = test_env();
    let allowing = |arguments: &[&str]| {
        let option = [
            "--allow-addresses",
            "10.0.0.0/8",
            "--allow-addresses",
            RANGE,
        ];
        ask(&test, &[&option[..], arguments].concat())
    };
    let prompt = allowing(&["start"]);
    let code = prompt["user_code"].as_str();
    let code = code.unwrap_or_else(|| panic!("{prompt}"));
    test.simulator.approve(code).unwrap();
    let progress = allowing(&["poll"]);
    assert_eq!(progress["status"], "connected", "{progress}");
    assert_eq!(progress["models_count"], 7, "{progress}");

    let examined = allowing(&["doctor"]);
    let allowed = finding(&examined, "addresses").unwrap();
    let message = allowed["message"].as_str().unwrap();
    assert!(message.contains(RANGE), "{allowed}");
    assert_eq!(finding(&examined, "chatgpt.com").unwrap()["ok"], true);
}

/// Faults: M05
#[test]
fn tls_authenticates_a_host_at_an_allowed_address() {
    if !is_inside("tls_authenticates_a_host_at_an_allowed_address") {
        return;
    }
    let test = test_env();
    let stranger = rcgen::generate_simple_self_signed(["chatgpt.com".to_owned()]).unwrap();
    std::fs::write(test.path("ca.pem"), stranger.cert.pem()).unwrap();
    let examined = ask(&test, &["--allow-addresses", RANGE, "doctor"]);
    let found = finding(&examined, "auth.openai.com").unwrap();
    assert_eq!(found["ok"], false, "{found}");
    assert!(
        found["message"].as_str().unwrap().contains("certificate"),
        "{found}"
    );
    assert!(test.simulator.requests().is_empty());
}

#[test]
fn inspect_and_doctor_show_the_allowed_addresses() {
    let test = TestEnv::new();
    let inspected = ask(&test, &["inspect", "--allow-addresses", RANGE]);
    assert_eq!(inspected["allowed_addresses"], json!([RANGE]));
    let nothing = ask(&test, &["inspect"]);
    assert_eq!(nothing["allowed_addresses"], json!([]));
    // With `--connect-to`, the option has no effect.
    let tested = test.ask(&["inspect", "--allow-addresses", RANGE]);
    assert_eq!(tested["allowed_addresses"], json!([]));
    let words = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"))
        .args(["inspect", "--allow-addresses", RANGE])
        .output();
    let words = String::from_utf8(words.unwrap().stdout).unwrap();
    assert!(
        words.contains("also at non-public addresses: 198.18.0.0/15"),
        "{words}"
    );
}

#[test]
fn an_invalid_range_is_refused_with_a_valid_one() {
    let test = TestEnv::new();
    for (range, hint) in [
        ("198.18.0.36/15", "write 198.18.0.0/15"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.169.254", "link-local"),
        ("::ffff:127.0.0.1", "IPv4 is written as IPv4"),
        ("0.0.0.0/0", "multicast"),
        (
            "198.0.0.0/7",
            "the range that the VPN or router answers with",
        ),
        ("fc00::/18", "the range that the VPN or router answers with"),
        ("auth.openai.com", "ADDRESS/BITS"),
    ] {
        let arguments = ["status", "--allow-addresses", range];
        let refused = run(&test, &test.path("real/openai.db"), &arguments);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        let refused = json(&refused);
        assert_eq!(refused["code"], "invalid-argument", "{refused}");
        assert!(
            refused["hint"].as_str().unwrap().contains(hint),
            "{refused}"
        );
        let in_words = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"))
            .args(arguments)
            .output();
        let in_words = String::from_utf8(in_words.unwrap().stderr).unwrap();
        assert!(in_words.contains(hint), "{in_words}");
    }
    assert!(!test.path("real/openai.db").exists());
}

#[tokio::test]
async fn a_host_for_tests_allows_no_addresses() {
    let range: AddressRange = RANGE.parse().unwrap();
    let real = Host::builder(MemoryStore::new()).allow_addresses([range]);
    assert_eq!(real.build().unwrap().allowed_addresses(), [range]);
    let test = Host::builder(MemoryStore::of_kind(StoreKind::Test)).allow_addresses([range]);
    let test = test.build().unwrap();
    assert_eq!(test.allowed_addresses(), []);
    let profile = test.profile("ada".parse().unwrap());
    let refused = profile.start().await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::EgressDenied);
}
