mod citations;
mod endings;

use serde_json::json;

use super::*;
use crate::chat::delta::{Call, Tool};

fn frame(event: &Value) -> String {
    format!(
        "event: {}\ndata: {event}\n\n",
        event["type"].as_str().unwrap()
    )
}

fn translation() -> Translation {
    Translation::new("chatcmpl-own".into(), &Wishes::for_tests())
}

/// The steps of these events, and of a last one with this response.
fn steps(events: &[Value], response: Value) -> Result<Vec<Delta>, Break> {
    steps_of(translation(), events, response)
}

fn steps_of(
    mut translation: Translation,
    events: &[Value],
    response: Value,
) -> Result<Vec<Delta>, Break> {
    let mut steps = Vec::new();
    for event in events {
        steps.extend(translation.read(frame(event).as_bytes())?);
    }
    let last = frame(&json!({"type": "response.completed", "response": response}));
    let response = serde_json::value::to_raw_value(&response).unwrap();
    steps.extend(translation.end(last.as_bytes(), &response)?);
    Ok(steps)
}

fn end() -> Value {
    json!({"status": "completed", "output": []})
}

fn added(index: u64, item: Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": index, "item": item})
}

fn done(index: u64, item: Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": index, "item": item})
}

fn text_delta(index: u64, part: u64, text: &str) -> Value {
    json!({"type": "response.output_text.delta", "output_index": index, "content_index": part, "delta": text})
}

fn input_delta(id: &str, text: &str) -> Value {
    json!({"type": "response.function_call_arguments.delta", "item_id": id, "delta": text})
}

fn call(id: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "f", "arguments": arguments})
}

