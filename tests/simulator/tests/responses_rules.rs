//! The requests that a model's endpoint refuses, each with its answer.

mod client;

use client::{RESPONSES, post_as, read, sign_in, start, turn};
use openai_simulator::Simulator;
use serde_json::{Value, json};

/// Signs in, sends the request and returns the status and the body.
fn ask(simulator: &Simulator, body: &Value) -> (u16, Value) {
    let token = &sign_in(simulator)["access_token"];
    read(
        post_as(simulator, RESPONSES, token)
            .json(body)
            .send()
            .unwrap(),
    )
}

/// A request that keeps the rules, with some members set, or removed if null.
fn turn_with(changes: Value) -> Value {
    let mut body = turn("Hello");
    let members = body.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    body
}

/// A request with these items before the user's message.
fn turn_after(items: Value) -> Value {
    let mut body = turn("Hello");
    let input = body["input"].as_array_mut().unwrap();
    input.splice(0..0, items.as_array().unwrap().iter().cloned());
    body
}

fn assert_detail(body: &Value, detail: &str) {
    assert_eq!(
        ask(&start(), body),
        (400, json!({ "detail": detail })),
        "{body}"
    );
}

/// `error.param`, `error.code` and the beginning of the message.
fn assert_error(body: &Value, param: &str, code: Option<&str>, message: &str) {
    let (status, answer) = ask(&start(), body);
    let error = &answer["error"];
    assert_eq!((status, &error["param"]), (400, &json!(param)), "{answer}");
    assert_eq!(error["code"], json!(code), "{answer}");
    assert_eq!(error["type"], "invalid_request_error");
    assert!(
        error["message"].as_str().unwrap().starts_with(message),
        "{answer}"
    );
}

fn assert_accepted(body: &Value) {
    let (status, answer) = ask(&start(), body);
    assert_eq!(status, 200, "{body}: {answer}");
}

fn function(name: &str) -> Value {
    json!({ "type": "function", "name": name, "parameters": { "type": "object", "properties": {} } })
}

fn call(id: &str) -> Value {
    json!({ "type": "function_call", "call_id": id, "name": "weather", "arguments": "{}" })
}

fn output(id: &str) -> Value {
    json!({ "type": "function_call_output", "call_id": id, "output": "rain" })
}

#[test]
fn a_request_must_be_authorized_json_for_the_tokens_account() {
    let simulator = start();
    let token = sign_in(&simulator)["access_token"].clone();
    let request = client::post(&simulator, RESPONSES).json(&turn("Hello"));
    let unauthorized = json!({ "detail": "Unauthorized" });
    assert_eq!(read(request.send().unwrap()), (401, unauthorized));
    let request = client::post(&simulator, RESPONSES)
        .bearer_auth(token.as_str().unwrap())
        .header("ChatGPT-Account-ID", "another")
        .json(&turn("Hello"));
    let wrong_account = json!({ "detail": { "code": "invalid_workspace_selected" } });
    assert_eq!(read(request.send().unwrap()), (403, wrong_account));
    let request = post_as(&simulator, RESPONSES, &token)
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(read(request.send().unwrap()).0, 400);
}

#[test]
fn it_must_be_streamed_and_not_stored() {
    let stored = "Store must be set to false";
    assert_detail(&turn_with(json!({ "store": true })), stored);
    assert_detail(&turn_with(json!({ "store": null })), stored);
    let streamed = "Stream must be set to true";
    assert_detail(&turn_with(json!({ "stream": false })), streamed);
    assert_detail(&turn_with(json!({ "stream": null })), streamed);
}

#[test]
fn it_has_no_other_parameters() {
    for name in [
        "background",
        "context_management",
        "frequency_penalty",
        "max_completion_tokens",
        "max_output_tokens",
        "metadata",
        "presence_penalty",
        "previous_response_id",
        "prompt_cache_retention",
        "response_format",
        "safety_identifier",
        "temperature",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ] {
        let body = turn_with(json!({ name: 1 }));
        assert_detail(&body, &format!("Unsupported parameter: {name}"));
    }
    assert_accepted(&turn_with(json!({
        "client_metadata": {}, "include": [], "parallel_tool_calls": false, "prompt_cache_key": "a",
        "reasoning": { "effort": "max" }, "stream_options": { "include_obfuscation": false },
        "text": { "verbosity": "low" }, "tool_choice": "auto",
    })));
}

