//! The program as other programs run it: several processes in a row, some of them
//! killed or interrupted, and what their output may contain.

mod support;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Fault, Gate, Simulator};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{LONG, TestEnv, json};

fn spawn(mut command: Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Waits until a request to the endpoint has arrived.
fn wait_for_request(simulator: &Simulator, endpoint: Endpoint) {
    let began = Instant::now();
    while simulator.requests_to(endpoint).is_empty() {
        assert!(began.elapsed() < LONG, "no request");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn names(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn a_login_spans_three_processes() {
    let test = TestEnv::new();
    test.sign_in();
    let status = test.ask(&["status"]);
    assert_eq!(
        names(&status),
        [
            "ok",
            "state",
            "connected",
            "method",
            "email",
            "account_id",
            "plan",
            "expires_at",
            "expires_in_seconds",
            "updated_at",
            "models_count",
            "models_fetched_at",
            "default_model_id",
            "available_models",
            "usage",
            "usage_fetched_at",
            "pending",
            "hint",
        ]
    );
    assert_eq!(status["state"], "connected");
    assert_eq!(status["email"], "ada@example.com");
    assert_eq!(status["usage"]["windows"][0]["name"], "5 hours");
}

#[test]
fn every_answer_has_the_fields_of_its_kind_whatever_the_outcome() {
    let test = TestEnv::new();
    let failed = [
        "ok",
        "error",
        "code",
        "hint",
        "retryable",
        "retry_after_seconds",
        "relogin_required",
        "service_code",
        "service_status",
    ];
    for command in ["poll", "refresh", "models", "usage", "authorize"] {
        assert_eq!(names(&test.ask(&[command])), failed, "{command}");
    }
    let prompt = test.ask(&["start"]);
    for field in [
        "status",
        "pending_id",
        "user_code",
        "verification_url",
        "interval_seconds",
        "expires_in_seconds",
        "expires_at",
        "instructions",
    ] {
        assert!(prompt.get(field).is_some(), "{field}");
    }
    let pending = test.ask(&["poll"]);
    test.simulator
        .approve(prompt["user_code"].as_str().unwrap())
        .unwrap();
    test.pass(1);
    let connected = test.ask(&["poll"]);
    assert_eq!(names(&pending), names(&connected));
    assert_eq!(
        (&pending["status"], &connected["status"]),
        (&"pending".into(), &"connected".into())
    );
    assert_eq!(
        names(&test.ask(&["models"])),
        [
            "ok",
            "source",
            "count",
            "default_model_id",
            "available_models",
            "models",
            "fetched_at"
        ]
    );
    assert_eq!(
        names(&test.ask(&["usage"])),
        [
            "ok",
            "source",
            "plan",
            "windows",
            "credits",
            "limit_reached",
            "limit_reason",
            "limit_name",
            "limit_resets_at",
            "fetched_at"
        ]
    );
    assert_eq!(
        names(&test.ask(&["refresh"])),
        ["ok", "status", "expires_at", "expires_in_seconds"]
    );
    assert_eq!(
        names(&test.ask(&["logout"])),
        ["ok", "status", "removed", "revoked", "hint"]
    );
}

/// Faults: S01
#[test]
fn commands_that_only_read_create_no_store() {
    let test = TestEnv::new();
    assert_eq!(test.ask(&["status"])["state"], "not_connected");
    assert_eq!(
        test.ask(&["profiles", "list"])["profiles"],
        Value::Array(Vec::new())
    );
    assert!(!test.store().parent().unwrap().exists());
}

#[test]
fn a_login_that_is_killed_while_it_waits_is_finished_by_poll() {
    let test = TestEnv::new();
    let mut command = test.command();
    command.arg("login");
    let mut login = spawn(command);
    let mut shown = BufReader::new(login.stderr.take().unwrap()).lines();
    assert!(shown.any(|line| line.unwrap().contains("codex/device")));
    login.kill().unwrap();
    login.wait().unwrap();

    let code = test.simulator.pending_codes().remove(0);
    assert_eq!(test.ask(&["start"])["user_code"], *code);
    test.simulator.approve(&code).unwrap();
    test.pass(5);
    assert_eq!(test.ask(&["poll"])["status"], "connected");
}

/// Faults: H12 S23
#[test]
fn a_process_killed_in_the_exchange_loses_neither_approval_nor_login() {
    let test = TestEnv::new();
    let prompt = test.ask(&["start"]);
    test.simulator
        .approve(prompt["user_code"].as_str().unwrap())
        .unwrap();
    // The service has not read the code when the process dies.
    test.simulator.fault(Endpoint::Token, Fault::hang());
    let mut command = test.command();
    command.arg("poll");
    let mut poll = spawn(command);
    wait_for_request(&test.simulator, Endpoint::Token);
    poll.kill().unwrap();
    poll.wait().unwrap();

    test.pass(66);
    assert_eq!(test.ask(&["poll"])["status"], "connected");
    assert_eq!(test.simulator.requests_to(Endpoint::DevicePoll).len(), 1);
}

/// Faults: H10 F9
#[test]
fn a_signal_does_not_interrupt_a_call() {
    for number in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let test = TestEnv::new();
        test.sign_in();
        test.pass(120);
        test.simulator.clear_requests();
        let gate = Gate::default();
        test.simulator
            .fault(Endpoint::Token, Fault::normal().gate(&gate));
        let mut command = test.command();
        command.args(["--json", "refresh"]);
        let refresh = spawn(command);
        wait_for_request(&test.simulator, Endpoint::Token);
        signal(&refresh, number);
        if matches!(number, Signal::INT | Signal::TERM) {
            // Time to break the call off. Of the others, the signal comes with the answer.
            std::thread::sleep(Duration::from_millis(300));
        }
        gate.open();
        let output = refresh.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(128 + number.as_raw()));
        assert_eq!(json(&output)["status"], "refreshed");
        // The answer is stored: the next process is certain about it.
        assert_eq!(test.ask(&["status"])["state"], "connected");
    }
}

#[test]
fn an_interrupted_login_stays_resumable_and_answers_in_json() {
    let test = TestEnv::new();
    let mut command = test.command();
    command.args(["--json", "login"]);
    let login = spawn(command);
    wait_for_request(&test.simulator, Endpoint::DevicePoll);
    signal(&login, Signal::INT);
    let output = login.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let answer = json(&output);
    assert_eq!(answer["status"], "pending");

    test.simulator
        .approve(answer["user_code"].as_str().unwrap())
        .unwrap();
    test.pass(5);
    assert_eq!(test.ask(&["poll"])["status"], "connected");
}

#[test]
fn login_expects_one_account_and_signs_another_out_again() {
    let test = TestEnv::with(|settings| settings.auto_approve(Duration::ZERO));
    let login = |expected: &str| -> Output { test.run(&["--json", "login", "--expect", expected]) };
    let wrong = login("grace@example.com");
    assert_eq!(wrong.status.code(), Some(4));
    assert_eq!(json(&wrong)["code"], "account-mismatch");
    assert_eq!(test.ask(&["status"])["state"], "not_connected");
    assert_eq!(json(&login("ADA@example.com"))["status"], "connected");
}

/// Faults: M13 M14
#[test]
fn no_output_carries_a_secret() {
    let test = TestEnv::new();
    let mut outputs = Vec::new();
    let mut run = |arguments: &[&str]| {
        for options in [&["-vv"][..], &["-vv", "--json"]] {
            outputs.push(test.run(&[options, arguments].concat()));
            test.pass(2);
        }
    };
    run(&["start"]);
    run(&["poll"]);
    run(&["status"]);
    let code = test.simulator.pending_codes().remove(0);
    test.simulator.approve(&code).unwrap();
    // The exchange fails, then is refused, then succeeds.
    test.simulator.fault(Endpoint::Token, Fault::silence());
    run(&["poll"]);
    run(&["status"]);
    for command in ["models", "usage", "authorize", "refresh"] {
        run(&[command]);
    }
    run(&["models", "--force"]);
    let echo = "{\"error\":{\"code\":\"odd\",\"message\":\"";
    test.pass(100);
    for secret in test.simulator.secrets() {
        // A service that repeats the request.
        let body = format!("{echo}{}\"}}}}", secret.value);
        test.simulator
            .fault(Endpoint::Usage, Fault::status(400).body(body));
        run(&["usage", "--force"]);
    }
    test.simulator
        .fault_always(Endpoint::Token, Fault::silence().after_processing());
    run(&["refresh"]);
    run(&["status"]);
    test.simulator.clear_faults();
    test.pass(900_000);
    run(&["authorize"]);
    run(&["status"]);
    run(&["logout", "--revoke"]);

    let secrets = test.simulator.secrets();
    assert!(secrets.len() >= 6);
    let printed: String = outputs
        .iter()
        .flat_map(|output| [&output.stdout, &output.stderr])
        .map(|bytes| String::from_utf8_lossy(bytes))
        .collect();
    assert!(printed.contains("chatgpt_oauth"), "nothing was logged");
    for secret in secrets {
        // The signature or the end of a token is as secret as the whole.
        for piece in secret
            .value
            .split('.')
            .map(|part| &part[part.len().saturating_sub(20)..])
        {
            assert!(!printed.contains(piece), "{:?}", secret.kind);
        }
    }
}

/// Faults: M15
#[cfg(target_os = "linux")]
#[test]
fn the_program_leaves_no_core_dump() {
    let test = TestEnv::new();
    let mut command = test.command();
    command.arg("login");
    let mut login = spawn(command);
    wait_for_request(&test.simulator, Endpoint::DevicePoll);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", login.id())).unwrap();
    login.kill().unwrap();
    login.wait().unwrap();
    let cores = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<_> = cores.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"]);
}

#[test]
fn an_unprintable_answer_is_a_failure_and_a_closed_pipe_is_not() {
    let test = TestEnv::new();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = test
        .command()
        .args(["--json", "status"])
        .stdout(full)
        .status();
    assert_eq!(status.unwrap().code(), Some(1));

    for arguments in [&["--json", "status"][..], &["completions", "bash"]] {
        let mut command = test.command();
        command.args(arguments);
        let mut program = spawn(command);
        drop(program.stdout.take());
        assert_eq!(program.wait().unwrap().code(), Some(0));
    }
}

/// Faults: M16
#[test]
fn a_store_url_with_a_password_is_not_repeated() {
    let test = TestEnv::new();
    test.sign_in();
    let key_file = test.store().with_file_name("test.db.key");
    let run = |url: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
        let command = command.env("CHATGPT_OAUTH_STORE", url).args(arguments);
        let output = command.arg("--key-file").arg(&key_file).output().unwrap();
        let text = [&output.stdout[..], &output.stderr].concat();
        assert!(!String::from_utf8_lossy(&text).contains("CANARY"));
        output
    };
    for (url, code) in [
        ("postgres://u:CANARY@db:port/x", "invalid-argument"),
        ("postgres://u:CANARY@127.0.0.1:1/x", "store-unavailable"),
    ] {
        assert_eq!(json(&run(url, &["--json", "status"]))["code"], code);
        run(url, &["-vv", "status"]);
        run(url, &["--help"]);
        run(url, &["completions", "zsh"]);
    }
}

#[test]
fn a_file_name_that_is_not_utf8_is_refused_without_a_panic() {
    let odd = OsStr::from_bytes(b"\xff");
    let output = TestEnv::new()
        .command()
        .arg("--json")
        .arg("inspect")
        .arg(odd)
        .arg("x")
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["code"], "invalid-argument");
}

