use serde_json::{Value, json};

use super::*;

fn events() -> Events {
    Events::new(
        "resp_own".into(),
        Secrets::for_tests(&["SECRET-TOKEN-OF-30-CHARACTERS"]),
    )
}

fn frame(data: &Value) -> String {
    format!(
        "event: {}\ndata: {data}\n\n",
        data["type"].as_str().unwrap()
    )
}

/// All frames that a caller gets for a stream, and its end.
fn read(stream: &str) -> (String, End) {
    let mut events = events();
    events.push(stream.as_bytes());
    let mut sent = String::new();
    while let Some(event) = events.next_at_end() {
        match event {
            Event::Comment(frame) | Event::Progress(frame) => {
                sent += std::str::from_utf8(&frame).unwrap();
            }
            Event::End(frame, end) => {
                sent += std::str::from_utf8(&frame).unwrap();
                return (sent, end);
            }
        }
    }
    panic!("no end: {sent}");
}

/// The response of the last of these frames, which ends it.
fn response((sent, end): &(String, End)) -> Value {
    assert!(matches!(end, End::Response), "{end:?}");
    let last = sent.trim_end().rsplit("\n\n").next().unwrap();
    serde_json::from_str(response_of(last.as_bytes()).unwrap().get()).unwrap()
}

fn done(index: u64, item: Value) -> Value {
    json!({"type": "response.output_item.done", "sequence_number": 5, "output_index": index, "item": item})
}

