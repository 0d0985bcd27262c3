//! What a model streams without a script.

mod client;

use client::{RESPONSES, events, get, post, post_as, read, sign_in, start, turn, types};
use openai_simulator::Simulator;
use serde_json::{Value, json};

/// Signs in, sends the request and returns its answer.
fn answer(simulator: &Simulator, body: &Value) -> reqwest::blocking::Response {
    let token = &sign_in(simulator)["access_token"];
    let response = post_as(simulator, RESPONSES, token)
        .header("session-id", "a")
        .json(body)
        .send()
        .unwrap();
    let status = response.status();
    if status != 200 {
        panic!("{status} {}", response.text().unwrap());
    }
    response
}

fn stream(simulator: &Simulator, body: &Value) -> Vec<Value> {
    events(&answer(simulator, body).text().unwrap())
}

/// The items of the last event.
fn output(events: &[Value]) -> Vec<Value> {
    let end = events.last().unwrap();
    assert_eq!(end["type"], "response.completed", "{end}");
    end["response"]["output"].as_array().unwrap().clone()
}

fn text(item: &Value) -> &str {
    item["content"][0]["text"].as_str().unwrap()
}

fn function(name: &str, parameters: Value) -> Value {
    json!({ "type": "function", "name": name, "parameters": parameters })
}

#[test]
fn an_answer_streams_a_message_that_repeats_the_users_text() {
    let simulator = start();
    let response = answer(&simulator, &turn("What is a mill?"));
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    let stream = response.text().unwrap();
    assert!(stream.starts_with("event: response.created\ndata: {"));
    let events = events(&stream);
    let mut kinds = types(&events);
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let numbers: Vec<_> = events
        .iter()
        .map(|event| &event["sequence_number"])
        .collect();
    assert_eq!(json!(numbers), json!((0..events.len()).collect::<Vec<_>>()));
    let expected = "Hello from the simulator. You said: What is a mill?";
    let deltas: String = events
        .iter()
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert_eq!(deltas, expected);
    assert_eq!(text(&output(&events)[0]), expected);
}

#[test]
fn every_response_of_a_stream_has_the_same_id_and_the_requests_settings() {
    let mut body = turn("Hello");
    body["tools"] =
        json!([function("a", json!({})), { "type": "function", "name": "b", "strict": false }]);
    let simulator = start();
    let events = stream(&simulator, &body);
    let responses: Vec<_> = events
        .iter()
        .filter_map(|event| event.get("response"))
        .collect();
    assert_eq!(responses.len(), 3);
    for response in responses {
        assert_eq!(response["id"], events[0]["response"]["id"]);
        assert_eq!(response["model"], "gpt-6-sol");
        assert!(response["created_at"].is_i64());
        // A function is strict unless it says otherwise.
        assert_eq!(response["tools"][0]["strict"], true);
        assert_eq!(response["tools"][1]["strict"], false);
    }
}

#[test]
fn the_headers_carry_the_plans_limits_and_the_turns_state() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let ask = |state: Option<&str>| {
        let request = post_as(&simulator, RESPONSES, token).json(&turn("Hello"));
        let request = match state {
            Some(state) => request.header("x-codex-turn-state", state),
            None => request,
        };
        request.send().unwrap().headers().clone()
    };
    let headers = ask(None);
    for (name, value) in [
        ("x-codex-primary-used-percent", "12"),
        ("x-codex-primary-window-minutes", "300"),
        ("x-codex-secondary-window-minutes", "10080"),
        ("x-codex-plan-type", "plus"),
        ("openai-model", "gpt-6-sol"),
        ("x-reasoning-included", "true"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(headers.contains_key("x-request-id") && headers.contains_key("cf-ray"));
    let models = client::ask_as(
        &simulator,
        "/backend-api/codex/models?client_version=0.0.0",
        token,
    );
    assert_eq!(
        headers["x-models-etag"],
        models.send().unwrap().headers()["etag"]
    );
    assert_eq!(ask(Some("a"))["x-codex-turn-state"], "a");
}

#[test]
fn a_call_that_the_user_asks_for_is_followed_by_its_output() {
    let mut body = turn(
        "Please:\ncall weather with {\"city\":\"Ulm\"}\ncall note with remember\ncall none with {}",
    );
    body["tools"] = json!([
        { "type": "namespace", "name": "outside", "tools": [function("weather", json!({}))] },
        { "type": "custom", "name": "note" },
    ]);
    let simulator = start();
    let events = stream(&simulator, &body);
    let kinds = types(&events);
    assert!(kinds.contains(&"response.function_call_arguments.delta"));
    assert!(kinds.contains(&"response.custom_tool_call_input.done"));
    let calls = output(&events);
    assert_eq!(calls.len(), 2);
    assert_eq!(
        (&calls[0]["name"], &calls[0]["namespace"]),
        (&json!("weather"), &json!("outside"))
    );
    assert_eq!(calls[0]["arguments"], r#"{"city":"Ulm"}"#);
    assert_eq!(
        (&calls[1]["name"], &calls[1]["input"]),
        (&json!("note"), &json!("remember"))
    );

    let input = body["input"].as_array_mut().unwrap();
    input.extend(calls.iter().cloned());
    input.push(
        json!({ "type": "function_call_output", "call_id": calls[0]["call_id"], "output": "rain" }),
    );
    input.push(json!({
        "type": "custom_tool_call_output", "call_id": calls[1]["call_id"],
        "output": [{ "type": "input_text", "text": "done" }, { "type": "input_image", "image_url": "data:," }],
    }));
    let answer = output(&stream(&simulator, &body));
    assert_eq!(
        text(&answer[0]),
        "Hello from the simulator. weather returned: rain note returned: done\n[input_image]"
    );
}

#[test]
fn a_demanded_call_has_a_sample_of_its_arguments() {
    let schema = json!({
        "type": "object",
        "properties": {
            "city": { "type": "string" },
            "days": { "type": ["integer", "null"], "minimum": 3 },
            "unit": { "enum": ["celsius", "kelvin"] },
            "tags": { "type": "array", "items": { "$ref": "#/$defs/tag" } },
        },
        "$defs": { "tag": { "anyOf": [{ "type": "boolean" }, { "type": "null" }] } },
    });
    let mut body = turn("How warm is it?");
    body["tools"] = json!([function("weather", schema)]);
    let simulator = start();
    for choice in [
        json!("required"),
        json!({ "type": "function", "name": "weather" }),
    ] {
        body["tool_choice"] = choice;
        let call = &output(&stream(&simulator, &body))[0];
        let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
        assert_eq!(
            arguments,
            json!({ "city": "sample", "days": 3, "unit": "celsius", "tags": [true] })
        );
    }
}

#[test]
fn a_structured_answer_fits_its_format() {
    let mut body = turn("Answer in JSON.");
    let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } } });
    let simulator = start();
    for (format, expected) in [
        (
            json!({ "type": "json_schema", "name": "answer", "schema": schema }),
            json!({ "ok": true }),
        ),
        (
            json!({ "type": "json_object" }),
            json!({ "said": "You said: Answer in JSON." }),
        ),
    ] {
        body["text"] = json!({ "format": format });
        let answer = output(&stream(&simulator, &body));
        assert_eq!(
            serde_json::from_str::<Value>(text(&answer[0])).unwrap(),
            expected
        );
    }
}