#[test]
fn the_wasmtime_cli_runs_the_component_and_stores_nothing() {
    let wasmtime = std::env::var_os("WASMTIME_BIN").expect(
        "this test runs the wasmtime CLI: `eval \"$(sh scripts/tools.sh)\"` installs and names it",
    );
    let test = TestEnv::new();
    let component = test.path("onboarding.wasm");
    let written = test.ask(&["component", "-o", component.to_str().unwrap()]);
    assert_eq!(written["world"], "onboarding");
    let output = Command::new(wasmtime)
        .args([
            "run", "-S", "http", "-S", "keyvalue", "--invoke", "status()",
        ])
        .arg(component)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("ok({state: not-connected,"), "{text}");
}

/// Faults: M01
#[test]
fn no_command_runs_a_component_that_is_not_the_pinned_one() {
    let test = TestEnv::new();
    let pinned = |digest: &str, arguments: &[&str]| {
        let mut command = test.command();
        command.env("CHATGPT_OAUTH_COMPONENT_DIGEST", digest);
        json(&command.arg("--json").args(arguments).output().unwrap())
    };
    let other = "0".repeat(64);
    for command in [
        &["login"][..],
        &["status"],
        &["start"],
        &["poll"],
        &["logout"],
        &["refresh"],
        &["models"],
        &["usage"],
        &["authorize"],
        &["profiles", "list"],
        &["inspect"],
        &["rekey"],
        &["reset"],
        &["adopt"],
    ] {
        let refused = pinned(&other, command);
        assert_eq!(
            refused["code"], "invalid-argument",
            "{command:?}: {refused}"
        );
        let message = refused["error"].as_str().unwrap();
        assert!(
            message.contains("not the one that was asked for"),
            "{message}"
        );
    }
    assert!(!test.store().exists());
    let own = format!("sha256:{}", chatgpt_oauth::artifact::PLATFORM.digest);
    assert_eq!(pinned(&own, &["status"])["ok"], true);
    assert_eq!(pinned("sha256:", &["status"])["code"], "invalid-argument");
}

