use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::*;

fn conversations(profile: &str) -> Conversations {
    Conversations::for_tests("store", profile)
}

fn judged_with(
    headers: &[(&'static str, &'static str)],
    body: &Value,
) -> Result<(ModelRequest, Wishes), ErrorAnswer> {
    let headers = headers.iter().map(|(name, value)| {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    });
    judge(
        &body.to_string().into(),
        &headers.collect(),
        &conversations("ada"),
    )
}

/// A request with these fields beside the model and a message.
fn with(fields: Value) -> Value {
    let mut body =
        json!({"model": "openai-codex/m", "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn sent(body: &Value) -> Value {
    let (request, _) = judged_with(&[], body).unwrap();
    serde_json::from_slice(&request.body).unwrap()
}

fn input(messages: Value) -> Value {
    sent(&with(json!({ "messages": messages })))["input"].clone()
}

fn ignored(body: &Value) -> Vec<String> {
    let list = judged_with(&[], body).unwrap().0.ignored.list();
    let list = list.unwrap_or_default();
    let mut names: Vec<_> = list.split(", ").map(str::to_owned).collect();
    names.sort();
    names
}

/// The param of the error that refuses a request.
fn refused(body: &Value) -> String {
    let error = judged_with(&[], body).expect_err(&body.to_string());
    assert_eq!(error.status, 400);
    error.fields["param"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn refused_message(message: Value) -> String {
    refused(&with(json!({"messages": [message]})))
}

fn call(id: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}})
}

/// Faults: X02 X17 X22
#[test]
fn the_smallest_request_has_what_the_backend_wants() {
    let mut sent = sent(&with(json!({})));
    let key = sent.as_object_mut().unwrap().remove("prompt_cache_key");
    assert_eq!(key.unwrap().as_str().unwrap().len(), 32);
    assert_eq!(
        sent,
        json!({
            "model": "m",
            "instructions": "",
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
            "include": ["reasoning.encrypted_content"],
            "store": false,
            "stream": true,
        })
    );
}

/// Faults: X13 X14
#[test]
fn instructions_are_the_system_and_developer_messages_that_begin() {
    let system = |text: &str| json!({"role": "system", "content": text});
    let developer = json!({"role": "developer", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]});
    let user = json!({"role": "user", "content": "hi"});
    let sent = |messages: Value| sent(&with(json!({ "messages": messages })));
    let began = sent(json!([system("a"), developer, user, system("later")]));
    assert_eq!(began["instructions"], "a\n\nbc");
    assert_eq!(began["input"].as_array().unwrap().len(), 2);
    assert_eq!(began["input"][1]["role"], "developer");
    assert_eq!(
        began["input"][1]["content"][0],
        json!({"type": "input_text", "text": "later"})
    );

    let alone = sent(json!([system("a")]));
    assert_eq!(alone["instructions"], "");
    assert_eq!(alone["input"][0]["role"], "developer");
    assert_eq!(alone["input"][0]["content"][0]["text"], "a");
}

/// Faults: X15
#[test]
fn the_instruction_to_write_json_stays_in_the_input_and_only_there() {
    let sent = sent(&with(json!({
        "messages": [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "hi"}],
        "response_format": {"type": "json_object"},
    })));
    assert_eq!(sent["instructions"], "");
    assert_eq!(sent["input"][0]["content"][0]["text"], "Answer in JSON.");
    assert_eq!(sent["text"], json!({"format": {"type": "json_object"}}));
    assert_eq!(sent.to_string().matches("Answer in JSON.").count(), 1);
}

/// Faults: X23 G24
#[test]
fn images_and_files_go_on_as_they_are() {
    let parts = json!([
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}},
    ]);
    let translated = json!([
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"},
    ]);
    let input = input(json!([
        {"role": "user", "content": parts},
        {"role": "assistant", "tool_calls": [call("c")]},
        {"role": "tool", "tool_call_id": "c", "content": parts},
    ]));
    assert_eq!(input[0]["content"], translated);
    assert_eq!(input[2]["output"], translated);
    for url in ["file:///etc/passwd", "http://169.254.169.254/", ""] {
        let part = json!({"type": "image_url", "image_url": {"url": url}});
        assert_eq!(
            refused_message(json!({"role": "user", "content": [part]})),
            "messages[0].content[0].image_url.url"
        );
    }
}