#[test]
fn reasoning_is_included_on_request_and_can_be_sent_back() {
    let mut body = turn("Hello");
    let simulator = start();
    assert_eq!(output(&stream(&simulator, &body)).len(), 1);
    body["include"] = json!(["reasoning.encrypted_content"]);
    body["reasoning"] = json!({ "effort": "high", "summary": "auto" });
    let events = stream(&simulator, &body);
    assert!(types(&events).contains(&"response.reasoning_summary_text.delta"));
    let usage = &events.last().unwrap()["response"]["usage"];
    assert!(usage["output_tokens_details"]["reasoning_tokens"].as_u64() > Some(0));
    let items = output(&events);
    assert_eq!(items[0]["type"], "reasoning");
    assert!(items[0]["encrypted_content"].is_string());
    let input = body["input"].as_array_mut().unwrap();
    input.extend(items);
    stream(&simulator, &body);
}

#[test]
fn tokens_are_cached_only_with_a_cache_key_and_a_session_id() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let cached = |key: bool, session: bool| {
        let mut body = turn("Hello");
        if key {
            body["prompt_cache_key"] = json!("a");
        }
        let mut request = post_as(&simulator, RESPONSES, token).json(&body);
        if session {
            request = request.header("session-id", "a");
        }
        let events = events(&request.send().unwrap().text().unwrap());
        let usage = events.last().unwrap()["response"]["usage"].clone();
        let count = |name: &str| usage[name].as_u64().unwrap();
        assert_eq!(
            count("total_tokens"),
            count("input_tokens") + count("output_tokens")
        );
        usage["input_tokens_details"]["cached_tokens"]
            .as_u64()
            .unwrap()
            > 0
    };
    assert!(cached(true, true));
    assert!(!cached(true, false) && !cached(false, true) && !cached(false, false));
}

#[test]
fn a_compaction_trigger_is_answered_with_exactly_one_compaction() {
    let mut body = turn("Hello");
    let input = body["input"].as_array_mut().unwrap();
    input.push(json!({ "type": "compaction_trigger" }));
    let items = output(&stream(&start(), &body));
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["type"], "compaction");
    assert!(items[0]["encrypted_content"].is_string());
}

#[test]
fn compact_keeps_the_users_messages_and_adds_one_compaction() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let mut body = turn("Hello");
    let members = body.as_object_mut().unwrap();
    members.remove("store");
    members.remove("stream");
    let said = body["input"][0].clone();
    let input = body["input"].as_array_mut().unwrap();
    input.push(json!({ "type": "message", "role": "assistant", "content": [] }));
    let ask = |body: &Value| {
        let request = post_as(&simulator, "/backend-api/codex/responses/compact", token);
        read(request.json(body).send().unwrap())
    };
    let (status, answer) = ask(&body);
    assert_eq!(
        (status, &answer["object"]),
        (200, &json!("response.compaction"))
    );
    assert_eq!(answer["output"][0], said);
    assert_eq!(answer["output"][1]["type"], "compaction");
    assert_eq!(answer["output"].as_array().unwrap().len(), 2);

    body["stream"] = json!(false);
    let detail = json!({ "detail": "Unsupported parameter: stream" });
    assert_eq!(ask(&body), (400, detail));
}

#[test]
fn a_request_for_a_web_socket_is_refused() {
    let response = get(&start(), RESPONSES).send().unwrap();
    assert_eq!(response.status(), 426);
}

#[test]
fn an_answer_from_memory_is_six_events_or_a_whole_and_is_not_recorded() {
    let simulator = Simulator::builder().from_memory().start().unwrap();
    let call = |body: &str| {
        let request = post(&simulator, RESPONSES);
        request
            .body(body.to_owned())
            .send()
            .unwrap()
            .text()
            .unwrap()
    };
    let streamed = call(r#"{"stream": true}"#);
    let types: Vec<_> = streamed
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(types.len(), 6, "{streamed}");
    assert_eq!(types.last(), Some(&"response.completed"));
    let whole: Value = serde_json::from_str(&call("{}")).unwrap();
    assert_eq!(whole["output"][0]["content"][0]["text"], "Hi.");
    assert_eq!(simulator.requests().len(), 0);
}
