//! Scripted streams: each preset, frames, line ends and delivery.

mod client;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use client::{LONG, RESPONSES, events, post_as, read, sign_in, soon, start, turn, types};
use openai_simulator::{
    Account, Answered, Endpoint, Fault, Gate, Item, LineEnd, Script, Simulator,
};
use serde_json::{Value, json};

/// The stream of a script as the endpoint sends it.
fn streamed(script: Script) -> String {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    simulator.fault(Endpoint::Responses, Fault::stream(script));
    let request = post_as(&simulator, RESPONSES, token).json(&turn("Hello"));
    let response = request.send().unwrap();
    assert_eq!(response.status(), 200);
    response.text().unwrap()
}

fn played(script: Script) -> Vec<Value> {
    events(&streamed(script))
}

/// The last event, which must be of this type.
fn end(events: &[Value], kind: &str) -> Value {
    let end = events.last().unwrap().clone();
    assert_eq!(end["type"], kind);
    end
}

/// The items of `response.output_item.done`.
fn done(events: &[Value]) -> Vec<&Value> {
    let done = |event: &&Value| event["type"] == "response.output_item.done";
    events
        .iter()
        .filter(done)
        .map(|event| &event["item"])
        .collect()
}

/// Signs in, opens a connection and sends a request, without reading.
fn open(simulator: &Simulator) -> TcpStream {
    open_with(simulator, &sign_in(simulator)["access_token"])
}

fn open_with(simulator: &Simulator, token: &Value) -> TcpStream {
    let body = turn("Hello").to_string();
    let mut stream = TcpStream::connect(simulator.http_address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(
        stream,
        "POST {RESPONSES} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\nchatgpt-account-id: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        token.as_str().unwrap(),
        Account::default().account_id,
        body.len()
    )
    .unwrap();
    stream
}

/// Reads until a text arrives.
fn read_until(stream: &mut TcpStream, text: &str) {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&read).contains(text) {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..length]);
    }
}

#[test]
fn a_script_is_streamed_with_what_it_leaves_out() {
    let script = Script::begin()
        .item(Item::commentary("Let me look."))
        .item(Item::call("weather", "{}"))
        .event(json!({ "type": "response.metadata", "sequence_number": 1000 }))
        .complete();
    let events = played(script);
    let end = end(&events, "response.completed");
    assert_eq!(end["response"]["model"], "gpt-6-sol");
    assert_eq!(end["response"]["id"], events[0]["response"]["id"]);
    assert_eq!(end["response"]["usage"]["output_tokens"], 4);
    assert_eq!(json!(done(&events)), end["response"]["output"]);
    assert_eq!(done(&events)[0]["phase"], "commentary");
    assert_eq!(events[events.len() - 2]["sequence_number"], 1000);
    assert_eq!(end["sequence_number"], events.len() - 1);
}

#[test]
fn a_request_that_breaks_a_rule_is_refused_before_the_script() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    simulator.fault_always(Endpoint::Responses, Fault::stream(Script::text("Hi.")));
    let request = post_as(&simulator, RESPONSES, token).json(&json!({}));
    assert_eq!(request.send().unwrap().status(), 400);
    let request = post_as(&simulator, RESPONSES, token).json(&turn("Hello"));
    assert!(request.send().unwrap().text().unwrap().contains("Hi."));
}

#[test]
fn items_were_streamed_but_the_end_lacks_them() {
    let events = played(Script::empty_output());
    assert_eq!(
        end(&events, "response.completed")["response"]["output"],
        json!([])
    );
    assert_eq!(done(&events).len(), 1);
    let events = played(Script::missing_output());
    let end = end(&events, "response.completed");
    assert!(end["response"].get("output").is_none());
    assert!(end["response"]["usage"].is_object());
}

#[test]
fn an_end_lacks_the_usage_and_items_lack_their_ids() {
    let end_of = |script| end(&played(script), "response.completed")["response"].clone();
    let response = end_of(Script::without_usage());
    assert!(response["usage"].is_null());
    assert_eq!(response["output"].as_array().unwrap().len(), 1);
    let response = end_of(Script::items_without_id());
    assert!(response["output"][0].get("id").is_none());
}

#[test]
fn a_stream_ends_early_between_events_or_within_one() {
    let events = played(Script::truncated());
    assert_eq!(types(&events).last(), Some(&"response.output_text.delta"));
    let events = played(Script::unfinished());
    assert_eq!(types(&events).last(), Some(&"response.output_item.done"));
    let stream = streamed(Script::half_event());
    assert!(stream.ends_with("\"del"), "{stream}");
}

