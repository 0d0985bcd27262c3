//! `/v1/responses` and `/v1/responses/compact`, from the caller to the backend and back.

mod support;

use openai_simulator::{Endpoint, Fault};
use serde_json::json;
use support::{TestEnv, completed, created, done, event, message, prompt, request};

/// Faults: X02 X26
#[tokio::test]
async fn a_streamed_call_gets_the_backends_bytes() {
    let world = TestEnv::signed_in().await;
    let stream = [
        event(&created()),
        "event: response.output_text.delta\ndata:  {\"delta\" : \"hi\"}\n\n".to_owned(),
        "event: codex.from_the_future\nid: 7\ndata: {}\n\n".to_owned(),
        event(&done(0, message("hi"))),
        event(&completed(json!([message("hi")]))),
    ]
    .concat();
    world.script_text(&stream);

    let answer = world.post(&prompt(true)).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.text, stream);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("x-request-id").is_some());
    assert!(answer.header("openai-processing-ms").is_some());
    assert!(answer.header("content-length").is_none());
    let sent = world.sent();
    assert_eq!(sent.json()["model"], "gpt-6-astra");
    assert_eq!(sent.json()["stream"], true);
    assert_eq!(sent.json()["store"], false);
}

#[tokio::test]
async fn the_backend_gets_the_login_and_identity_only() {
    let world = TestEnv::signed_in().await;
    let headers = [
        ("authorization", "Bearer theirs"),
        ("chatgpt-account-id", "theirs"),
        ("cookie", "theirs"),
        ("x-stainless-lang", "theirs"),
        ("session-id", "s-1"),
    ];
    let answer = world
        .send("POST", "/v1/responses", &headers, prompt(false).to_string())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let sent = world.sent();
    assert!(
        sent.headers
            .iter()
            .all(|(_, value)| !value.contains("theirs"))
    );
    assert!(
        sent.header("authorization")
            .unwrap()
            .starts_with("Bearer ey")
    );
    assert!(sent.header("chatgpt-account-id").is_some());
    assert_eq!(sent.header("session-id"), Some("s-1"));
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
    assert_eq!(sent.header("accept-encoding"), Some("identity"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(sent.host(), "chatgpt.com");
}

/// Faults: X01
#[tokio::test]
async fn an_empty_output_is_filled_streamed_and_not() {
    let world = TestEnv::signed_in().await;
    let events = [created(), done(0, message("hi")), completed(json!([]))];

    world.script(&events);
    let collected = world.post(&prompt(false)).await;
    assert_eq!(collected.status, 200);
    assert_eq!(collected.header("content-type"), Some("application/json"));
    assert_eq!(collected.json()["output"], json!([message("hi")]));
    assert_eq!(collected.json()["usage"]["total_tokens"], 2);

    world.script(&events);
    let streamed = world.post(&prompt(true)).await;
    let end = event(&completed(json!([message("hi")])));
    assert!(streamed.text.ends_with(&end), "{}", streamed.text);
}

#[tokio::test]
async fn a_collected_answer_is_the_response_of_the_last_event() {
    let world = TestEnv::signed_in().await;
    let events = [
        created(),
        done(0, message("hi")),
        completed(json!([message("hi")])),
    ];
    world.script(&events);
    let answer = world.post(&prompt(false)).await;
    assert_eq!(answer.json(), completed(json!([message("hi")]))["response"]);
}

/// Faults: X12
#[tokio::test]
async fn an_incomplete_response_is_no_error() {
    let world = TestEnv::signed_in().await;
    let end = json!({"type": "response.incomplete", "response": {
        "id": "resp_1", "status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": [message("h")],
    }});
    world.script(&[created(), end.clone()]);
    let answer = world.post(&prompt(false)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), end["response"]);
}

/// Faults: X18
#[tokio::test]
async fn what_is_left_out_is_named() {
    let world = TestEnv::signed_in().await;
    let mut body = prompt(false);
    body["max_output_tokens"] = 100.into();
    body["temperature"] = json!(0.2);
    let answer = world.post(&body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let ignored = answer.header("x-chatgpt-oauth-ignored");
    assert_eq!(ignored, Some("max_output_tokens, temperature"));
    assert!(world.sent().json().get("temperature").is_none());
}

#[tokio::test]
async fn a_refused_request_reaches_nothing() {
    let world = TestEnv::signed_in().await;
    let mut body = prompt(false);
    body["previous_response_id"] = "resp_1".into();
    let answer = world.post(&body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.code(), "previous_response_not_found");
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
    assert_eq!(answer.json()["error"]["param"], "previous_response_id");
    assert_eq!(world.calls().len(), 0);
}

#[tokio::test]
async fn codexs_own_request_reaches_the_backend_as_it_is() {
    let world = TestEnv::signed_in().await;
    let body = r#"{"model":"openai-codex/gpt-6-astra", "instructions":"be brief","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],"store":false,"stream":true}"#;
    let headers = [
        ("x-codex-window-id", "w:0"),
        ("originator", "codex_exec"),
        ("version", "0.171.0"),
        ("user-agent", "codex_exec/0.171.0"),
    ];
    let answer = world
        .send("POST", "/v1/responses", &headers, body.into())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let sent = world.sent();
    assert_eq!(sent.text(), body.replace("openai-codex/", ""));
    assert_eq!(sent.header("originator"), Some("codex_exec"));
    assert_eq!(sent.header("version"), Some("0.171.0"));
    let agent = sent.header("user-agent").unwrap();
    assert!(agent.starts_with("codex_exec/0.171.0 "), "{agent}");
    assert_eq!(sent.header("x-codex-window-id"), Some("w:0"));
}

/// Faults: X27
#[tokio::test]
async fn the_state_of_a_turn_goes_both_ways() {
    let world = TestEnv::signed_in().await;
    let stream = event(&created()) + &event(&completed(json!([message("hi")])));
    let fault = support::stream_of(&stream)
        .header("x-codex-turn-state", "sticky")
        .header("x-codex-primary-used-percent", "12")
        .header("x-request-id", "theirs")
        .header("set-cookie", "c=1")
        .header("cf-ray", "r");
    world.simulator.fault(Endpoint::Responses, fault);
    let headers = [("x-codex-turn-state", "earlier")];
    let answer = world
        .send("POST", "/v1/responses", &headers, prompt(true).to_string())
        .await;
    assert_eq!(answer.header("x-codex-turn-state"), Some("sticky"));
    assert_eq!(answer.header("x-codex-primary-used-percent"), Some("12"));
    assert_eq!(answer.header("x-oai-request-id"), Some("theirs"));
    assert_ne!(answer.header("x-request-id"), Some("theirs"));
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("cf-ray"), None);
    assert_eq!(world.sent().header("x-codex-turn-state"), Some("earlier"));
}

/// Faults: X28
#[tokio::test]
async fn a_compaction_of_either_version_passes() {
    let world = TestEnv::signed_in().await;
    let item = json!({"id": "cmp_1", "type": "compaction", "encrypted_content": "e"});
    world.script(&[created(), done(0, item.clone()), completed(json!([item]))]);
    let body = json!({
        "model": "gpt-6-astra", "store": false, "stream": true, "instructions": "",
        "input": [{"type": "message", "role": "user", "content": []}, {"type": "compaction_trigger"}],
    });
    let headers = [("x-codex-beta-features", "remote_compaction_v2")];
    let answer = world
        .send("POST", "/v1/responses", &headers, body.to_string())
        .await;
    assert_eq!(
        answer.text.matches(r#""type":"compaction""#).count(),
        2,
        "{}",
        answer.text
    );
    let sent = world.sent();
    assert_eq!(sent.json(), body);
    assert_eq!(
        sent.header("x-codex-beta-features"),
        Some("remote_compaction_v2")
    );
}

/// Faults: X29
#[tokio::test]
async fn a_request_of_many_megabytes_passes() {
    let world = TestEnv::signed_in().await;
    world.script(&[created(), completed(json!([message("hi")]))]);
    let image = format!("data:image/png;base64,{}", "A".repeat(6 << 20));
    let body = json!({"model": "gpt-6-astra", "input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": image},
    ]}]});
    let answer = world.post(&body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(world.sent().json()["input"], body["input"]);
}