/// Runs the program with one environment variable and returns its answer.
fn with_variable(test: &TestEnv, variable: &str, value: &[u8], arguments: &[&str]) -> Value {
    let mut command = test.command();
    command.env(variable, OsStr::from_bytes(value));
    command.arg("--json").args(arguments);
    json(&command.output().unwrap())
}

/// Faults: F15
#[test]
fn an_address_with_a_plus_names_a_profile() {
    let test = TestEnv::new();
    let ada = "ada+codex@example.com";
    test.sign_in();
    let prompt = test.ask(&["--profile", ada, "start"]);
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    test.pass(1);
    let progress = with_variable(&test, "CHATGPT_OAUTH_PROFILE", ada.as_bytes(), &["poll"]);
    assert_eq!(progress["status"], "connected");
    assert_eq!(
        test.ask(&["profiles", "list"])["profiles"],
        serde_json::json!([ada, "default"])
    );
    let refreshed = test.ask(&["--profile", ada, "refresh"]);
    assert_eq!(refreshed["ok"], true, "{refreshed}");
    let removed = test.ask(&["profiles", "remove", ada, "--force"]);
    assert_eq!(removed["removed"], true);
    assert_eq!(test.ask(&["status"])["state"], "connected");
}

/// Faults: F15
#[test]
fn an_empty_variable_counts_as_unset() {
    let test = TestEnv::new();
    test.sign_in();
    for variable in [
        "CHATGPT_OAUTH_COMPONENT_DIGEST",
        "CHATGPT_OAUTH_KEY_FILE",
        "CHATGPT_OAUTH_PROFILE",
        "CHATGPT_OAUTH_STORE",
    ] {
        let status = with_variable(&test, variable, b"", &["status"]);
        assert_eq!(status["state"], "connected", "{variable}: {status}");
    }
    // Without the option, the store is in the user's data directory.
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    command.env("CHATGPT_OAUTH_STORE", "");
    command.env("XDG_DATA_HOME", test.path("data"));
    let status = json(&command.args(["--json", "status"]).output().unwrap());
    assert_eq!(status["state"], "not_connected", "{status}");
    // An empty option is an error, because it was typed.
    let typed = test.ask(&["--profile", "", "status"]);
    assert!(
        typed["error"].as_str().unwrap().contains("--profile"),
        "{typed}"
    );
}