#[test]
fn an_answer_fails_in_the_middle_by_each_kind_of_event() {
    let events = played(Script::failed("server_is_overloaded", "Try again."));
    assert!(types(&events).contains(&"response.output_text.delta"));
    let failed = end(&events, "response.failed");
    let error = json!({ "code": "server_is_overloaded", "message": "Try again." });
    assert_eq!(failed["response"]["error"], error);
    assert_eq!(failed["response"]["status"], "failed");
    let flat = end(&played(Script::error_flat("a", "b")), "error");
    assert_eq!(
        (&flat["code"], &flat["message"]),
        (&json!("a"), &json!("b"))
    );
    let nested = end(&played(Script::error_nested("a", "b")), "error");
    assert_eq!(nested["error"]["code"], "a");
    assert!(nested.get("code").is_none());
}

#[test]
fn an_answer_is_incomplete_for_each_reason() {
    for reason in ["max_output_tokens", "content_filter"] {
        let end = end(&played(Script::stopped(reason)), "response.incomplete");
        assert_eq!(end["response"]["incomplete_details"]["reason"], reason);
        assert_eq!(end["response"]["status"], "incomplete");
        assert!(end["response"]["usage"].is_object());
    }
}

#[test]
fn the_plans_limit_comes_in_a_stream_that_began() {
    let end = end(
        &played(Script::usage_limit_reached("plus", 7)),
        "response.failed",
    );
    let error = &end["response"]["error"];
    assert_eq!(
        (&error["code"], &error["resets_at"]),
        (&json!("usage_limit_reached"), &json!(7))
    );
}

#[test]
fn arguments_come_late() {
    let arguments = r#"{"city":"Ulm"}"#;
    let events = played(Script::arguments_only_in_done("weather", arguments));
    assert!(!types(&events).contains(&"response.function_call_arguments.delta"));
    let whole = events
        .iter()
        .find(|event| event["type"] == "response.function_call_arguments.done");
    assert_eq!(whole.unwrap()["arguments"], arguments);
    let events = played(Script::arguments_only_in_item("weather", arguments));
    let of_call = |kind: &&str| kind.starts_with("response.function_call_arguments");
    assert!(!types(&events).iter().any(of_call));
    assert_eq!(done(&events)[0]["arguments"], arguments);
}

#[test]
fn a_reasoning_changes_its_id() {
    let events = played(Script::changed_reasoning_id());
    let added = &events[2]["item"];
    assert_eq!(added["type"], "reasoning");
    assert_ne!(added["id"], done(&events)[0]["id"]);
}

