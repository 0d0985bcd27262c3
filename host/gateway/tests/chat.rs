//! `/v1/chat/completions`, from the caller to the backend and back.

mod support;

use std::time::Duration;

use openai_simulator::{Endpoint, Fault, Item, Script};
use serde_json::{Value, json};
use support::{Answer, TestEnv};

const PATH: &str = "/v1/chat/completions";

fn chat(is_streamed: bool) -> Value {
    json!({
        "model": "openai-codex/gpt-6-astra", "stream": is_streamed,
        "messages": [{"role": "user", "content": "Say hi."}],
    })
}

async fn post(world: &TestEnv, body: &Value) -> Answer {
    world.send("POST", PATH, &[], body.to_string()).await
}

/// The answers to a call with and without a stream.
async fn both(world: &TestEnv, script: &Script) -> (Answer, Answer) {
    let fault = || Fault::stream(script.clone());
    world.simulator.fault(Endpoint::Responses, fault());
    let streamed = post(world, &chat(true)).await;
    world.simulator.fault(Endpoint::Responses, fault());
    (streamed, post(world, &chat(false)).await)
}

/// The chunks of a stream. `[DONE]` is null.
fn chunks(answer: &Answer) -> Vec<Value> {
    let frames = answer.text.split_terminator("\n\n");
    let data = frames.filter_map(|frame| frame.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap_or_default())
        .collect()
}

/// A text of all chunks.
fn text(chunks: &[Value], field: &str) -> String {
    let pieces = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"][field].as_str());
    pieces.collect()
}

/// The calls of all chunks, each put together.
fn calls(chunks: &[Value]) -> Vec<Value> {
    let mut calls: Vec<Value> = Vec::new();
    let deltas = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].get(0));
    for delta in deltas {
        let mut delta = delta.clone();
        let index = delta.as_object_mut().unwrap().remove("index").unwrap();
        let index = usize::try_from(index.as_u64().unwrap()).unwrap();
        let Some(call) = calls.get_mut(index) else {
            assert_eq!(index, calls.len());
            calls.push(delta);
            continue;
        };
        for (tool, field) in [("function", "arguments"), ("custom", "input")] {
            if let Some(more) = delta[tool][field].as_str() {
                let whole = call[tool][field].as_str().unwrap().to_owned() + more;
                call[tool][field] = whole.into();
            }
        }
    }
    calls
}

/// The inputs of the calls of a message.
fn inputs(message: &Value) -> Vec<&str> {
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    calls
        .map(|call| {
            let input = call["function"]["arguments"].as_str();
            input.or(call["custom"]["input"].as_str()).unwrap()
        })
        .collect()
}

fn message(answer: &Answer) -> Value {
    answer.json()["choices"][0]["message"].clone()
}