/// Faults: F15
#[test]
fn an_error_names_the_variable_that_causes_it() {
    let test = TestEnv::new();
    for (variable, value) in [
        ("CHATGPT_OAUTH_PROFILE", &b"a/b"[..]),
        ("CHATGPT_OAUTH_PROFILE", b"\xff"),
        ("CHATGPT_OAUTH_COMPONENT_DIGEST", b"abc"),
        ("CHATGPT_OAUTH_STORE", b"\xff"),
        ("CHATGPT_OAUTH_STORE", b"mysql://x"),
    ] {
        for options in [&["status"][..], &["--json", "status"]] {
            let output = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"))
                .env(variable, OsStr::from_bytes(value))
                .args(options)
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(2), "{variable}");
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let first = said.lines().next().unwrap();
            assert!(first.contains(variable), "{first}");
            assert!(!first.contains("'--"), "{first}");
            assert!(!said.contains("correct the argument"), "{said}");
        }
    }
    // The option takes precedence over the variable.
    let typed = with_variable(
        &test,
        "CHATGPT_OAUTH_PROFILE",
        b"a/b",
        &["--profile", "a/b", "status"],
    );
    let said = typed["error"].as_str().unwrap();
    assert!(said.contains("--profile"), "{said}");
    let hint = typed["hint"].as_str().unwrap();
    assert!(hint.starts_with("correct the argument"), "{hint}");
    let profile = "CHATGPT_OAUTH_PROFILE";
    let set = with_variable(&test, profile, b"a/b", &["status"]);
    let hint = set["hint"].as_str().unwrap();
    assert!(hint.starts_with("correct or unset the variable"), "{hint}");
}
