//! What is ignored and what is refused.

use super::*;

#[test]
fn an_inner_field_of_an_unknown_name_is_ignored_and_named() {
    let body = with(json!({
        "tools": [
            {"type": "function", "function": {"name": "f", "type": "image_generation", "cache_control": {}}},
            {"type": "custom", "custom": {"name": "g", "type": "file_search"}},
        ],
        "tool_choice": {"type": "function", "function": {"name": "f", "a": 1}, "b": 1},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "type": "text"}},
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}", "parsed_arguments": {}}},
        ]}],
    }));
    assert_eq!(
        ignored(&body),
        [
            "messages[].tool_calls[].function.parsed_arguments",
            "response_format.json_schema.type",
            "tool_choice.a",
            "tool_choice.b",
            "tools[].custom.type",
            "tools[].function.cache_control",
            "tools[].function.type",
        ]
    );
    let sent = sent(&body);
    assert_eq!(sent["tools"][0]["type"], "function");
    assert!(sent["tools"][0].get("cache_control").is_none(), "{sent}");
    assert_eq!(sent["tools"][1]["type"], "custom");
    assert_eq!(sent["text"]["format"]["type"], "json_schema");

    let choice = json!({"type": "allowed_tools", "c": 1, "allowed_tools": {"mode": "auto", "d": 1, "tools": []}});
    let named = ignored(&with(json!({ "tool_choice": choice })));
    assert_eq!(named, ["tool_choice.allowed_tools.d", "tool_choice.c"]);
}

/// Faults: X18
#[test]
fn what_only_shapes_sampling_is_ignored_and_named() {
    let body = with(json!({
        "temperature": 0, "max_tokens": 5, "max_completion_tokens": 5, "seed": 1, "store": true,
        "service_tier": "flex", "future_field": 1, "user": null, "n": 1, "logprobs": false, "stop": [],
        "stream_options": {"include_usage": true, "include_obfuscation": false},
        "messages": [{"role": "user", "name": "ada", "content": [{"type": "text", "text": "hi", "cache_control": {}}]}],
    }));
    assert_eq!(
        ignored(&body),
        [
            "future_field",
            "max_completion_tokens",
            "max_tokens",
            "messages[].content[].cache_control",
            "messages[].name",
            "seed",
            "service_tier",
            "store",
            "stream_options.include_obfuscation",
            "temperature",
        ]
    );
    let strict = judged_with(&[("x-chatgpt-oauth-strict", "true")], &body);
    assert_eq!(strict.unwrap_err().code(), "unsupported_parameter");
}

#[test]
fn what_changes_the_meaning_is_refused() {
    for (name, value) in [
        ("n", json!(2)),
        ("logprobs", json!(true)),
        ("top_logprobs", json!(3)),
        ("stop", json!("END")),
        ("stop", json!(["END"])),
        ("web_search_options", json!({})),
        ("prediction", json!({"type": "content", "content": ""})),
        ("modalities", json!(["text", "audio"])),
        ("audio", json!({"voice": "alloy", "format": "wav"})),
        ("functions", json!([])),
        ("function_call", json!("auto")),
    ] {
        assert_eq!(refused(&with(json!({ name: value }))), name);
    }
    for (fields, param) in [
        (json!({"messages": []}), "messages"),
        (json!({"messages": null}), "messages"),
        (json!({"model": null}), "model"),
        (json!({"stream": "yes"}), "stream"),
        (json!({"tools": [{"type": "file_search"}]}), "tools[0].type"),
        (
            json!({"tools": [{"type": "function", "name": "f"}]}),
            "tools[0].function",
        ),
        (json!({"tool_choice": {"type": "x"}}), "tool_choice"),
        (
            json!({"response_format": {"type": "xml"}}),
            "response_format.type",
        ),
        (json!({"prompt_cache_key": 1}), "prompt_cache_key"),
    ] {
        assert_eq!(refused(&with(fields)), param);
    }
}

#[test]
fn a_message_that_cannot_be_translated_is_named() {
    for (message, param) in [
        (json!({"content": "hi"}), "messages[0].role"),
        (
            json!({"role": "function", "name": "f", "content": "1"}),
            "messages[0].role",
        ),
        (json!({"role": "user"}), "messages[0].content"),
        (json!({"role": "assistant"}), "messages[0].content"),
        (
            json!({"role": "assistant", "audio": {"id": "a"}, "content": "x"}),
            "messages[0].audio",
        ),
        (
            json!({"role": "tool", "tool_call_id": "x", "content": "1"}),
            "messages[0].role",
        ),
        (
            json!({"role": "user", "content": [{"type": "input_audio"}]}),
            "messages[0].content[0].type",
        ),
        (
            json!({"role": "system", "content": [{"type": "image_url"}]}),
            "messages[0].content[0].type",
        ),
        (
            json!({"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}),
            "messages[0].content[0].file.file_id",
        ),
        (
            json!({"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": ""}}]}),
            "messages[0].tool_calls[0].id",
        ),
        (
            json!({"role": "assistant", "tool_calls": [{"id": "c", "function": {"arguments": ""}}]}),
            "messages[0].tool_calls[0].function.name",
        ),
        (
            json!({"role": "assistant", "tool_calls": [call("c"), call("c")]}),
            "messages[0].tool_calls[1].id",
        ),
    ] {
        assert_eq!(refused_message(message), param);
    }
}

/// Faults: G30
#[test]
fn json_that_two_parsers_read_in_two_ways_is_refused() {
    for body in [
        r#"{"model":"m","model":"n","messages":[]}"#,
        r#"{"model":"m","messages":[{"role":"user","role":"system","content":"x"}]}"#,
        r#"{"model":"m","messages":[{"role":"user","content":"\ud800"}]}"#,
        "[]",
    ] {
        let body = Bytes::from(body);
        assert!(judge(&body, &HeaderMap::new(), &conversations("ada")).is_err());
    }
}
