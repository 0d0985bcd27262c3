//! `/v1/models`: for SDKs and for the Codex CLI.

mod support;

use openai_simulator::Endpoint;
use serde_json::json;
use support::TestEnv;

async fn get(world: &TestEnv, path: &str) -> support::Answer {
    world.send("GET", path, &[], String::new()).await
}

#[tokio::test]
async fn models_are_listed_as_openai_lists_them() {
    let world = TestEnv::signed_in().await;
    let answer = get(&world, "/v1/models").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("etag").is_some());
    let list = answer.json();
    assert_eq!(list["object"], "list");
    let first = &list["data"][0];
    assert_eq!(first["id"], "openai-codex/gpt-6-astra");
    assert_eq!(first["object"], "model");
    assert_eq!(first["created"], 0);
    assert_eq!(first["owned_by"], "openai-codex");
    assert!(
        first["supported_reasoning_levels"]
            .as_array()
            .unwrap()
            .contains(&json!("low"))
    );
}

#[tokio::test]
async fn one_model_is_found_by_each_spelling_of_its_id() {
    let world = TestEnv::signed_in().await;
    for id in [
        "openai-codex/gpt-6-astra",
        "openai-codex%2Fgpt-6-astra",
        "gpt-6-astra",
    ] {
        let answer = get(&world, &format!("/v1/models/{id}")).await;
        assert_eq!(answer.json()["id"], "openai-codex/gpt-6-astra", "{id}");
    }
    let answer = get(&world, "/v1/models/gpt-4").await;
    assert_eq!(
        (answer.status, answer.code()),
        (404, "model_not_found".into())
    );
}

/// Faults: X33
#[tokio::test]
async fn the_codex_cli_gets_the_backends_own_list_once_in_a_while() {
    let world = TestEnv::signed_in().await;
    for _ in 0..2 {
        let answer = get(&world, "/v1/models?client_version=0.171.0").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["models"][0]["slug"], "gpt-6-astra");
        assert!(answer.json()["models"][0]["supported_in_api"].is_boolean());
    }
    let sent = world.simulator.requests_to(Endpoint::Models);
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].target,
        "/backend-api/codex/models?client_version=0.171.0"
    );
}

#[tokio::test]
async fn a_version_that_is_none_reaches_nothing() {
    let world = TestEnv::signed_in().await;
    let answer = get(&world, "/v1/models?client_version=1%262").await;
    assert_eq!(answer.status, 400);
    assert!(world.simulator.requests_to(Endpoint::Models).is_empty());
}