#[test]
fn two_calls_alternate() {
    let events = played(Script::interleaved_calls(
        ("a", r#"{"a":"aaaaaaaaaaaaaaa"}"#),
        ("b", r#"{"b":1}"#),
    ));
    let places: Vec<_> = events
        .iter()
        .filter_map(|event| event["output_index"].as_u64())
        .collect();
    assert_eq!(places[..6], [0, 1, 0, 1, 0, 1]);
    let names: Vec<_> = done(&events)
        .iter()
        .map(|item| item["name"].clone())
        .collect();
    assert_eq!(names, ["b", "a"]);
    let output = &end(&events, "response.completed")["response"]["output"];
    assert_eq!(
        (&output[0]["name"], &output[1]["name"]),
        (&json!("a"), &json!("b"))
    );
}

#[test]
fn other_items_have_their_events() {
    let kinds = |script| types(&played(script)).join(" ");
    let phases = played(Script::phases());
    let of_items: Vec<_> = done(&phases)
        .iter()
        .map(|item| item["phase"].clone())
        .collect();
    assert_eq!(
        of_items,
        [json!(null), json!("commentary"), json!("final_answer")]
    );
    assert!(types(&phases).contains(&"response.reasoning_summary_part.added"));
    assert!(kinds(Script::refusal()).contains("response.refusal.delta response.refusal.delta"));
    let searched = kinds(Script::web_search());
    assert!(searched.contains("response.web_search_call.searching"));
    assert!(searched.contains("response.output_text.annotation.added"));
    assert!(kinds(Script::rate_limits()).contains("codex.rate_limits"));
    let image = Script::begin().item(Item::image("aGk=")).complete();
    assert!(kinds(image).contains("response.image_generation_call.partial_image"));
}

#[test]
fn unknown_events_and_items_are_among_the_usual_ones() {
    let stream = streamed(Script::unknown_events());
    assert!(stream.contains("event: codex.something_new\ndata: "));
    // An event without a type has no line for it.
    assert!(stream.contains("\n\ndata: {\"note\""));
    end(&events(&stream), "response.completed");
    let events = played(Script::unknown_item());
    assert_eq!(done(&events)[0]["type"], "something_new");
}

#[test]
fn data_is_not_json() {
    assert!(streamed(Script::bad_json()).ends_with("data: {\"delta\": oops}\n\n"));
}

#[test]
fn lines_end_with_lf_crlf_or_cr() {
    for (line_end, text) in [
        (LineEnd::Lf, "\n"),
        (LineEnd::CrLf, "\r\n"),
        (LineEnd::Cr, "\r"),
    ] {
        let stream = streamed(Script::text("Hi.").comment("note").line_end(line_end));
        let (head, rest) = stream.split_once("data: ").unwrap();
        assert_eq!(head, format!("event: response.created{text}"));
        assert!(rest.ends_with(&format!("{text}{text}: note{text}{text}")));
        let others = ["\n", "\r"]
            .into_iter()
            .filter(|other| !text.contains(other));
        assert!(others.into_iter().all(|other| !stream.contains(other)));
    }
}

#[test]
fn a_stream_can_have_no_content_type() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let script = Script::text("Hi.").without_content_type();
    simulator.fault(Endpoint::Responses, Fault::stream(script));
    let request = post_as(&simulator, RESPONSES, token).json(&turn("Hello"));
    let response = request.send().unwrap();
    assert!(response.headers().get("content-type").is_none());
    assert!(response.headers().contains_key("x-codex-plan-type"));
}

#[test]
fn an_event_is_split_within_a_character_and_its_blank_line() {
    let simulator = start();
    let script = Script::multilingual().split(Duration::from_millis(2));
    simulator.fault(Endpoint::Responses, Fault::stream(script));
    let mut stream = open(&simulator);
    let mut received = Vec::new();
    let mut within_character = false;
    while !received.ends_with(b"0\r\n\r\n") {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).unwrap();
        let part = &buffer[..length];
        // The chunk's own line end follows the part.
        within_character |=
            std::str::from_utf8(part).is_err_and(|error| error.error_len().is_some());
        received.extend_from_slice(part);
    }
    assert!(within_character);
    // Every event's last byte is a chunk of its own.
    let text = String::from_utf8_lossy(&received).into_owned();
    assert!(text.matches("\n\r\n1\r\n\n\r\n").count() > 5, "{text}");
}

#[test]
fn an_event_can_be_very_long() {
    let events = played(Script::long_event(3_000_000));
    let delta = events.iter().find_map(|event| event["delta"].as_str());
    assert_eq!(delta.unwrap().len(), 3_000_000);
}

#[test]
fn comments_hold_a_silent_connection() {
    let started = Instant::now();
    let stream = streamed(Script::keep_alives(3, Duration::from_millis(30)));
    assert!(started.elapsed() >= Duration::from_millis(90));
    assert_eq!(stream.matches(": keep-alive\n\n").count(), 3);
}

#[test]
fn a_stream_drips_or_stalls() {
    let started = Instant::now();
    let events = played(Script::deltas(10, Duration::from_millis(5)));
    let deltas = types(&events)
        .iter()
        .filter(|kind| kind.ends_with(".delta"))
        .count();
    assert_eq!(deltas, 10);
    assert!(started.elapsed() >= Duration::from_millis(50));
    let started = Instant::now();
    end(
        &played(Script::stall(Duration::from_millis(100))),
        "response.completed",
    );
    assert!(started.elapsed() >= Duration::from_millis(100));
}

#[test]
fn events_arrive_when_they_are_sent_and_not_at_the_end() {
    let simulator = start();
    // The gate stays closed, so the stream does not end.
    let script = Script::begin().gate(&Gate::default());
    simulator.fault(Endpoint::Responses, Fault::stream(script));
    read_until(&mut open(&simulator), "event: response.in_progress");
}

#[test]
fn a_stream_is_cut_after_some_bytes_or_breaks_at_its_end() {
    let simulator = start();
    let whole = Script::text("Hi.");
    simulator.fault(
        Endpoint::Responses,
        Fault::stream(whole.clone()).cut_after(30),
    );
    let mut stream = open(&simulator);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.ends_with("\r\n\r\n1e\r\nevent: response.created\ndata: \r\n"),
        "{answer}"
    );

    let broken = Fault::stream(whole).cut_after(usize::MAX).reset();
    simulator.fault(Endpoint::Responses, broken);
    let mut stream = open(&simulator);
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn the_log_has_the_moment_at_which_a_client_disconnects() {
    let simulator = start();
    for script in [
        Script::begin().pause(Duration::from_secs(3600)),
        Script::deltas(10_000, Duration::from_millis(10)),
    ] {
        simulator.clear_requests();
        simulator.fault(Endpoint::Responses, Fault::stream(script));
        let opened = Instant::now();
        let mut stream = open(&simulator);
        read_until(&mut stream, "event: response.in_progress");
        let recorded = || simulator.requests_to(Endpoint::Responses).remove(0);
        assert_eq!(recorded().disconnected_after_ms, None);
        std::thread::sleep(Duration::from_millis(50));
        drop(stream);
        let disconnected = soon(|| recorded().disconnected_after_ms);
        let waited = disconnected - recorded().after_ms;
        // Both moments are whole milliseconds.
        let most = opened.elapsed().as_millis() as u64 + 1;
        assert!((50..=most).contains(&waited), "{waited}");
        let processed = Answered::ByFault {
            status: Some(200),
            processed: true,
        };
        assert_eq!(recorded().answered, processed);
    }
}