#[test]
fn only_two_service_tiers_are_accepted() {
    for tier in ["fast", "flex", "auto", "scale"] {
        let body = turn_with(json!({ "service_tier": tier }));
        assert_detail(&body, &format!("Unsupported service_tier: {tier}"));
    }
    assert_accepted(&turn_with(json!({ "service_tier": "priority" })));
    assert_accepted(&turn_with(json!({ "service_tier": "default" })));
}

#[test]
fn instructions_can_be_empty_or_items_of_the_input() {
    let body = turn_with(json!({ "instructions": null }));
    assert_detail(&body, "Instructions are required");
    for item in [
        json!({ "type": "additional_tools", "role": "developer", "tools": [] }),
        json!({
            "role": "developer", "content": "You are a coding agent.",
            "internal_chat_message_metadata_passthrough": { "content_item_kinds": ["model.base_instructions"] },
        }),
    ] {
        let mut body = turn_after(json!([item]));
        body.as_object_mut().unwrap().remove("instructions");
        assert_accepted(&body);
    }
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let lite = post_as(&simulator, RESPONSES, token)
        .header("x-openai-internal-codex-responses-lite", "true")
        .json(&body);
    assert_eq!(lite.send().unwrap().status(), 200);
}

#[test]
fn the_input_is_a_list_without_system_messages() {
    assert_detail(
        &turn_with(json!({ "input": "Hello" })),
        "Input must be a list",
    );
    assert_detail(&turn_with(json!({ "input": null })), "Input must be a list");
    let message = |role: &str| json!([{ "role": role, "content": "Be brief." }]);
    assert_detail(
        &turn_after(message("system")),
        "System messages are not allowed",
    );
    assert_accepted(&turn_after(message("developer")));
}

#[test]
fn the_model_is_one_of_the_accounts_plan() {
    let free = openai_simulator::Account {
        plan_type: "free".into(),
        ..openai_simulator::Account::default()
    };
    let simulator = Simulator::builder().account(free).start().unwrap();
    for (simulator, model) in [
        (&start(), "openai-codex/gpt-6-sol"),
        (&start(), "gpt-4o"),
        (&simulator, "gpt-6-sol"),
    ] {
        let detail = format!(
            "The '{model}' model is not supported when using Codex with a ChatGPT account."
        );
        let answer = ask(simulator, &turn_with(json!({ "model": model })));
        assert_eq!(answer, (400, json!({ "detail": detail })));
    }
}

#[test]
fn the_effort_is_one_of_the_models() {
    for effort in ["none", "ultra", "highest"] {
        assert_error(
            &turn_with(json!({ "reasoning": { "effort": effort } })),
            "reasoning.effort",
            Some("unsupported_value"),
            &format!("Unsupported value: '{effort}' is not supported with the 'gpt-6-sol' model."),
        );
    }
}

#[test]
fn ids_begin_as_their_items_type_wants() {
    for (item, prefix) in [
        (json!({ "role": "assistant", "content": [] }), "msg"),
        (
            json!({ "type": "reasoning", "encrypted_content": "a" }),
            "rs",
        ),
        (call("call_1"), "fc"),
        (
            json!({ "type": "custom_tool_call", "call_id": "call_1" }),
            "ctc",
        ),
    ] {
        let mut item = item;
        item["id"] = json!("item_1");
        assert_error(
            &turn_after(json!([item])),
            "input[0].id",
            Some("invalid_id_prefix"),
            &format!(
                "Invalid 'input[0].id': 'item_1'. Expected an ID that begins with '{prefix}'."
            ),
        );
    }
}