/// Faults: X26
#[test]
fn a_stream_without_a_fault_goes_on_byte_for_byte() {
    let item = json!({"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "a"}]});
    let stream = [
        ": connected\n\n".to_owned(),
        frame(&json!({"type": "response.created", "response": {"id": "resp_1"}})),
        "event: codex.rate_limits\r\ndata:  {\"x\" : 1.0}\r\n\r\n".to_owned(),
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n".to_owned(),
        "event: from.the.future\nid: 7\nretry: 5\ndata: not json\n\n".to_owned(),
        frame(&done(0, item.clone())),
        frame(&json!({"type": "response.completed", "response": {"output": [item]}})),
    ]
    .concat();
    let (sent, end) = read(&stream);
    assert_eq!(sent, stream);
    assert!(matches!(end, End::Response), "{end:?}");
}

/// Faults: X01
#[test]
fn an_empty_output_is_filled_from_the_finished_items() {
    let (first, second) = (
        json!({"id": "rs_1", "type": "reasoning"}),
        json!({"id": "msg_1", "n": 1.5}),
    );
    for output in [json!({"output": []}), json!({"output": null}), json!({})] {
        let stream = [
            frame(&done(1, second.clone())),
            frame(&done(0, first.clone())),
            frame(&json!({"type": "response.completed", "sequence_number": 9, "response": output})),
        ]
        .concat();
        let read = read(&stream);
        assert_eq!(response(&read)["output"], json!([first, second]));
        let (sent, _) = read;
        assert!(sent.contains(r#""output":[{"id":"rs_1""#), "{sent}");
        assert!(sent.contains(r#""sequence_number":9"#), "{sent}");
    }
}

/// Faults: X34
#[test]
fn a_reasoning_item_keeps_the_id_that_it_began_with() {
    let stream = [
        frame(&json!({"type": "response.output_item.added", "output_index": 0, "item": {"id": "rs_1", "type": "reasoning"}})),
        frame(&done(0, json!({"id": "rs_2", "type": "reasoning", "summary": []}))),
        frame(&json!({"type": "response.completed", "response": {"output": [{"id": "rs_3", "type": "reasoning"}, {"id": "m"}]}})),
    ]
    .concat();
    let (sent, end) = read(&stream);
    assert!(!sent.contains("rs_2") && !sent.contains("rs_3"), "{sent}");
    assert_eq!(response(&(sent, end))["output"][0]["id"], "rs_1");
}

#[test]
fn an_item_of_the_last_event_gets_its_id_back() {
    let stream = [
        frame(&done(0, json!({"id": "msg_1", "type": "message"}))),
        frame(
            &json!({"type": "response.completed", "response": {"output": [{"type": "message"}]}}),
        ),
    ]
    .concat();
    assert_eq!(response(&read(&stream))["output"][0]["id"], "msg_1");
}

/// Faults: X12
#[test]
fn an_incomplete_response_ends_with_its_status() {
    let body = json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": [{"id": "m"}]});
    let stream = frame(&json!({"type": "response.incomplete", "response": body}));
    let (sent, end) = read(&stream);
    assert_eq!(sent, stream);
    assert_eq!(response(&(sent, end))["status"], "incomplete");
}

/// Faults: X10 G03
#[test]
fn a_stream_that_ends_early_ends_with_a_failure_and_no_half_event() {
    let begun = frame(
        &json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "created_at": 7, "model": "m"}}),
    );
    let delta =
        frame(&json!({"type": "response.output_text.delta", "sequence_number": 1, "delta": "a"}));
    let (sent, end) = read(&format!(
        "{begun}{delta}event: response.completed\ndata: {{\"ty"
    ));
    let failure = sent.strip_prefix(&(begun + &delta)).unwrap();
    let data = failure
        .strip_prefix("event: response.failed\ndata: ")
        .unwrap();
    let data: Value = serde_json::from_str(data.trim()).unwrap();
    assert_eq!(data["type"], "response.failed");
    assert_eq!(data["sequence_number"], 2);
    assert_eq!(data["response"]["id"], "resp_1");
    assert_eq!(data["response"]["created_at"], 7);
    assert_eq!(data["response"]["status"], "failed");
    assert_eq!(
        data["response"]["error"]["code"],
        "upstream_stream_truncated"
    );
    assert!(matches!(end, End::Broken(Break::Truncated)), "{end:?}");
}

#[test]
fn a_stream_without_an_event_fails_too() {
    let (sent, _) = read("");
    assert!(sent.contains(r#""id":"resp_own""#), "{sent}");
}

/// Faults: G02 X11
#[test]
fn a_failure_of_the_backend_ends_the_stream_as_it_came() {
    for (data, status, code) in [
        (
            json!({"type": "response.failed", "response": {"error": {"code": "server_is_overloaded", "message": "m"}}}),
            503,
            "server_is_overloaded",
        ),
        (
            json!({"type": "error", "code": "context_length_exceeded", "message": "m", "param": null}),
            400,
            "context_length_exceeded",
        ),
        (
            json!({"type": "error", "error": {"type": "usage_limit_reached", "resets_in_seconds": 9}}),
            429,
            "usage_limit_reached",
        ),
        (
            json!({"type": "response.failed", "response": {"error": {"code": "x", "message": "m"}}}),
            502,
            "upstream_error",
        ),
        (json!({"type": "error"}), 502, "upstream_error"),
    ] {
        let (sent, end) = read(&(frame(&data) + "event: late\ndata: {}\n\n"));
        assert_eq!(sent, frame(&data));
        let End::Failed(error) = end else {
            panic!("{end:?}")
        };
        assert_eq!(error.status, status, "{data}");
        assert_eq!(error.code(), code, "{data}");
    }
}

/// Faults: G05
#[test]
fn items_above_the_limit_end_the_stream() {
    let item = |index| {
        frame(&done(
            index,
            json!({"id": index.to_string(), "data": "x".repeat(3 << 20)}),
        ))
    };
    let (sent, end) = read(&[item(0), item(1), item(2), item(3)].concat());
    assert!(matches!(end, End::Broken(Break::TooLarge)), "{end:?}");
    assert!(sent.contains("translation_limit"));
    // The same item again takes no more room.
    let (_, end) = read(&[item(0), item(0), item(0), item(0)].concat());
    assert!(matches!(end, End::Broken(Break::Truncated)), "{end:?}");
}

#[test]
fn a_repaired_event_with_line_ends_stays_one_event() {
    let stream = "event: response.output_item.done\n\
        data: {\"output_index\":0,\"item\":{\"id\":\"msg_1\",\n\
        data: \"type\":\"message\"}}\n\n\
        event: response.completed\ndata: {\"response\":{\"output\":[]}}\n\n";
    let output = json!([{"id": "msg_1", "type": "message"}]);
    assert_eq!(response(&read(stream))["output"], output);
}

#[test]
fn a_list_in_place_of_an_item_is_none() {
    let stream = [
        frame(&done(0, json!(["msg_1", "message"]))),
        frame(&json!({"type": "response.completed", "response": {"output": []}})),
    ]
    .concat();
    assert_eq!(read(&stream).0, stream);
}

#[test]
fn a_response_that_cannot_be_read_is_none() {
    for data in [
        "{half",
        r#"{"response":5}"#,
        r#"{"response":null}"#,
        r#"[{"id":"r"}]"#,
        r#"{"response":{"x":1,"x":2}}"#,
        r#"{"response":{},"response":{}}"#,
    ] {
        let frame = format!("event: response.completed\ndata: {data}\n\n");
        assert!(response_of(frame.as_bytes()).is_none(), "{data}");
    }
}

#[test]
fn data_that_is_no_json_goes_on() {
    let stream = "event: response.output_item.done\ndata: {half\n\nevent: response.completed\ndata: {half\n\n";
    let (sent, end) = read(stream);
    assert_eq!(sent, stream);
    assert!(matches!(end, End::Response), "{end:?}");
}

/// Faults: G27
#[test]
fn a_failure_that_quotes_the_token_is_replaced() {
    let data = json!({"type": "error", "message": "bad SECRET-TOKEN-OF-30-CHARACTERS"});
    // No 20 characters of the token are left.
    let escaped = frame(&data).replace("TOKEN", "TOKE\\u004e");
    assert!(escaped.contains("TOKE\\u004e"), "{escaped}");
    for stream in [frame(&data), escaped] {
        let (sent, end) = read(&stream);
        assert!(!sent.contains("SECRET"), "{sent}");
        assert!(matches!(end, End::Broken(Break::Hidden)), "{end:?}");
    }
}

proptest::proptest! {
    /// Any split of the stream gives the same frames to the caller.
    #[test]
    fn it_does_not_matter_how_the_bytes_come(cuts in proptest::collection::vec(0usize..700, 0..6)) {
        let stream = [
            frame(&json!({"type": "response.output_item.added", "output_index": 0, "item": {"id": "rs_1", "type": "reasoning"}})),
            frame(&done(0, json!({"id": "rs_2", "type": "reasoning", "text": "ü"}))).replace('\n', "\r\n"),
            ": comment\n\n".to_owned(),
            frame(&json!({"type": "response.completed", "response": {"output": []}})),
        ]
        .concat();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.push(stream.len());
        cuts.sort_unstable();
        let mut events = events();
        let mut sent = Vec::new();
        let mut begin = 0;
        let mut keep = |event| match event {
            Event::Comment(frame) | Event::Progress(frame) | Event::End(frame, _) => sent.extend_from_slice(&frame),
        };
        for cut in cuts {
            events.push(&stream.as_bytes()[begin..cut]);
            begin = cut;
            while let Some(event) = events.next() {
                keep(event);
            }
        }
        while let Some(event) = events.next_at_end() {
            keep(event);
        }
        proptest::prop_assert_eq!(String::from_utf8(sent).unwrap(), read(&stream).0);
    }
}