fn message(text: &str) -> Value {
    json!({"type": "message", "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn begun(index: usize, id: &str, input: &str) -> Delta {
    let (tool, id, name) = (Tool::Function, id.to_owned(), "f".to_owned());
    Delta::Call(Call {
        index,
        tool,
        id,
        name,
        input: input.to_owned(),
    })
}

fn input(index: usize, text: &str) -> Delta {
    let (tool, text) = (Tool::Function, text.to_owned());
    Delta::Input { index, tool, text }
}

fn content(steps: &[Delta]) -> String {
    let texts = steps.iter().filter_map(|step| match step {
        Delta::Content(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Faults: X04 X07 X08
fn citation(start: u64) -> Value {
    json!({"type": "url_citation", "start_index": start, "end_index": start + 1, "url": "https://e.example/", "title": "E"})
}

fn cited(annotation: &Value) -> Value {
    json!({"type": "response.output_text.annotation.added", "output_index": 1, "content_index": 0, "annotation": annotation})
}

fn annotations(steps: &[Delta]) -> Vec<Value> {
    let annotations = steps.iter().find_map(|step| match step {
        Delta::Annotations(annotations) => Some(annotations.clone()),
        _ => None,
    });
    annotations.unwrap_or_default()
}

#[test]
fn each_piece_of_input_belongs_to_its_call() {
    let steps = steps(
        &[
            added(1, call("a", "")),
            added(2, call("b", "")),
            input_delta("fc_a", "1"),
            input_delta("fc_b", "2"),
            input_delta("fc_a", "3"),
            done(1, call("a", "13")),
            done(2, call("b", "2")),
        ],
        end(),
    );
    assert_eq!(
        steps.unwrap(),
        [
            Delta::Begin,
            begun(0, "a", ""),
            begun(1, "b", ""),
            input(0, "1"),
            input(1, "2"),
            input(0, "3"),
            Delta::Finish(FinishReason::ToolCalls),
            Delta::End { usage: None },
        ]
    );
}

/// Faults: X06 X09
#[test]
fn the_end_of_a_call_brings_only_what_is_missing() {
    let whole = json!({"type": "response.function_call_arguments.done", "output_index": 0, "arguments": "{}"});
    let inputs = |events: &[Value]| {
        let steps = steps(events, end()).unwrap();
        let calls = steps
            .iter()
            .filter(|step| matches!(step, Delta::Call(_) | Delta::Input { .. }));
        calls.cloned().collect::<Vec<_>>()
    };
    let (first, last) = (added(0, call("a", "")), done(0, call("a", "{}")));
    let in_two = [begun(0, "a", ""), input(0, "{}")];
    assert_eq!(
        inputs(&[first.clone(), whole.clone(), last.clone()]),
        in_two
    );
    assert_eq!(inputs(&[first.clone(), last.clone()]), in_two);
    assert_eq!(
        inputs(&[first, input_delta("fc_a", "{"), whole.clone(), last.clone()]),
        [begun(0, "a", ""), input(0, "{"), input(0, "}")]
    );
    assert_eq!(inputs(&[whole, last.clone()]), [begun(0, "a", "{}")]);
    assert_eq!(inputs(&[last]), [begun(0, "a", "{}")]);
}

#[test]
fn what_contradicts_what_was_passed_on_is_a_failure() {
    let first = added(0, call("a", ""));
    let events = [
        first,
        input_delta("fc_a", "{\"b"),
        done(0, call("a", "{\"c\"}")),
    ];
    assert_eq!(steps(&events, end()), Err(Break::Unreadable));
    let events = [text_delta(0, 0, "Hello"), done(0, message("Good bye"))];
    assert_eq!(steps(&events, end()), Err(Break::Unreadable));
    let nameless = json!({"type": "function_call", "arguments": "{}"});
    assert_eq!(steps(&[done(0, nameless)], end()), Err(Break::Unreadable));
}

/// Faults: X01
#[test]
fn a_text_is_said_once_however_often_the_backend_says_it() {
    let whole = json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "ab"});
    let output = json!({"status": "completed", "output": [message("ab")]});
    let (a, b, last) = (
        text_delta(0, 0, "a"),
        text_delta(0, 0, "b"),
        done(0, message("ab")),
    );
    for events in [
        vec![],
        vec![a.clone()],
        vec![last.clone()],
        vec![whole.clone()],
        vec![a.clone(), whole.clone()],
        vec![a, b, whole, last],
    ] {
        assert_eq!(
            content(&steps(&events, output.clone()).unwrap()),
            "ab",
            "{events:?}"
        );
    }
}

/// Faults: X01
#[test]
fn what_only_the_last_event_has_is_passed_on() {
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": []});
    let answer = |output: Value| json!({"status": "completed", "output": output});
    let events = [done(0, reasoning.clone())];
    let last = steps(&events, answer(json!([reasoning, message("ab")])));
    assert_eq!(content(&last.unwrap()), "ab");

    let events = [done(0, reasoning.clone()), added(1, call("a", ""))];
    let last = steps(&events, answer(json!([reasoning, call("a", "{}")])));
    assert_eq!(last.unwrap()[1..3], [begun(0, "a", ""), input(0, "{}")]);
}

#[test]
fn an_output_that_misses_items_doubles_nothing() {
    let output = json!({"status": "completed", "output": [message("ab")]});
    let steps = steps(&[text_delta(1, 0, "ab")], output);
    assert_eq!(content(&steps.unwrap()), "ab");
}

/// Faults: X09
#[test]
fn a_call_whose_input_never_comes_is_a_failure() {
    let events = [added(0, call("a", ""))];
    assert_eq!(steps(&events, end()), Err(Break::Unreadable));
    let stopped = json!({"status": "incomplete", "output": []});
    assert!(steps(&events, stopped).is_ok());
}

/// Faults: X08
#[test]
fn input_for_an_unknown_item_is_a_failure() {
    let events = [added(0, call("a", "")), input_delta("fc_b", "{}")];
    assert_eq!(steps(&events, end()), Err(Break::Unreadable));
}

#[test]
fn a_caller_that_wants_json_gets_no_comments() {
    let in_phase = |phase: &str, text: &str| {
        let mut item = message(text);
        item["phase"] = phase.into();
        item["content"][0]["annotations"] = json!([citation(0)]);
        item
    };
    let (comment, answer) = (
        in_phase("commentary", "First."),
        in_phase("final_answer", "{}"),
    );
    let begun = |index, phase: &str| added(index, in_phase(phase, ""));
    let cited = json!({"type": "response.output_text.annotation.added", "output_index": 0, "annotation": citation(0)});
    let text = json!({"type": "response.output_text.done", "output_index": 0, "text": "First."});
    let streamed = vec![
        begun(0, "commentary"),
        text_delta(0, 0, "First."),
        cited,
        text,
        done(0, comment.clone()),
        begun(1, "final_answer"),
        text_delta(1, 0, "{}"),
    ];
    let output = json!({"status": "completed", "output": [comment.clone(), answer.clone()]});
    for events in [streamed, vec![done(0, comment), done(1, answer)], vec![]] {
        let wishes = Wishes {
            wants_json: true,
            ..Wishes::for_tests()
        };
        let wanted = Translation::new("id".into(), &wishes);
        let wanted = steps_of(wanted, &events, output.clone()).unwrap();
        assert_eq!(content(&wanted), "{}", "{events:?}");
        assert_eq!(annotations(&wanted).len(), 1, "{events:?}");
        let all = steps(&events, output.clone()).unwrap();
        assert_eq!(content(&all), "First.\n\n{}", "{events:?}");
    }
}

#[test]
fn a_text_that_the_backend_trims_at_its_end_is_no_contradiction() {
    let summary = json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": " a\n"});
    let trimmed = json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]});
    let events = [
        summary,
        done(0, trimmed),
        text_delta(1, 0, "b\n"),
        done(1, message("b")),
    ];
    let steps = steps(&events, end()).unwrap();
    assert_eq!(steps[1], Delta::Reasoning(" a\n".into()));
    assert_eq!(content(&steps), "b\n");
}

#[test]
fn an_answer_keeps_the_name_of_its_first_chunk() {
    let mut translation = translation();
    let named = |id: &str| json!({"id": id, "created_at": 7, "model": id});
    let created = json!({"type": "response.created", "response": named("resp_1")});
    for event in [created, text_delta(0, 0, "a")] {
        translation.read(frame(&event).as_bytes()).unwrap();
    }
    let last = serde_json::value::to_raw_value(&named("resp_2")).unwrap();
    translation.end(b"data: {}\n\n", &last).unwrap();
    assert_eq!(translation.head().id, "chatcmpl-1");
    assert_eq!(translation.head().model, "resp_1");
}

#[test]
fn a_later_message_begins_with_a_blank_line_and_a_later_part_does_not() {
    let events = [
        text_delta(0, 0, "a"),
        text_delta(0, 1, "b"),
        text_delta(2, 0, "c"),
    ];
    assert_eq!(content(&steps(&events, end()).unwrap()), "ab\n\nc");
}

/// Faults: X08
#[test]
fn the_content_of_messages_that_grow_at_once_is_not_mixed() {
    let grown = [
        text_delta(0, 0, "a1 "),
        text_delta(1, 0, "b1 "),
        text_delta(2, 0, "c1 "),
        text_delta(0, 0, "a2"),
        text_delta(1, 0, "b2"),
    ];
    let whole = "a1 a2\n\nb1 b2\n\nc1 ";
    assert_eq!(content(&steps(&grown, end()).unwrap()), whole);
    let first = [done(1, message("b1 b2")), done(0, message("a1 a2"))];
    let last = [done(0, message("a1 a2")), done(1, message("b1 b2"))];
    for order in [first, last] {
        let events = [&grown[..], &order].concat();
        assert_eq!(content(&steps(&events, end()).unwrap()), whole);
    }
}

#[test]
fn a_summary_is_shown_only_if_it_was_asked_for() {
    let delta = |part, text: &str| json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": part, "delta": text});
    let item = json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "ab"}, {"type": "summary_text", "text": "c"}]});
    let events = [delta(0, "a"), delta(0, "b"), delta(1, "c"), done(0, item)];
    let shown = steps(&events, end()).unwrap();
    let reasoning = |text: &str| Delta::Reasoning(text.into());
    assert_eq!(
        shown[1..4],
        [reasoning("a"), reasoning("b"), reasoning("\n\nc")]
    );
    let wishes = Wishes {
        shows_reasoning: false,
        ..Wishes::for_tests()
    };
    let mut hidden = Translation::new("id".into(), &wishes);
    for event in &events {
        let steps = hidden.read(frame(event).as_bytes()).unwrap();
        assert!(steps.iter().all(|step| *step == Delta::Begin), "{steps:?}");
    }
}