#[test]
fn the_log_has_the_moment_while_no_byte_was_sent() {
    let simulator = start();
    for fault in [
        Fault::hang(),
        Fault::normal().delay(Duration::from_secs(3600)),
    ] {
        simulator.clear_requests();
        simulator.fault(Endpoint::Responses, fault);
        let stream = open(&simulator);
        let recorded = || simulator.requests_to(Endpoint::Responses).pop();
        soon(recorded);
        drop(stream);
        soon(|| recorded()?.disconnected_after_ms);
    }
}

#[test]
fn a_client_that_waits_for_the_end_has_not_disconnected() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let request = post_as(&simulator, RESPONSES, token).json(&turn("Hello"));
    request.send().unwrap().text().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let recorded = simulator.requests_to(Endpoint::Responses).remove(0);
    assert_eq!(recorded.disconnected_after_ms, None);
    assert_eq!(recorded.json(), turn("Hello"));
}

#[test]
fn a_fault_waits_for_some_requests() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let expired = Fault::token_refused("token_expired");
    simulator.fault_after(Endpoint::Responses, 2, expired);
    let ask = || {
        let request = post_as(&simulator, RESPONSES, token).json(&turn("Hello"));
        request.send().unwrap().status().as_u16()
    };
    assert_eq!([ask(), ask(), ask(), ask()], [200, 200, 401, 200]);
}

#[test]
fn a_call_is_refused_by_each_preset() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let ask = |fault| {
        simulator.fault(Endpoint::Responses, fault);
        read(
            post_as(&simulator, RESPONSES, token)
                .json(&turn("Hello"))
                .send()
                .unwrap(),
        )
    };
    for code in ["token_expired", "token_invalidated", "token_revoked"] {
        let (status, body) = ask(Fault::token_refused(code));
        assert_eq!((status, client::code(&body)), (401, code));
    }
    for (fault, status, kind) in [
        (
            Fault::usage_limit_reached("plus", 7),
            429,
            "usage_limit_reached",
        ),
        (Fault::usage_not_included(), 429, "usage_not_included"),
        (Fault::overloaded(), 503, "server_error"),
    ] {
        let (answered, body) = ask(fault);
        assert_eq!((answered, &body["error"]["type"]), (status, &json!(kind)));
    }
    let (status, body) = ask(Fault::deactivated_workspace());
    assert_eq!(
        (status, &body["detail"]["code"]),
        (402, &json!("deactivated_workspace"))
    );
    assert_eq!(ask(Fault::cloudflare_challenge()).0, 403);
    assert_eq!(ask(Fault::redirect("/elsewhere")).0, 302);
    assert_eq!(ask(Fault::too_many_requests(Some("7"))).0, 429);
}

#[test]
fn the_log_keeps_only_the_latest_requests_if_it_is_limited() {
    let simulator = Simulator::builder().keep_requests(2).start().unwrap();
    sign_in(&simulator);
    let kept: Vec<_> = simulator
        .requests()
        .iter()
        .map(|request| (request.sequence, request.answered))
        .collect();
    let normally = Answered::Normally { status: 200 };
    assert_eq!(kept, [(1, normally), (2, normally)]);
}

#[test]
fn a_thousand_streams_are_open_at_once() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let script = Script::begin().pause(Duration::from_secs(60));
    simulator.fault_always(Endpoint::Responses, Fault::stream(script));
    let mut streams: Vec<_> = (0..1000).map(|_| open_with(&simulator, token)).collect();
    for stream in &mut streams {
        read_until(stream, "event: response.in_progress");
    }
    let open = simulator.requests_to(Endpoint::Responses);
    assert_eq!(open.len(), 1000);
    assert!(
        open.iter()
            .all(|request| request.disconnected_after_ms.is_none())
    );
}