/// Faults: X03 X20
#[test]
fn a_tool_loop_is_calls_and_outputs_without_empty_messages() {
    let custom = json!({"id": "c2", "type": "custom", "custom": {"name": "g", "input": "in"}});
    for content in [
        json!(null),
        json!(""),
        json!([{"type": "text", "text": ""}]),
    ] {
        let input = input(json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": content, "tool_calls": [call("c1"), custom]},
            {"role": "tool", "tool_call_id": "c1", "content": "1"},
            {"role": "tool", "tool_call_id": "c2", "content": "2"},
        ]));
        let items: Vec<_> = input.as_array().unwrap()[1..].to_vec();
        assert_eq!(
            items,
            [
                json!({"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}),
                json!({"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "in"}),
                json!({"type": "function_call_output", "call_id": "c1", "output": "1"}),
                json!({"type": "custom_tool_call_output", "call_id": "c2", "output": "2"}),
            ]
        );
    }
}

#[test]
fn what_the_model_said_is_output() {
    let input = input(json!([
        {"role": "assistant", "content": "a"},
        {"role": "assistant", "content": [{"type": "text", "text": "b"}, {"type": "refusal", "refusal": "c"}]},
        {"role": "assistant", "content": null, "refusal": "d"},
    ]));
    let text = |text: &str| json!({"type": "output_text", "text": text});
    let refusal = |text: &str| json!({"type": "refusal", "refusal": text});
    assert_eq!(input[0]["content"], json!([text("a")]));
    assert_eq!(input[1]["content"], json!([text("b"), refusal("c")]));
    assert_eq!(input[2]["content"], json!([refusal("d")]));
}

#[test]
fn an_answer_of_this_software_can_be_sent_back() {
    let empty = json!({"role": "assistant", "content": null, "refusal": null, "annotations": []});
    let shown = json!({
        "role": "assistant", "content": "a", "reasoning_content": "why",
        "annotations": [{"type": "url_citation", "url_citation": {"url": "https://e.example/"}}],
    });
    let body = with(json!({"messages": [{"role": "user", "content": "hi"}, empty, shown]}));
    let strict = judged_with(&[("x-chatgpt-oauth-strict", "true")], &body);
    let (request, _) = strict.unwrap();
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    let items = sent["input"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{sent}");
    assert_eq!(
        items[1]["content"],
        json!([{"type": "output_text", "text": "a"}])
    );
}

/// Faults: G10
#[test]
fn a_request_is_no_larger_in_the_form_of_the_backend() {
    let half = "x".repeat(17 << 20);
    let message = json!({"role": "user", "content": half});
    let tool = json!({"type": "function", "function": {"name": "f", "description": half}});
    for fields in [
        json!({"messages": [message, message]}),
        json!({"tools": [tool, tool]}),
        json!({"messages": [message], "tools": [tool]}),
    ] {
        let refused = judged_with(&[], &with(fields)).unwrap_err();
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (413, "request_too_large")
        );
    }
}

/// Faults: X16
#[test]
fn tools_are_flat_and_only_as_strict_as_the_caller_says() {
    let parameters = r#"{"z":1.0,"a":{"type":"object"}}"#;
    let body = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],"tools":[{{"type":"function","function":{{"name":"f","description":"d","parameters":{parameters}}}}}]}}"#
    );
    let headers = HeaderMap::new();
    let (request, _) = judge(&body.into(), &headers, &conversations("ada")).unwrap();
    let text = std::str::from_utf8(&request.body).unwrap();
    assert!(text.contains(parameters), "{text}");

    let sent = sent(&with(json!({"tools": [
        {"type": "function", "function": {"name": "f", "strict": true, "parameters": {}}},
        {"type": "function", "function": {"name": "g", "strict": null}},
        {"type": "custom", "custom": {"name": "h", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}}},
        {"type": "web_search", "user_location": {"type": "approximate"}},
    ]})));
    assert_eq!(
        sent["tools"],
        json!([
            {"type": "function", "name": "f", "strict": true, "parameters": {}},
            {"type": "function", "name": "g", "strict": false, "parameters": {"type": "object", "properties": {}}},
            {"type": "custom", "name": "h", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
            {"type": "web_search", "user_location": {"type": "approximate"}},
        ])
    );
}

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

/// Faults: X22
#[test]
fn an_empty_list_of_tools_is_none() {
    assert!(sent(&with(json!({"tools": []}))).get("tools").is_none());
}

#[test]
fn the_choice_of_a_tool_is_flat() {
    let choice =
        |choice: Value| sent(&with(json!({ "tool_choice": choice })))["tool_choice"].clone();
    assert_eq!(choice(json!("required")), "required");
    assert_eq!(
        choice(json!({"type": "function", "function": {"name": "f"}})),
        json!({"type": "function", "name": "f"})
    );
    assert_eq!(
        choice(
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [
                {"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}},
            ]}})
        ),
        json!({"type": "allowed_tools", "mode": "auto", "tools": [
            {"type": "function", "name": "f"}, {"type": "custom", "name": "g"},
        ]})
    );
}