#[tokio::test]
async fn connections_are_used_again() {
    let world = TestEnv::signed_in().await;
    for _ in 0..3 {
        assert_eq!(world.post(&prompt(true)).await.status, 200);
    }
    // From now on a call reaches the backend by an earlier connection alone.
    for _ in 0..100 {
        let reset = openai_simulator::ConnectionFault::Reset;
        world.simulator.fault_connection(reset);
    }
    // A call that begins before such a connection is idle opens another one, in vain.
    let mut statuses = Vec::new();
    while statuses.last() != Some(&200) {
        assert!(statuses.len() < 10, "{statuses:?}");
        statuses.push(world.post(&prompt(true)).await.status);
    }
}

#[tokio::test]
async fn a_stream_that_does_not_call_itself_one_is_one() {
    let world = TestEnv::signed_in().await;
    let stream = event(&created()) + &event(&completed(json!([message("hi")])));
    world
        .simulator
        .fault(Endpoint::Responses, Fault::status(200).body(stream.clone()));
    assert_eq!(world.post(&prompt(true)).await.text, stream);
}

#[tokio::test]
async fn the_gateway_is_a_tower_service() {
    use tower_service::Service;

    let world = TestEnv::signed_in().await;
    let mut access = world.access.clone();
    let body = prompt(false).to_string();
    let Ok(answer) = access
        .call(request("POST", "/v1/responses", &[], body))
        .await;
    assert_eq!(answer.status(), 200);
}
