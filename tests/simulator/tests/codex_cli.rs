//! Fidelity: the real Codex CLI signs in, refreshes, works and logs out against the simulator.

mod client;
mod codex;

use std::time::Duration;

use codex::Codex;
use openai_simulator::{CLIENT_ID, Endpoint, Outcome, Simulator};
use serde_json::json;

fn simulator() -> Simulator {
    Simulator::builder().interval(1).start().unwrap()
}

/// Types the code into the page, as a person does.
fn decide(simulator: &Simulator, user_code: &str, decision: &str) {
    let form = [
        ("user_code", user_code),
        ("decision", decision),
        ("account", "0"),
    ];
    let response = client::post(simulator, "/codex/device")
        .form(&form)
        .send()
        .unwrap();
    assert_eq!(response.status(), 200);
}

fn signed_in<'a>(simulator: &'a Simulator, test: &str) -> Codex<'a> {
    let codex = Codex::new(simulator, test);
    let output = codex.login(|user_code| decide(simulator, user_code, "approve"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    codex
}

/// The refresh grants that the simulator received.
fn refreshes(simulator: &Simulator) -> Vec<serde_json::Value> {
    let mut requests = simulator.requests_to(Endpoint::Token);
    requests.retain(|request| request.json()["grant_type"] == "refresh_token");
    requests
        .iter()
        .map(openai_simulator::RecordedRequest::json)
        .collect()
}

#[test]
fn codex_signs_in_with_a_code_that_a_person_approves() {
    let simulator = simulator();
    let codex = signed_in(&simulator, "login");

    let status = codex.run(&["login", "status"]);
    assert!(String::from_utf8_lossy(&status.stderr).contains("Logged in using ChatGPT"));
    let issued: Vec<_> = simulator
        .secrets()
        .into_iter()
        .map(|secret| secret.value)
        .collect();
    for name in ["id_token", "access_token", "refresh_token"] {
        assert!(
            issued.contains(&codex.tokens()[name].as_str().unwrap().to_owned()),
            "{name}"
        );
    }
    assert_eq!(
        codex.tokens()["account_id"],
        openai_simulator::Account::default().account_id
    );

    let exchange = simulator.requests_to(Endpoint::Token).remove(0).form();
    let names: Vec<_> = exchange.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "grant_type",
            "client_id",
            "code",
            "redirect_uri",
            "code_verifier"
        ]
    );
    assert_eq!(
        exchange[3].1,
        format!("{}/deviceauth/callback", simulator.http_url())
    );
}

#[test]
fn codex_refreshes_when_its_app_server_is_asked_to() {
    let simulator = simulator();
    let codex = signed_in(&simulator, "refresh");
    let before = codex.tokens();

    let answer = codex.ask_app_server("account/read", json!({ "refreshToken": true }));
    assert_eq!(answer["account"]["type"], "chatgpt");
    assert_eq!(answer["account"]["planType"], "plus");

    let expected = json!({
        "client_id": CLIENT_ID,
        "grant_type": "refresh_token",
        "refresh_reason": "forced",
        "refresh_token": before["refresh_token"],
    });
    assert_eq!(refreshes(&simulator), [expected]);
    let after = codex.tokens();
    for name in ["id_token", "access_token", "refresh_token"] {
        assert_ne!(before[name], after[name], "{name}");
    }
    let uses: Vec<Vec<_>> = simulator
        .presentations()
        .iter()
        .map(|token| {
            token
                .presentations
                .iter()
                .map(|presentation| presentation.outcome)
                .collect()
        })
        .collect();
    assert_eq!(uses, [vec![Outcome::Rotated], vec![]]);
}

#[test]
fn codex_refreshes_ahead_of_expiry() {
    let simulator = Simulator::builder()
        .interval(1)
        .access_token_lifetime(Duration::from_secs(200))
        .start()
        .unwrap();
    let codex = signed_in(&simulator, "proactive");
    // The next token is not due again at once.
    simulator.set_access_token_lifetime(Duration::from_secs(864_000));
    codex.ask_app_server("account/read", json!({ "refreshToken": false }));
    let refreshes = refreshes(&simulator);
    assert_eq!(refreshes.len(), 1);
    assert_eq!(refreshes[0]["refresh_reason"], "proactive_expiry");
}

#[test]
fn codex_refreshes_and_works_on_when_the_backend_refuses_its_token() {
    let simulator = simulator();
    let codex = signed_in(&simulator, "exec");
    // For the server, the access token has expired; by the CLI's own clock it is valid.
    simulator.advance(Duration::from_secs(11 * 24 * 3600));

    let output = codex.exec(&["Say hello"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("Hello from the simulator."), "{said}");
    let refreshes = refreshes(&simulator);
    assert_eq!(refreshes.len(), 1, "{:#?}", simulator.requests());
    assert_eq!(refreshes[0]["refresh_reason"], "unauthorized_recovery");
    // Codex keeps the models only if they arrive within five seconds and it can decode every entry.
    for _ in 0..3 {
        if codex.file("models_cache.json").is_null() {
            codex.exec(&["Say hello"]);
        }
    }
    let models = codex.file("models_cache.json");
    assert_eq!(models["models"].as_array().unwrap().len(), 8);
}

#[test]
fn codex_completes_a_turn_with_a_tool_call() {
    let simulator = simulator();
    let codex = signed_in(&simulator, "tool-call");
    let request = r#"call exec_command with {"cmd":"echo 6 times 7 is $((6*7))"}"#;
    let output = codex.exec(&["--dangerously-bypass-approvals-and-sandbox", request]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("exec_command returned:"), "{said}");
    assert!(said.contains("6 times 7 is 42"), "{said}");

    let turns: Vec<_> = simulator
        .requests_to(Endpoint::Responses)
        .into_iter()
        .filter(|request| request.method == "POST")
        .collect();
    assert_eq!(turns.len(), 2);
    let kinds: Vec<_> = turns[1].json()["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap().to_owned())
        .collect();
    let last = &kinds[kinds.len() - 3..];
    assert_eq!(last, ["reasoning", "function_call", "function_call_output"]);
    // The sticky token of the first answer.
    let state = |turn: usize| turns[turn].header("x-codex-turn-state").map(str::to_owned);
    assert!(state(0).is_none() && state(1).is_some_and(|state| state.starts_with("ts_")));
}

#[test]
fn codex_revokes_its_refresh_token_at_logout() {
    let simulator = simulator();
    let codex = signed_in(&simulator, "logout");
    let tokens = codex.tokens();
    assert!(codex.run(&["logout"]).status.success());
    let revocations = simulator.requests_to(Endpoint::Revoke);
    assert_eq!(revocations.len(), 1);
    let expected = json!({
        "token": tokens["refresh_token"], "token_type_hint": "refresh_token", "client_id": CLIENT_ID,
    });
    assert_eq!(revocations[0].json(), expected);
    assert!(codex.tokens().is_null());
    assert_eq!(client::usage(&simulator, &tokens["access_token"]).0, 401);
}
