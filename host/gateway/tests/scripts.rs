//! Streams of the live service that other clients have had trouble with: what the caller
//! gets, streamed and collected.

mod support;

use std::time::Duration;

use openai_simulator::{Endpoint, Fault, LineEnd, Script};
use serde_json::{Value, json};
use support::{Answer, TestEnv, prompt};

/// The answers to a call with and without a stream.
async fn both(world: &TestEnv, script: &Script) -> (Answer, Answer) {
    let fault = || Fault::stream(script.clone());
    world.simulator.fault(Endpoint::Responses, fault());
    let streamed = world.post(&prompt(true)).await;
    world.simulator.fault(Endpoint::Responses, fault());
    (streamed, world.post(&prompt(false)).await)
}

/// The events of a stream, without comments.
fn events(stream: &str) -> Vec<Value> {
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    let data = stream.split("\n\n").filter_map(|frame| {
        let line = frame.lines().find(|line| line.starts_with("data: "))?;
        serde_json::from_str(line.strip_prefix("data: ")?).ok()
    });
    data.collect()
}

/// Faults: X01 X26 X34
#[tokio::test]
async fn what_is_streamed_ends_as_what_is_collected() {
    let world = TestEnv::signed_in().await;
    for (name, script) in [
        ("text", Script::text("Hello.")),
        ("call", Script::call("weather", r#"{"city":"Ulm"}"#)),
        ("empty output", Script::empty_output()),
        ("missing output", Script::missing_output()),
        ("items without id", Script::items_without_id()),
        ("reasoning id", Script::changed_reasoning_id()),
        (
            "arguments in done",
            Script::arguments_only_in_done("f", "{}"),
        ),
        (
            "arguments in item",
            Script::arguments_only_in_item("f", "{}"),
        ),
        (
            "two calls",
            Script::interleaved_calls(("f", "{}"), ("g", "{}")),
        ),
        ("phases", Script::phases()),
        ("search", Script::web_search()),
        ("unknown events", Script::unknown_events()),
        ("unknown item", Script::unknown_item()),
        ("rate limits", Script::rate_limits()),
        ("languages", Script::multilingual()),
        ("long event", Script::long_event(2 << 20)),
    ] {
        let (streamed, collected) = both(&world, &script).await;
        assert_eq!((streamed.status, collected.status), (200, 200), "{name}");
        let last = events(&streamed.text).pop().unwrap();
        let output = &last["response"]["output"];
        assert!(!output.as_array().unwrap().is_empty(), "{name}");
        assert_eq!(&collected.json()["output"], output, "{name}");
        let status = &last["response"]["status"];
        assert_eq!(&collected.json()["status"], status, "{name}");
    }
    assert_eq!(world.simulator.faults_left(), 0);
}

/// Faults: X12
#[tokio::test]
async fn an_answer_that_stopped_early_says_so() {
    let world = TestEnv::signed_in().await;
    for reason in ["max_output_tokens", "content_filter", "from_the_future"] {
        let (streamed, collected) = both(&world, &Script::stopped(reason)).await;
        let last = events(&streamed.text).pop().unwrap();
        assert_eq!(last["type"], "response.incomplete");
        assert_eq!(collected.status, 200);
        assert_eq!(collected.json()["status"], "incomplete");
        assert_eq!(collected.json()["incomplete_details"]["reason"], reason);
    }
}

/// Faults: X34
#[tokio::test]
async fn a_reasoning_item_has_one_id_from_its_begin_to_the_end() {
    let world = TestEnv::signed_in().await;
    let (streamed, _) = both(&world, &Script::changed_reasoning_id()).await;
    let events = events(&streamed.text);
    let items = events.iter().flat_map(|event| {
        let output = event["response"]["output"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        output.into_iter().chain([event["item"].clone()])
    });
    let reasoning = items.filter(|item| item["type"] == "reasoning");
    let mut ids: Vec<_> = reasoning.map(|item| item["id"].to_string()).collect();
    assert!(ids.len() >= 3, "{ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

/// Faults: G03
#[tokio::test]
async fn it_does_not_matter_how_the_backend_splits_its_stream() {
    let world = TestEnv::signed_in().await;
    let whole = Script::multilingual();
    for line_end in [LineEnd::Lf, LineEnd::CrLf, LineEnd::Cr] {
        let script = whole.clone().line_end(line_end);
        let (one, _) = both(&world, &script).await;
        let split = script.split(Duration::from_millis(1));
        let (three, _) = both(&world, &split).await;
        let kinds = |answer: &Answer| {
            let events = events(&answer.text);
            let kinds = events.iter().map(|event| event["type"].to_string());
            kinds.collect::<Vec<_>>()
        };
        assert_eq!(kinds(&one), kinds(&three), "{line_end:?}");
        let deltas = |answer: &Answer| {
            let events = events(&answer.text);
            let deltas = events
                .iter()
                .map(|event| event["delta"].as_str().unwrap_or_default().to_owned());
            deltas.collect::<String>()
        };
        assert_eq!(deltas(&one), deltas(&three), "{line_end:?}");
    }
}

/// Faults: X10 G03
#[tokio::test]
async fn a_stream_without_its_end_is_a_failure() {
    let world = TestEnv::signed_in().await;
    for script in [
        Script::truncated(),
        Script::half_event(),
        Script::unfinished(),
        Script::bad_json(),
    ] {
        let (streamed, collected) = both(&world, &script).await;
        let events = events(&streamed.text);
        let [.., before, last] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(last["type"], "response.failed");
        assert_eq!(
            last["response"]["error"]["code"],
            "upstream_stream_truncated"
        );
        assert_eq!(last["response"]["id"], events[0]["response"]["id"]);
        let number = before["sequence_number"].as_u64().unwrap();
        assert!(last["sequence_number"].as_u64().unwrap() > number);
        assert_eq!(
            (collected.status, collected.code()),
            (502, "upstream_stream_truncated".into())
        );
    }
}

/// Faults: G02 X11
#[tokio::test]
async fn a_failure_of_the_backend_is_the_event_or_an_error() {
    let world = TestEnv::signed_in().await;
    for (script, status, code) in [
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
        (
            Script::usage_limit_reached("plus", 1_800_000_600),
            429,
            "usage_limit_reached",
        ),
    ] {
        let (streamed, collected) = both(&world, &script).await;
        assert_eq!(streamed.status, 200);
        let last = events(&streamed.text).pop().unwrap();
        assert!(
            last["type"] == "response.failed" || last["type"] == "error",
            "{last}"
        );
        assert_eq!((collected.status, collected.code()), (status, code.into()));
    }
}

/// Faults: G05
#[tokio::test]
async fn an_event_above_the_limit_ends_the_stream() {
    let world = TestEnv::signed_in().await;
    let (streamed, collected) = both(&world, &Script::long_event(17 << 20)).await;
    let last = events(&streamed.text).pop().unwrap();
    assert_eq!(last["response"]["error"]["code"], "translation_limit");
    assert_eq!(
        (collected.status, collected.code()),
        (502, "translation_limit".into())
    );
}

/// Faults: G01
#[tokio::test]
async fn each_refusal_of_the_backend_has_its_answer() {
    let world = TestEnv::signed_in().await;
    for (fault, status, code) in [
        (Fault::usage_not_included(), 403, "usage_not_included"),
        (Fault::deactivated_workspace(), 403, "deactivated_workspace"),
        (Fault::overloaded(), 503, "server_is_overloaded"),
        (Fault::status(500), 502, "upstream_error"),
    ] {
        world.simulator.fault(Endpoint::Responses, fault);
        let answer = world.post(&prompt(true)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (status, code.into()),
            "{answer:?}"
        );
    }
    let limited = Fault::too_many_requests(Some("17"));
    world.simulator.fault(Endpoint::Responses, limited);
    let answer = world.post(&prompt(true)).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("17"))
    );
}

/// Faults: X28
#[tokio::test]
async fn a_conversation_is_compacted() {
    let world = TestEnv::signed_in().await;
    let body = json!({"model": "openai-codex/gpt-6-astra", "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
    ]});
    let answer = world
        .send("POST", "/v1/responses/compact", &[], body.to_string())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["object"], "response.compaction");
    assert_eq!(answer.json()["output"][1]["type"], "compaction");
    let sent = world.simulator.requests_to(Endpoint::ResponsesCompact);
    assert_eq!(sent[0].json()["model"], "gpt-6-astra");
    assert!(sent[0].json().get("stream").is_none());
}

/// Faults: X31 G06
#[tokio::test]
async fn the_backend_sees_that_the_caller_has_gone() {
    let world = TestEnv::signed_in().await;
    let script = Script::deltas(1000, Duration::from_millis(20));
    world
        .simulator
        .fault(Endpoint::Responses, Fault::stream(script));
    let request = support::request("POST", "/v1/responses", &[], prompt(true).to_string());
    let mut body = world.access.send(request).await.into_body();
    assert!(support::next(&mut body).await.is_some());

    drop(body);

    world.wait_for_leaving(1).await;
}