/// Faults: X02 X24
#[tokio::test]
async fn a_call_is_translated_both_ways() {
    let world = TestEnv::signed_in().await;
    let answer = post(&world, &chat(false)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let completion = answer.json();
    assert_eq!(completion["object"], "chat.completion");
    assert!(completion["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(completion["created"], 1_800_000_000);
    assert_eq!(completion["model"], "gpt-6-astra");
    assert_eq!(
        completion["choices"],
        json!([{"index": 0, "finish_reason": "stop", "logprobs": null, "message": {
            "role": "assistant", "refusal": null, "annotations": [],
            "content": "Hello from the simulator. You said: Say hi.",
        }}])
    );
    let sent = world.sent();
    assert_eq!(sent.json()["stream"], true);
    assert_eq!(sent.json()["store"], false);
    let key = sent.json()["prompt_cache_key"].as_str().unwrap().to_owned();
    assert_eq!(sent.header("session-id"), Some(key.as_str()));
    // The simulator's cache is reached only with both.
    assert!(completion["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64() > Some(0));
    assert!(answer.header("x-codex-primary-used-percent").is_some());
}

#[tokio::test]
async fn a_streamed_call_is_chunks_and_done() {
    let world = TestEnv::signed_in().await;
    let mut body = chat(true);
    body["stream_options"] = json!({"include_usage": true});
    let answer = post(&world, &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    let chunks = chunks(&answer);
    let [first, .., finish, usage, done] = &chunks[..] else {
        panic!("{chunks:?}")
    };
    let begin = json!({"role": "assistant", "content": ""});
    assert_eq!(first["choices"][0]["delta"], begin);
    assert_eq!(first["choices"][0]["finish_reason"], Value::Null);
    assert_eq!(first["usage"], Value::Null);
    assert_eq!(finish["choices"][0]["delta"], json!({}));
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].as_u64() > Some(0));
    assert_eq!(*done, Value::Null);
    assert_eq!(
        text(&chunks, "content"),
        "Hello from the simulator. You said: Say hi."
    );

    let without = post(&world, &chat(true)).await;
    assert!(!without.text.contains("usage"), "{}", without.text);
    assert!(without.text.ends_with("data: [DONE]\n\n"));
}

/// Faults: X01 X06 X09
#[tokio::test]
async fn what_is_streamed_is_what_is_collected() {
    let world = TestEnv::signed_in().await;
    let two = ["{\"a\": \"long enough\"}", "{}"];
    for (name, script, inputs) in [
        ("text", Script::text("Hello."), &[][..]),
        (
            "call",
            Script::call("weather", r#"{"city":"Ulm"}"#),
            &[r#"{"city":"Ulm"}"#],
        ),
        ("empty output", Script::empty_output(), &[]),
        ("missing output", Script::missing_output(), &[]),
        ("items without id", Script::items_without_id(), &[]),
        ("reasoning id", Script::changed_reasoning_id(), &[]),
        (
            "arguments in done",
            Script::arguments_only_in_done("f", "{\"a\":1}"),
            &["{\"a\":1}"],
        ),
        (
            "arguments in item",
            Script::arguments_only_in_item("f", "{\"a\":1}"),
            &["{\"a\":1}"],
        ),
        (
            "two calls",
            Script::interleaved_calls(("f", two[0]), ("g", two[1])),
            &two,
        ),
        ("phases", Script::phases(), &[]),
        ("refusal", Script::refusal(), &[]),
        ("search", Script::web_search(), &[]),
        ("unknown events", Script::unknown_events(), &[]),
        ("unknown item", Script::unknown_item(), &[]),
        ("rate limits", Script::rate_limits(), &[]),
        ("languages", Script::multilingual(), &[]),
        (
            "split",
            Script::multilingual().split(Duration::from_millis(1)),
            &[],
        ),
        (
            "custom call",
            Script::begin()
                .item(Item::custom_call("g", "in"))
                .complete(),
            &["in"],
        ),
        ("without usage", Script::without_usage(), &[]),
    ] {
        let (streamed, collected) = both(&world, &script).await;
        assert_eq!((streamed.status, collected.status), (200, 200), "{name}");
        let chunks = chunks(&streamed);
        let message = message(&collected);
        for field in ["content", "refusal"] {
            let collected = message[field].as_str().unwrap_or_default();
            assert_eq!(text(&chunks, field), collected, "{name}");
        }
        let called = message["tool_calls"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(calls(&chunks), called, "{name}");
        assert_eq!(self::inputs(&message), inputs, "{name}");
        let finish = &chunks[chunks.len() - 2]["choices"][0];
        let reason = &collected.json()["choices"][0]["finish_reason"];
        assert_eq!(&finish["finish_reason"], reason, "{name}");
        let something = message["content"].is_string()
            || message["refusal"].is_string()
            || message["tool_calls"].is_array();
        assert!(something, "{name}: {message}");
    }
    assert_eq!(world.simulator.faults_left(), 0);
}

#[tokio::test]
async fn a_citation_is_in_the_last_chunk_with_content() {
    let world = TestEnv::signed_in().await;
    let (streamed, collected) = both(&world, &Script::web_search()).await;
    let annotations = &message(&collected)["annotations"];
    let page = &annotations[0]["url_citation"];
    assert_eq!(page["url"], "https://example.com/");
    assert_eq!(
        (&page["start_index"], &page["end_index"]),
        (&json!(0), &json!(5))
    );
    let chunks = chunks(&streamed);
    let cited = &chunks[chunks.len() - 3]["choices"][0]["delta"]["annotations"];
    assert_eq!(cited, annotations);
}

#[tokio::test]
async fn json_that_the_caller_wants_stands_alone() {
    let world = TestEnv::signed_in().await;
    let script = Script::begin()
        .item(Item::commentary("I look first."))
        .item(Item::message("{\"city\":\"Ulm\"}"))
        .complete();
    let schema =
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}});
    for format in [json!({"type": "json_object"}), schema] {
        for is_streamed in [true, false] {
            world
                .simulator
                .fault(Endpoint::Responses, Fault::stream(script.clone()));
            let mut body = chat(is_streamed);
            body["messages"][0]["content"] = "Say it in json.".into();
            body["response_format"] = format.clone();
            let answer = post(&world, &body).await;
            let content = match is_streamed {
                true => text(&chunks(&answer), "content"),
                false => message(&answer)["content"].as_str().unwrap().to_owned(),
            };
            assert_eq!(content, "{\"city\":\"Ulm\"}");
        }
    }
    let (_, all) = both(&world, &script).await;
    assert_eq!(
        message(&all)["content"],
        "I look first.\n\n{\"city\":\"Ulm\"}"
    );
}

/// Faults: X04 X05 X07 X08
#[tokio::test]
async fn parallel_calls_keep_their_inputs_apart() {
    let world = TestEnv::signed_in().await;
    let inputs = [
        r#"{"city":"Ulm, at the Danube"}"#,
        r#"{"city":"Graz, at the Mur"}"#,
    ];
    let script = Script::interleaved_calls(("weather", inputs[0]), ("map", inputs[1]));
    let (streamed, collected) = both(&world, &script).await;
    let message = message(&collected);
    assert_eq!(message["content"], Value::Null);
    let chunks = chunks(&streamed);
    let deltas = chunks.iter().filter_map(|chunk| {
        let call = chunk["choices"][0]["delta"]["tool_calls"].get(0)?;
        Some((call["index"].as_u64().unwrap(), call.clone()))
    });
    let deltas: Vec<_> = deltas.collect();
    for (index, (name, input)) in (0..).zip([("weather", inputs[0]), ("map", inputs[1])]) {
        let whole = usize::try_from(index).unwrap();
        assert_eq!(message["tool_calls"][whole]["function"]["name"], name);
        assert_eq!(message["tool_calls"][whole]["function"]["arguments"], input);
        let own = deltas
            .iter()
            .filter(|(of, _)| *of == index)
            .map(|(_, call)| call);
        let own: Vec<_> = own.collect();
        assert_eq!(own[0]["function"]["name"], name);
        assert!(
            own[1..]
                .iter()
                .all(|call| call["function"].get("name").is_none())
        );
        let pieces = own
            .iter()
            .filter_map(|call| call["function"]["arguments"].as_str());
        assert_eq!(pieces.collect::<String>(), input);
    }
    assert_eq!(
        collected.json()["choices"][0]["finish_reason"],
        "tool_calls"
    );
}

/// Faults: X12
#[tokio::test]
async fn an_answer_that_stopped_early_says_so() {
    let world = TestEnv::signed_in().await;
    for (reason, expected) in [
        ("max_output_tokens", "length"),
        ("content_filter", "content_filter"),
        ("from_the_future", "length"),
    ] {
        let (streamed, collected) = both(&world, &Script::stopped(reason)).await;
        assert_eq!(collected.status, 200);
        assert_eq!(collected.json()["choices"][0]["finish_reason"], expected);
        assert!(
            streamed
                .text
                .contains(&format!("\"finish_reason\":\"{expected}\""))
        );
    }
}

/// Faults: X10 X11 G02 G03 G05
#[tokio::test]
async fn a_failure_is_never_text_of_the_assistant() {
    let world = TestEnv::signed_in().await;
    for (script, status, code) in [
        (Script::truncated(), 502, "upstream_stream_truncated"),
        (Script::half_event(), 502, "upstream_stream_truncated"),
        (Script::unfinished(), 502, "upstream_stream_truncated"),
        (Script::bad_json(), 502, "upstream_stream_truncated"),
        (
            Script::failed("server_is_overloaded", "m"),
            503,
            "server_is_overloaded",
        ),
        (
            Script::error_flat("context_length_exceeded", "m"),
            400,
            "context_length_exceeded",
        ),
        (
            Script::error_nested("rate_limit_exceeded", "m"),
            429,
            "rate_limit_exceeded",
        ),
    ] {
        let (streamed, collected) = both(&world, &script).await;
        assert_eq!((collected.status, collected.code()), (status, code.into()));
        assert_eq!(streamed.status, 200);
        let last = chunks(&streamed).pop().unwrap();
        assert_eq!(last["error"]["code"], code);
        assert!(!streamed.text.contains("[DONE]"));
        assert!(!streamed.text.contains("\"finish_reason\":\""));
    }
}

/// Faults: X19 G31
#[tokio::test]
async fn the_plans_limit_before_the_first_chunk_is_a_429() {
    let world = TestEnv::signed_in().await;
    let (streamed, collected) =
        both(&world, &Script::usage_limit_reached("plus", 1_800_000_600)).await;
    for answer in [streamed, collected] {
        assert_eq!(
            (answer.status, answer.code()),
            (429, "usage_limit_reached".into())
        );
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert_eq!(answer.json()["error"]["plan_type"], "plus");
    }
}

/// Faults: X18
#[tokio::test]
async fn what_is_ignored_is_named_in_success_and_failure() {
    let world = TestEnv::signed_in().await;
    let mut body = chat(false);
    body["temperature"] = json!(0.5);
    let answer = post(&world, &body).await;
    assert_eq!(
        answer.header("x-chatgpt-oauth-ignored"),
        Some("temperature")
    );
    world
        .simulator
        .fault(Endpoint::Responses, Fault::overloaded());
    let answer = post(&world, &body).await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.header("x-chatgpt-oauth-ignored"),
        Some("temperature")
    );
    body["n"] = json!(2);
    let answer = post(&world, &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["param"], "n");
    assert_eq!(world.calls().len(), 2);
}

/// Faults: X03 X23
#[tokio::test]
async fn a_tool_loop_reaches_the_answer() {
    let world = TestEnv::signed_in().await;
    let mut body = chat(false);
    body["messages"] =
        json!([{"role": "user", "content": "call weather with {}\ncall map with {}"}]);
    let tool = |name: &str| json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}});
    body["tools"] = json!([tool("weather"), tool("map")]);
    let called = message(&post(&world, &body).await);
    let messages = body["messages"].as_array_mut().unwrap();
    for call in called["tool_calls"].as_array().unwrap().iter().rev() {
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "fine"}));
    }
    // As SDKs send a message back: with its null and empty fields.
    messages.insert(1, called);
    let strict = [("x-chatgpt-oauth-strict", "true")];
    let answered = world.send("POST", PATH, &strict, body.to_string()).await;
    assert_eq!(answered.status, 200, "{answered:?}");
    assert_eq!(
        message(&answered)["content"],
        "Hello from the simulator. map returned: fine weather returned: fine"
    );
}

#[tokio::test]
async fn a_summary_of_the_reasoning_is_shown_if_it_is_asked_for() {
    let world = TestEnv::signed_in().await;
    let mut body = chat(false);
    body["reasoning"] = json!({"summary": "auto"});
    let shown = message(&post(&world, &body).await);
    assert_eq!(shown["reasoning_content"], "Thinking about the answer.");
    let hidden = message(&post(&world, &chat(false)).await);
    assert!(hidden.get("reasoning_content").is_none());
}

/// Faults: X31 G06
#[tokio::test]
async fn the_backend_sees_that_the_caller_has_gone() {
    let world = TestEnv::signed_in().await;
    let script = Script::deltas(1000, Duration::from_millis(20));
    world
        .simulator
        .fault(Endpoint::Responses, Fault::stream(script));
    let request = support::request("POST", PATH, &[], chat(true).to_string());
    let mut body = world.access.send(request).await.into_body();
    assert!(support::next(&mut body).await.is_some());

    drop(body);

    world.wait_for_leaving(1).await;
}
