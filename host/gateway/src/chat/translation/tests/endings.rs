//! The end of an answer, its usage and its limits.

use super::*;

/// Faults: X05 X12
#[test]
fn an_answer_says_why_it_ends() {
    let reason = |events: &[Value], response: Value| {
        let steps = steps(events, response).unwrap();
        steps.into_iter().find_map(|step| match step {
            Delta::Finish(reason) => Some(reason.name()),
            _ => None,
        })
    };
    let incomplete =
        |why: &str| json!({"status": "incomplete", "incomplete_details": {"reason": why}});
    assert_eq!(reason(&[], end()), Some("stop"));
    assert_eq!(
        reason(&[done(0, call("a", "{}"))], end()),
        Some("tool_calls")
    );
    assert_eq!(reason(&[], incomplete("max_output_tokens")), Some("length"));
    assert_eq!(reason(&[], incomplete("from_the_future")), Some("length"));
    assert_eq!(
        reason(&[], incomplete("content_filter")),
        Some("content_filter")
    );
}

/// Faults: X25
#[test]
fn usage_keeps_its_details_and_is_never_invented() {
    let usage = json!({
        "input_tokens": 9, "output_tokens": 4, "total_tokens": 13,
        "input_tokens_details": {"cached_tokens": 5}, "output_tokens_details": {"reasoning_tokens": 2},
    });
    let last = |usage: Value| steps(&[], json!({ "usage": usage })).unwrap().pop();
    let translated = json!({
        "prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens_details": {"reasoning_tokens": 2},
    });
    assert_eq!(
        last(usage),
        Some(Delta::End {
            usage: Some(translated)
        })
    );
    assert_eq!(last(json!(null)), Some(Delta::End { usage: None }));
}

/// Faults: G05
#[test]
fn an_event_that_cannot_be_read_is_a_failure_if_it_is_of_the_answer() {
    let read = |frame: &str| translation().read(frame.as_bytes());
    assert_eq!(
        read("event: response.output_text.delta\ndata: {half\n\n"),
        Err(Break::Unreadable)
    );
    assert_eq!(
        read("event: response.output_text.delta\ndata: {\"delta\":1}\n\n"),
        Err(Break::Unreadable)
    );
    assert_eq!(read("data: half\n\n"), Err(Break::Unreadable));
    assert_eq!(read("event: from.the.future\ndata: half\n\n"), Ok(vec![]));
    assert_eq!(read("data:\n\n"), Ok(vec![]));
}

/// Faults: G05
#[test]
fn an_answer_has_a_limit() {
    let mut translation = translation();
    let piece = frame(&text_delta(0, 0, &"x".repeat(1 << 20)));
    for _ in 0..7 {
        translation.read(piece.as_bytes()).unwrap();
    }
    translation.read(piece.as_bytes()).unwrap_err();
    let whole = json!({"status": "completed", "output": [message(&"x".repeat(9 << 20))]});
    assert_eq!(steps(&[], whole), Err(Break::TooLarge));
}

/// Faults: G05
#[test]
fn an_answer_of_many_small_things_has_a_limit() {
    let ended = |frames: &mut dyn Iterator<Item = String>| {
        let mut translation = translation();
        frames
            .map(|piece| translation.read(piece.as_bytes()))
            .find(Result::is_err)
    };
    let too_large = Some(Err(Break::TooLarge));
    let mut parts = (0..200_000).map(|index| frame(&text_delta(index, 0, "x")));
    assert_eq!(ended(&mut parts), too_large);
    let long = "x".repeat(1 << 20);
    let mut ids = (0..9).map(|index| frame(&added(index, json!({"id": format!("{index}{long}")}))));
    assert_eq!(ended(&mut ids), too_large);
    let mut small = std::iter::repeat_n(frame(&cited(&citation(0))), 200_000);
    assert_eq!(ended(&mut small), too_large);
    let mut large = citation(0);
    large["url"] = long.clone().into();
    assert_eq!(
        ended(&mut std::iter::repeat_n(frame(&cited(&large)), 9)),
        too_large
    );
    large["type"] = "file_citation".into();
    assert_eq!(
        ended(&mut std::iter::repeat_n(frame(&cited(&large)), 9)),
        None
    );
}
