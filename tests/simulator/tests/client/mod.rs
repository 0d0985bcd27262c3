//! A plain HTTP client that follows the flow of the wire protocol.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::time::{Duration, Instant};

use openai_simulator::{CLIENT_ID, Simulator};
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// The longest wait for what must happen.
pub const LONG: Duration = Duration::from_secs(60);

/// The result of a check that becomes true.
pub fn soon<T>(check: impl Fn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(result) = check() {
            return result;
        }
        assert!(started.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a check is true.
pub fn wait_until(check: impl Fn() -> bool) {
    soon(|| check().then_some(()));
}

/// Starts a simulator with default settings.
pub fn start() -> Simulator {
    Simulator::start().unwrap()
}

/// Over HTTP, without redirects, proxies and pooling.
pub fn client() -> Client {
    // The simulator uses ring only for itself; a second installation is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .tls_certs_only([])
        .build()
        .unwrap()
}

pub fn post(simulator: &Simulator, path: &str) -> RequestBuilder {
    client().post(format!("{}{path}", simulator.http_url()))
}

pub fn get(simulator: &Simulator, path: &str) -> RequestBuilder {
    client().get(format!("{}{path}", simulator.http_url()))
}

/// Status and JSON body.
pub fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().unwrap()).unwrap_or_default(),
    )
}

pub fn ask_for_code(simulator: &Simulator) -> Value {
    let request = post(simulator, "/api/accounts/deviceauth/usercode");
    let (status, body) = read(
        request
            .json(&json!({ "client_id": CLIENT_ID }))
            .send()
            .unwrap(),
    );
    assert_eq!(status, 200, "{body}");
    body
}

pub fn poll(simulator: &Simulator, code: &Value) -> (u16, Value) {
    let body = json!({ "device_auth_id": code["device_auth_id"], "user_code": code["user_code"] });
    read(
        post(simulator, "/api/accounts/deviceauth/token")
            .json(&body)
            .send()
            .unwrap(),
    )
}

pub fn exchange(simulator: &Simulator, approval: &Value) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("code", approval["authorization_code"].as_str().unwrap()),
        (
            "redirect_uri",
            "https://auth.openai.com/deviceauth/callback",
        ),
        ("code_verifier", approval["code_verifier"].as_str().unwrap()),
    ];
    read(post(simulator, "/oauth/token").form(&form).send().unwrap())
}

/// Runs the whole device flow and returns the token answer.
pub fn sign_in(simulator: &Simulator) -> Value {
    let code = ask_for_code(simulator);
    simulator
        .approve(code["user_code"].as_str().unwrap())
        .unwrap();
    let (_, approval) = poll(simulator, &code);
    let (status, tokens) = exchange(simulator, &approval);
    assert_eq!(status, 200, "{tokens}");
    tokens
}

pub fn refresh_request(simulator: &Simulator, refresh_token: &Value) -> RequestBuilder {
    post(simulator, "/oauth/token").json(&json!({
        "client_id": CLIENT_ID, "grant_type": "refresh_token", "refresh_token": refresh_token,
    }))
}

pub fn refresh(simulator: &Simulator, refresh_token: &Value) -> (u16, Value) {
    read(refresh_request(simulator, refresh_token).send().unwrap())
}

/// Sends a request to the ChatGPT backend as the default account.
pub fn ask_as(simulator: &Simulator, path: &str, access_token: &Value) -> RequestBuilder {
    get(simulator, path)
        .bearer_auth(access_token.as_str().unwrap())
        .header(
            "ChatGPT-Account-ID",
            openai_simulator::Account::default().account_id,
        )
}

pub fn usage(simulator: &Simulator, access_token: &Value) -> (u16, Value) {
    read(
        ask_as(simulator, "/backend-api/wham/usage", access_token)
            .send()
            .unwrap(),
    )
}

pub const RESPONSES: &str = "/backend-api/codex/responses";

/// Sends a request to the ChatGPT backend as the default account.
pub fn post_as(simulator: &Simulator, path: &str, access_token: &Value) -> RequestBuilder {
    post(simulator, path)
        .bearer_auth(access_token.as_str().unwrap())
        .header(
            "ChatGPT-Account-ID",
            openai_simulator::Account::default().account_id,
        )
}

/// A request to a model that keeps every rule, with this text of the user.
pub fn turn(text: &str) -> Value {
    json!({
        "model": "gpt-6-sol", "instructions": "", "store": false, "stream": true,
        "input": [{ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": text }] }],
    })
}

/// The data of each event of a stream in order.
pub fn events(stream: &str) -> Vec<Value> {
    stream
        .split("\n\n")
        .filter_map(|frame| frame.lines().find_map(|line| line.strip_prefix("data: ")))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// The type of each event.
pub fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap_or_default())
        .collect()
}

/// `error.code` of an answer.
pub fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}