/// Faults: X17 X16
#[test]
fn the_form_of_the_answer_is_a_field_of_text() {
    let schema = json!({"type": "object"});
    let sent = sent(&with(json!({
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        "verbosity": "low",
    })));
    let wants_json = |kind: &str| {
        let format = json!({"type": kind, "json_schema": {"name": "n"}});
        let judged = judged_with(&[], &with(json!({ "response_format": format })));
        judged.unwrap().1.wants_json
    };
    assert_eq!(
        ["text", "json_object", "json_schema"].map(wants_json),
        [false, true, true]
    );
    assert_eq!(
        sent["text"],
        json!({"verbosity": "low", "format": {"type": "json_schema", "name": "n", "schema": schema, "strict": false}})
    );
    assert!(sent.get("response_format").is_none());
}

/// Faults: X32
#[test]
fn the_effort_is_sent_as_it_came() {
    for effort in ["none", "xhigh", "from_the_future"] {
        let sent = sent(&with(json!({ "reasoning_effort": effort })));
        assert_eq!(sent["reasoning"], json!({ "effort": effort }));
    }
    assert!(sent(&with(json!({}))).get("reasoning").is_none());
    let none = with(json!({"reasoning": {"effort": "low", "summary": "none"}}));
    assert_eq!(sent(&none)["reasoning"], json!({"effort": "low"}));
    assert!(!judged_with(&[], &none).unwrap().1.shows_reasoning);
    let (_, wishes) = judged_with(&[], &with(json!({"reasoning": {"summary": "auto"}}))).unwrap();
    assert!(wishes.shows_reasoning);
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

#[test]
fn a_call_in_the_former_form_names_the_present_one() {
    let message = json!({"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}});
    let body = with(json!({"messages": [message]}));
    let error = judged_with(&[], &body).unwrap_err();
    assert_eq!(error.fields["param"], "messages[0].function_call");
    assert!(error.text().contains("Use tools"), "{error:?}");
}

/// Faults: X24
#[test]
fn a_conversation_has_one_name_and_no_other_has_it() {
    let named = |profile: &str, body: &Value| {
        let judged = judge(
            &body.to_string().into(),
            &HeaderMap::new(),
            &conversations(profile),
        );
        let (request, _) = judged.unwrap();
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        let headers = request.headers.joined_with(&HeaderMap::new());
        assert_eq!(
            headers["session-id"],
            sent["prompt_cache_key"].as_str().unwrap()
        );
        sent["prompt_cache_key"].to_string()
    };
    let begin = with(json!({}));
    let name = named("ada", &begin);
    let next = with(json!({"messages": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}, {"role": "user", "content": "and?"},
    ]}));
    assert_eq!(named("ada", &next), name);
    assert_ne!(named("bob", &begin), name);
    for other in [
        json!({"model": "n"}),
        json!({"messages": [{"role": "user", "content": "ha"}]}),
        json!({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}]}),
        json!({"tools": [{"type": "web_search"}]}),
    ] {
        assert_ne!(named("ada", &with(other)), name);
    }
    assert_eq!(named("ada", &with(json!({"prompt_cache_key": ""}))), name);
    let system = |text: &str| json!({"role": "system", "content": text});
    let user = json!({"role": "user", "content": "hi"});
    let in_json = |text: &str| json!({"messages": [system(text), user], "response_format": {"type": "json_object"}});
    let alone = |text: &str| json!({"messages": [system(text)]});
    for (one, other) in [
        (in_json("json a"), in_json("json b")),
        (alone("a"), alone("b")),
    ] {
        assert_ne!(named("ada", &with(one)), named("ada", &with(other)));
    }
}

/// Faults: X24
#[test]
fn a_name_of_the_callers_own_is_kept() {
    let session = |key: &str, headers: &[(&'static str, &'static str)]| {
        let (request, _) = judged_with(headers, &with(json!({ "prompt_cache_key": key }))).unwrap();
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(sent["prompt_cache_key"], key);
        let headers = request.headers.joined_with(&HeaderMap::new());
        headers["session-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(session("mine", &[]), "mine");
    assert_eq!(session("mine", &[("session-id", "s")]), "s");
    let hashed = session("two\nlines", &[]);
    assert!(hashed.len() == 64 && hashed.bytes().all(|byte| byte.is_ascii_hexdigit()));
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