#[test]
fn ids_and_names_have_a_largest_length() {
    let long = |letters: usize| "x".repeat(letters);
    let mut named = call("call_1");
    named["name"] = json!(long(129));
    let id = json!({ "role": "assistant", "content": "a", "id": format!("msg_{}", long(61)) });
    for (body, param, most) in [
        (
            turn_after(json!([named, output("call_1")])),
            "input[0].name",
            128,
        ),
        (turn_after(json!([call(&long(65))])), "input[0].call_id", 64),
        (turn_after(json!([id])), "input[0].id", 64),
        (
            turn_with(json!({ "prompt_cache_key": long(65) })),
            "prompt_cache_key",
            64,
        ),
    ] {
        let message = format!(
            "Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string with \
             length {} instead.",
            most + 1
        );
        assert_error(&body, param, Some("string_above_max_length"), &message);
    }
}

#[test]
fn nothing_stored_can_be_referred_to() {
    let simulator = start();
    for item in [
        json!({ "type": "reasoning", "id": "rs_1", "summary": [] }),
        json!({ "type": "item_reference", "id": "rs_1" }),
    ] {
        let (status, answer) = ask(&simulator, &turn_after(json!([item])));
        assert_eq!(status, 404);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("Item with id 'rs_1' not found."),
            "{message}"
        );
    }
    let kept =
        json!({ "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "a" });
    assert_accepted(&turn_after(json!([kept])));
}

#[test]
fn text_is_input_or_output_by_its_role() {
    let message = |role: &str, part: &str| {
        let content = json!([{ "type": "input_image" }, { "type": part, "text": "a" }]);
        turn_after(json!([{ "role": role, "content": content }]))
    };
    for (role, part) in [("assistant", "input_text"), ("user", "output_text")] {
        assert_error(
            &message(role, part),
            "input[0].content[1]",
            Some("invalid_value"),
            &format!("Invalid value: '{part}'. Supported values are: "),
        );
    }
    assert_accepted(&message("assistant", "output_text"));
}

#[test]
fn every_call_has_its_output_and_every_output_its_call() {
    let missing_output = "No tool output found for function call call_1.";
    let missing_call = "No tool call found for function call output with call_id call_1.";
    for (items, message) in [
        (json!([call("call_1")]), missing_output),
        (json!([output("call_1")]), missing_call),
        (json!([output("call_1"), call("call_1")]), missing_output),
        (
            json!([{ "type": "custom_tool_call", "call_id": "call_1", "name": "a" }]),
            "No tool output found for custom tool call call_1.",
        ),
        (
            json!([{ "type": "custom_tool_call_output", "call_id": "call_1" }]),
            "No tool call found for custom tool call output with call_id call_1.",
        ),
    ] {
        assert_error(&turn_after(items), "input", None, message);
    }
    let two = json!([
        call("call_1"),
        call("call_2"),
        output("call_2"),
        output("call_1")
    ]);
    assert_accepted(&turn_after(two));
}

#[test]
fn an_empty_message_between_call_and_output_hides_the_output() {
    let between = |content: Value| {
        let message = json!({ "role": "assistant", "content": content });
        turn_after(json!([call("call_1"), message, output("call_1")]))
    };
    for empty in [
        json!(""),
        json!([]),
        json!([{ "type": "output_text", "text": "" }]),
    ] {
        let message = "No tool output found for function call call_1.";
        assert_error(&between(empty), "input", None, message);
    }
    assert_accepted(&between(json!("I look.")));
}

#[test]
fn a_json_object_is_announced_in_the_input_and_not_only_in_instructions() {
    let format = json!({ "format": { "type": "json_object" } });
    let body = turn_with(json!({ "text": format, "instructions": "Answer in JSON." }));
    let message = "Response input messages must contain the word 'json' in some form";
    assert_error(&body, "input", None, message);
    let mut announced = turn("Answer in JSON.");
    announced["text"] = format;
    assert_accepted(&announced);
}

#[test]
fn a_schema_lies_in_the_format_itself() {
    let nested = json!({ "type": "json_schema", "json_schema": { "name": "a", "schema": {} } });
    let unnamed = json!({ "type": "json_schema", "schema": {} });
    for format in [nested, unnamed] {
        assert_error(
            &turn_with(json!({ "text": { "format": format } })),
            "text.format.name",
            Some("missing_required_parameter"),
            "Missing required parameter: 'text.format.name'.",
        );
    }
    let empty = json!({ "type": "json_schema", "name": "a" });
    assert_error(
        &turn_with(json!({ "text": { "format": empty } })),
        "text.format.schema",
        Some("missing_required_parameter"),
        "Missing required parameter: 'text.format.schema'.",
    );
}

#[test]
fn tools_have_a_type_that_codex_uses_and_a_name() {
    for (tool, kind) in [
        (
            json!({ "type": "web_search_preview" }),
            "web_search_preview",
        ),
        (json!({ "type": "file_search" }), "file_search"),
        (json!({ "type": "code_interpreter" }), "code_interpreter"),
        (json!({ "type": "mcp" }), "mcp"),
        (json!({ "name": "weather" }), "None"),
    ] {
        let detail = format!("Unsupported tool type: {kind}");
        assert_detail(&turn_with(json!({ "tools": [tool] })), &detail);
    }
    let nested = json!({ "type": "function", "function": function("weather") });
    assert_error(
        &turn_with(json!({ "tools": [function("a"), nested] })),
        "tools[1].name",
        Some("missing_required_parameter"),
        "Missing required parameter: 'tools[1].name'.",
    );
    let namespace = json!({ "type": "namespace", "name": "a", "tools": [] });
    let custom = json!({ "type": "custom", "name": "b" });
    assert_accepted(&turn_with(json!({
        "tools": [function("c"), custom, namespace, { "type": "web_search" }, { "type": "image_generation" }],
    })));
}

#[test]
fn the_chosen_tool_is_one_that_the_client_runs() {
    for (choice, name) in [
        (json!({ "type": "function", "name": "other" }), "other"),
        (json!({ "type": "image_generation" }), "image_generation"),
    ] {
        assert_error(
            &turn_with(
                json!({ "tools": [function("weather"), { "type": "image_generation" }], "tool_choice": choice }),
            ),
            "tool_choice",
            None,
            &format!("Tool choice '{name}' not found in 'tools' parameter."),
        );
    }
}

#[test]
fn the_lite_form_has_no_tools_of_the_service() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let lite = |tool: Value| {
        let request = post_as(&simulator, RESPONSES, token)
            .header("x-openai-internal-codex-responses-lite", "true")
            .json(&turn_with(json!({ "tools": [tool] })));
        read(request.send().unwrap())
    };
    let (status, answer) = lite(json!({ "type": "web_search" }));
    assert_eq!((status, client::code(&answer)), (400, "unsupported_value"));
    assert_eq!(lite(function("weather")).0, 200);
}

#[test]
fn a_request_that_is_too_large_gets_the_content_networks_page() {
    let simulator = Simulator::builder()
        .largest_model_request(10_000)
        .start()
        .unwrap();
    let body = turn(&"x".repeat(10_000));
    let response = client::post(&simulator, RESPONSES)
        .json(&body)
        .send()
        .unwrap();
    assert_eq!(response.status(), 413);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(response.text().unwrap().starts_with("<html>"));
    assert_eq!(ask(&simulator, &turn("Hello")).0, 200);
}

#[test]
fn a_compressed_request_is_understood_and_recorded() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    // A frame of raw blocks is enough to show the coding.
    let body = turn("Hello").to_string().into_bytes();
    let compressed = ruzstd::encoding::compress_to_vec(
        body.as_slice(),
        ruzstd::encoding::CompressionLevel::Uncompressed,
    );
    let request = post_as(&simulator, RESPONSES, token)
        .header("content-type", "application/json")
        .header("content-encoding", "zstd")
        .body(compressed.clone());
    assert_eq!(request.send().unwrap().status(), 200);
    let recorded = simulator.requests().pop().unwrap();
    assert_eq!(recorded.body, compressed);
    assert_eq!(recorded.json(), turn("Hello"));
}
