//! The binary and its control surface, as a driver in another language uses them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use openai_simulator::CLIENT_ID;
use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::{Value, json};

struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    http: String,
    ca: String,
}

/// Starts the binary with `--json` and reads its announcement.
fn start(test: &str, arguments: &[&str]) -> Process {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut child = Command::new(env!("CARGO_BIN_EXE_openai-simulator"))
        .args(["--json", "--exit-with-stdin", "--ca"])
        .arg(format!("{}/{test}.pem", env!("CARGO_TARGET_TMPDIR")))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let announced: Value = serde_json::from_str(&line).unwrap();
    let text = |name: &str| announced[name].as_str().unwrap().to_owned();
    assert!(text("https").starts_with("https://127.0.0.1:"));
    Process {
        child,
        stdout,
        http: text("http"),
        ca: text("ca"),
    }
}

impl Process {
    fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let request = client
            .request(method, format!("{}{path}", self.http))
            .json(body);
        let response = request.send().unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_slice(&response.bytes().unwrap()).unwrap_or_default(),
        )
    }

    fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, &body)
    }

    fn command(&self, name: &str, body: Value) {
        let (status, answer) = self.post(&format!("/_simulator/{name}"), body);
        assert_eq!(status, 200, "{answer}");
    }

    fn get(&self, name: &str) -> Value {
        self.send(Method::GET, &format!("/_simulator/{name}"), &Value::Null)
            .1
    }

    fn delete(&self, name: &str) {
        assert_eq!(
            self.send(Method::DELETE, &format!("/_simulator/{name}"), &Value::Null)
                .0,
            200
        );
    }

    fn ask_for_code(&self) -> Value {
        self.post(
            "/api/accounts/deviceauth/usercode",
            json!({ "client_id": CLIENT_ID }),
        )
        .1
    }

    fn poll(&self, code: &Value) -> (u16, Value) {
        self.post("/api/accounts/deviceauth/token", code.clone())
    }

    fn sign_in(&self) -> Value {
        let code = self.ask_for_code();
        self.command("approve", json!({ "user_code": code["user_code"] }));
        let (_, approval) = self.poll(&code);
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let form = json!({
            "grant_type": "authorization_code",
            "client_id": CLIENT_ID,
            "code": approval["authorization_code"],
            "redirect_uri": "https://auth.openai.com/deviceauth/callback",
            "code_verifier": approval["code_verifier"],
        });
        let response = client
            .post(format!("{}/oauth/token", self.http))
            .form(&form)
            .send()
            .unwrap();
        serde_json::from_slice(&response.bytes().unwrap()).unwrap()
    }

    fn refresh(&self, token: &Value) -> (u16, Value) {
        let grant = json!({ "grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": token });
        self.post("/oauth/token", grant)
    }

    /// Whether the process ends by itself within a minute, with success.
    fn ends(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_announces_itself_in_one_line_and_ends_with_its_standard_input() {
    let mut process = start("announces", &[]);
    assert!(
        std::fs::read_to_string(&process.ca)
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    drop(process.child.stdin.take());
    assert!(process.ends());
    let mut rest = String::new();
    process.stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn it_ends_on_sigterm_and_sigint() {
    for signal in ["TERM", "INT"] {
        let mut process = start("signals", &[]);
        let sent = Command::new("kill")
            .args(["-s", signal, &process.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success() && process.ends(), "{signal}");
    }
}

#[test]
fn it_prints_the_flags_to_use() {
    let ca = format!("{}/person.pem", env!("CARGO_TARGET_TMPDIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_openai-simulator"))
        .args(["--ca", &ca, "--exit-with-stdin"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("--connect-to auth.openai.com:443:127.0.0.1:"),
        "{said}"
    );
    assert!(
        said.contains("--connect-to chatgpt.com:443:127.0.0.1:"),
        "{said}"
    );
    assert!(said.contains("--cacert /"), "{said}");
}

#[test]
fn codes_are_approved_denied_and_expired() {
    let process = start("decides", &["--interval", "1"]);
    let code = process.ask_for_code();
    assert_eq!(code["interval"], "1");
    assert_eq!(process.get("pending"), json!([code["user_code"]]));
    process.command("deny", json!({ "user_code": code["user_code"] }));
    assert_eq!(
        process.poll(&code).1["error"]["code"],
        "deviceauth_access_denied"
    );
    let (status, body) = process.post(
        "/_simulator/approve",
        json!({ "user_code": code["user_code"] }),
    );
    assert_eq!(
        (status, &body["error"]),
        (409, &json!("the code has been used already"))
    );
    let code = process.ask_for_code();
    process.command("expire", json!({ "user_code": code["user_code"] }));
    assert_eq!(process.poll(&code).0, 404);
    assert!(process.sign_in()["access_token"].is_string());
}

#[test]
fn codes_approve_themselves() {
    let process = start("auto-approve", &["--auto-approve"]);
    assert_eq!(process.poll(&process.ask_for_code()).0, 200);
}

#[test]
fn faults_requests_presentations_and_secrets_are_reached() {
    let process = start("reaches", &[]);
    let tokens = process.sign_in();
    process.command(
        "fault",
        json!({ "endpoint": "token", "fault": { "status": 503, "json": { "a": 1 } } }),
    );
    assert_eq!(
        process.refresh(&tokens["refresh_token"]),
        (503, json!({ "a": 1 }))
    );
    process.command(
        "fault",
        json!({ "endpoint": "token", "fault": { "patch": { "id_token": null }, "headers": { "x": "y" } } }),
    );
    let (status, refreshed) = process.refresh(&tokens["refresh_token"]);
    assert_eq!((status, refreshed.get("id_token")), (200, None));

    let standing = json!({ "endpoint": "user_code", "fault": { "preset": "cloudflare_challenge" }, "standing": true });
    process.command("fault", standing);
    assert_eq!(process.ask_for_code(), Value::Null);
    process.delete("faults");
    assert!(process.ask_for_code().is_object());

    let presented = process.get("presentations");
    let outcomes: Vec<_> = presented[0]["presentations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|presentation| presentation["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["unprocessed", "rotated"]);
    assert_eq!(process.get("secrets").as_array().unwrap().len(), 10);
    let requests = process.get("requests");
    assert_eq!(
        requests[3]["answered"],
        json!({ "by_fault": { "status": 503, "processed": false } })
    );
    assert_eq!(requests[3]["endpoint"], "token");
    process.delete("requests");
    assert_eq!(process.get("requests"), json!([]));
}

#[test]
fn every_kind_of_fault_has_a_description() {
    let process = start("describes", &[]);
    for fault in [
        json!({}),
        json!({ "silence": true, "reset": true, "after_processing": true }),
        json!({ "hang": true, "delay_ms": 5 }),
        json!({ "raw": "HTTP/1.1 200 OK\r\n\r\n" }),
        json!({ "status": 200, "body": "abc", "chunked": true, "drip": 1, "pause_ms": 1, "cut_after": 2 }),
        json!({ "preset": "region_blocked" }),
        json!({ "preset": "too_many_requests", "headers": { "retry-after": "7" } }),
        json!({ "preset": "captive_portal" }),
        json!({ "preset": "truncated_json" }),
        json!({ "preset": "slow_down" }),
        json!({ "preset": "device_login_disabled" }),
        json!({ "preset": "usage_limit_reached" }),
        json!({ "preset": "usage_not_included" }),
        json!({ "preset": "overloaded" }),
        json!({ "preset": "token_expired" }),
        json!({ "preset": "deactivated_workspace" }),
    ] {
        process.command("fault", json!({ "endpoint": "usage", "fault": fault }));
    }
    process.command("connection_fault", json!("stall"));
    process.delete("faults");
    for wrong in [
        json!({ "status": 200, "hang": true }),
        json!({ "preset": "unknown" }),
        json!({ "unknown": 1 }),
    ] {
        let (status, _) = process.post(
            "/_simulator/fault",
            json!({ "endpoint": "usage", "fault": wrong }),
        );
        assert_eq!(status, 400, "{wrong}");
    }
}

#[test]
fn streams_are_described_and_their_requests_listed() {
    let process = start("streams", &["--keep-requests", "1"]);
    let token = process.sign_in()["access_token"].clone();
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let ask = |stream: &Value| {
        let fault = json!({ "endpoint": "responses", "fault": { "stream": stream } });
        process.command("fault", fault);
        let request = client
            .post(format!("{}/backend-api/codex/responses", process.http))
            .bearer_auth(token.as_str().unwrap())
            .header("chatgpt-account-id", openai_simulator::Account::default().account_id)
            .json(&json!({ "model": "gpt-6-sol", "instructions": "", "store": false, "stream": true, "input": [] }));
        request.send().unwrap().text().unwrap()
    };
    for preset in PRESETS {
        let stream = ask(&json!({ "preset": preset, "count": 2, "pause_ms": 1, "bytes": 10 }));
        assert!(stream.starts_with("event: response.created\n"), "{preset}");
    }
    let frames = json!([
        { "begin": {} }, { "comment": "note" }, { "pause_ms": 1 }, { "message": "Hi." },
        { "call": { "name": "a", "arguments": "{}" } }, { "event": { "type": "new" } }, { "raw": "raw" },
    ]);
    let described = json!({
        "frames": frames, "line_end": "crlf", "pace_ms": 1, "split_ms": 1, "without_content_type": true,
    });
    let stream = ask(&described);
    assert!(stream.contains("\r\n\r\n: note\r\n\r\n"));
    assert!(
        stream
            .ends_with("event: new\r\ndata: {\"type\":\"new\",\"sequence_number\":12}\r\n\r\nraw"),
        "{stream}"
    );
    for last in [
        json!({ "complete": {} }),
        json!({ "incomplete": "max_output_tokens" }),
        json!({ "fail": { "code": "a", "message": "b" } }),
    ] {
        assert!(ask(&json!({ "frames": [last] })).starts_with("event: response."));
    }
    let listed = process.get("requests");
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["disconnected_after_ms"], Value::Null);
    for wrong in [
        json!({}),
        json!({ "preset": "unknown" }),
        json!({ "preset": "text", "frames": [] }),
    ] {
        let fault = json!({ "endpoint": "responses", "fault": { "stream": wrong } });
        assert_eq!(process.post("/_simulator/fault", fault).0, 400, "{wrong}");
    }
}

/// Every preset of a stream.
const PRESETS: &[&str] = &[
    "arguments_only_in_done",
    "arguments_only_in_item",
    "bad_json",
    "call",
    "changed_reasoning_id",
    "deltas",
    "empty_output",
    "error_flat",
    "error_nested",
    "failed",
    "half_event",
    "interleaved_calls",
    "items_without_id",
    "keep_alives",
    "long_event",
    "missing_output",
    "multilingual",
    "phases",
    "rate_limits",
    "refusal",
    "stall",
    "stopped",
    "text",
    "truncated",
    "unfinished",
    "unknown_events",
    "unknown_item",
    "usage_limit_reached",
    "web_search",
    "without_usage",
];

#[test]
fn time_settings_and_sign_ins_are_changed() {
    let process = start(
        "changes",
        &["--access-token-lifetime", "200", "--rotation", "grace:30"],
    );
    let tokens = process.sign_in();
    assert_eq!(tokens["expires_in"], 200);
    process.refresh(&tokens["refresh_token"]);
    assert_eq!(process.refresh(&tokens["refresh_token"]).0, 200);
    process.command(
        "settings",
        json!({ "access_token_lifetime": 300, "rotation": "strict", "date_skew": 60 }),
    );
    assert_eq!(
        process.refresh(&tokens["refresh_token"]).1["error"]["code"],
        "refresh_token_reused"
    );
    let (_, before) = process.post("/_simulator/advance", json!({ "seconds": 0 }));
    let (_, after) = process.post("/_simulator/advance", json!({ "seconds": 1000 }));
    assert!(after["now"].as_i64().unwrap() >= before["now"].as_i64().unwrap() + 1000);

    let (_, tokens) = process.post(
        "/_simulator/issue_tokens",
        json!({ "email": "bob@example.com" }),
    );
    assert_eq!(tokens["expires_in"], 300);
    let (_, signed) = process.post("/_simulator/sign", json!({ "exp": 0 }));
    assert_eq!(signed.as_str().unwrap().split('.').count(), 3);
    process.command("revoke", json!({ "why": "invalidated" }));
    assert_eq!(
        process.refresh(&tokens["refresh_token"]).1["error"]["code"],
        "refresh_token_invalidated"
    );
    assert_eq!(
        process
            .post("/_simulator/settings", json!({ "rotation": "never" }))
            .0,
        400
    );
    assert_eq!(process.post("/_simulator/unknown", json!({})).0, 404);
}

#[test]
fn accounts_are_read_from_a_file() {
    let path = format!("{}/accounts.json", env!("CARGO_TARGET_TMPDIR"));
    let accounts =
        json!([{ "email": "ada@example.com" }, { "email": "bob@example.com", "plan_type": "pro" }]);
    std::fs::write(&path, accounts.to_string()).unwrap();
    let process = start("accounts", &["--accounts", &path]);
    let code = process.ask_for_code();
    process.command(
        "approve",
        json!({ "user_code": code["user_code"], "account": 1 }),
    );
    assert_eq!(process.poll(&code).0, 200);
    let code = process.ask_for_code();
    let body = json!({ "user_code": code["user_code"], "account": 2 });
    assert_eq!(process.post("/_simulator/approve", body).0, 409);
}
