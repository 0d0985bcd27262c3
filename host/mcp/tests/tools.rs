//! The tools, as a client sees and calls them.

mod support;

use std::path::Path;

use rmcp::model::{CallToolRequestParams, Tool};
use rmcp::{ClientLifecycleMode, Peer, RoleClient};
use serde_json::{Value, json};
use support::story::ALL;
use support::{TestEnv, connect, lifecycles};
use wit_parser::Resolve;

async fn tools() -> Vec<Tool> {
    let test = TestEnv::new();
    let agent = connect(test.profile(), (), ClientLifecycleMode::Initialize).await;
    agent.tools().to_vec()
}

/// The functions of the contract with their documentation, by another reader of WIT.
fn functions() -> Vec<(String, String)> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(&wit).unwrap();
    let interface = resolve.packages[package].interfaces["connection"];
    let functions = resolve.interfaces[interface].functions.values();
    functions
        .map(|function| {
            let documentation = function.docs.contents.clone().unwrap();
            (function.name.clone(), documentation)
        })
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_tools_are_the_functions_of_the_contract_with_their_documentation() {
    let tools = tools().await;
    let functions = functions();
    assert_eq!(functions.len(), ALL.len());
    assert_eq!(tools.len(), ALL.len());
    for (tool, (name, documentation)) in tools.iter().zip(functions) {
        assert_eq!(tool.name, name);
        let documentation = documentation.replace("`pending-id`", "`pending_id`");
        let description = tool.description.as_ref().unwrap();
        assert_eq!(words(description), words(&documentation), "{name}");
    }
}

#[tokio::test]
async fn a_tool_says_what_it_may_change() {
    let tools = tools().await;
    let with = |hint: fn(&Tool) -> Option<bool>| -> Vec<_> {
        let with = tools.iter().filter(|tool| hint(tool) == Some(true));
        with.map(|tool| tool.name.to_string()).collect()
    };
    let annotations = |tool: &Tool| tool.annotations.clone().unwrap();
    assert!(
        tools
            .iter()
            .all(|tool| annotations(tool).destructive_hint.is_some())
    );
    let read_only = with(|tool| tool.annotations.as_ref()?.read_only_hint);
    assert_eq!(read_only, ["status", "models", "usage"]);
    let destructive = with(|tool| tool.annotations.as_ref()?.destructive_hint);
    assert_eq!(destructive, ["logout"]);
    let changes_on_repetition: Vec<_> = tools
        .iter()
        .filter(|tool| !annotations(tool).is_idempotent())
        .map(|tool| &*tool.name)
        .collect();
    assert_eq!(changes_on_repetition, ["refresh"]);
    let sends_nothing: Vec<_> = tools
        .iter()
        .filter(|tool| annotations(tool).open_world_hint == Some(false))
        .map(|tool| &*tool.name)
        .collect();
    assert_eq!(sends_nothing, ["status"]);
}

#[tokio::test]
async fn a_tool_takes_its_arguments_and_nothing_else() {
    for tool in tools().await {
        let schema = Value::Object((*tool.input_schema).clone());
        assert_eq!(schema["type"], "object", "{schema}");
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(validator.is_valid(&json!({})), "{}", tool.name);
        assert!(!validator.is_valid(&json!({"token": "x"})), "{}", tool.name);
        let arguments = match &*tool.name {
            "poll" => json!({"pending_id": "x"}),
            "logout" => json!({"revoke": true}),
            "models" | "usage" => json!({"force": true}),
            _ => continue,
        };
        assert!(validator.is_valid(&arguments), "{}", tool.name);
    }
}

#[tokio::test]
async fn a_client_of_either_protocol_signs_a_person_in_and_out_without_a_token() {
    for lifecycle in lifecycles() {
        let test = TestEnv::new();
        let mut agent = connect(test.profile(), (), lifecycle).await;
        agent
            .sign_in_and_out(&test.simulator, |seconds| test.pass(seconds))
            .await;
    }
}

#[tokio::test]
async fn an_argument_that_does_not_fit_is_a_result_that_does_not_repeat_it() {
    let test = TestEnv::new();
    let mut agent = connect(test.profile(), (), ClientLifecycleMode::Initialize).await;
    for tool in ALL {
        let answer = agent.call(tool, json!({"MARKER": "MARKER"})).await;
        assert_eq!(answer["code"], "invalid-argument", "{answer}");
        assert!(!answer.to_string().contains("MARKER"), "{answer}");
    }
    assert!(test.simulator.requests().is_empty());
}

#[tokio::test]
async fn a_tool_that_does_not_exist_is_an_error_of_the_protocol() {
    let test = TestEnv::new();
    let agent = connect(test.profile(), (), ClientLifecycleMode::Initialize).await;
    let client: &Peer<RoleClient> = &agent.client;
    let request = CallToolRequestParams::new("authorize");
    let error = client.call_tool(request).await.unwrap_err();
    assert!(error.to_string().contains("no tool"), "{error}");
}
