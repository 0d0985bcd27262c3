use http::HeaderName;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn map(headers: &[(&str, &str)]) -> HeaderMap {
    let headers = headers.iter();
    headers
        .map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        })
        .collect()
}

fn judged_with(headers: &[(&str, &str)], body: &Value) -> Result<ModelRequest, ErrorAnswer> {
    judge(Kind::Responses, &body.to_string().into(), &map(headers))
}

fn sent(body: &Value) -> Value {
    let request = judged_with(&[], body).unwrap();
    serde_json::from_slice(&request.body).unwrap()
}

fn ignored(body: &Value) -> Option<String> {
    judged_with(&[], body).unwrap().ignored.list()
}

fn refusal(body: &Value) -> (String, Value) {
    let error = judged_with(&[], body).unwrap_err();
    (error.code().to_owned(), error.fields["param"].clone())
}

/// Faults: X02 X13
#[test]
fn the_smallest_request_has_what_the_backend_wants() {
    let sent = sent(&json!({"model": "openai-codex/gpt-6-astra", "input": "say \"hi\"\n"}));
    assert_eq!(
        sent,
        json!({
            "model": "gpt-6-astra",
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "say \"hi\"\n"}]}],
            "instructions": "",
            "include": ["reasoning.encrypted_content"],
            "store": false,
            "stream": true,
        })
    );
}

#[test]
fn the_callers_stream_says_what_the_caller_gets() {
    let is_streamed = |stream: Value| {
        let body = json!({"model": "m", "input": [], "stream": stream});
        judged_with(&[], &body)
            .map(|request| request.is_streamed)
            .ok()
    };
    assert_eq!(is_streamed(json!(true)), Some(true));
    assert_eq!(is_streamed(json!(false)), Some(false));
    assert_eq!(is_streamed(json!(null)), Some(false));
    assert_eq!(is_streamed(json!("yes")), None);
}

/// Faults: X18
#[test]
fn what_only_shapes_sampling_is_ignored_and_named() {
    let body = json!({
        "model": "m", "input": [], "max_output_tokens": 5, "temperature": 0.5, "top_p": null,
        "metadata": {}, "user": "u", "store": true, "service_tier": "flex", "future_field": 1,
    });
    let names = "future_field, max_output_tokens, metadata, service_tier, store, temperature, user";
    let mut ignored: Vec<_> = ignored(&body)
        .unwrap()
        .split(", ")
        .map(str::to_owned)
        .collect();
    ignored.sort();
    assert_eq!(ignored.join(", "), names);
    let sent = sent(&body);
    let mut sent: Vec<_> = sent.as_object().unwrap().keys().collect();
    sent.sort();
    assert_eq!(
        sent,
        [
            "include",
            "input",
            "instructions",
            "model",
            "store",
            "stream"
        ]
    );
}

#[test]
fn a_strict_caller_gets_an_error_for_what_would_be_ignored() {
    let body = json!({"model": "m", "input": [], "temperature": 0.5});
    let error = judged_with(&[("x-chatgpt-oauth-strict", "true")], &body).unwrap_err();
    assert_eq!(error.code(), "unsupported_parameter");
    assert_eq!(error.fields["param"], "temperature");
}

#[test]
fn what_changes_the_meaning_is_refused() {
    let with = |name: &str, value: Value| {
        let mut body = json!({"model": "m", "input": []});
        body[name] = value;
        refusal(&body)
    };
    assert_eq!(
        with("previous_response_id", json!("resp_1")),
        (
            "previous_response_not_found".into(),
            json!("previous_response_id")
        )
    );
    for (name, value) in [
        ("conversation", json!("c")),
        ("prompt", json!({})),
        ("background", json!(true)),
        ("max_tool_calls", json!(1)),
    ] {
        assert_eq!(
            with(name, value),
            ("unsupported_parameter".into(), json!(name))
        );
    }
    let tool = with(
        "tools",
        json!([{"type": "function"}, {"type": "file_search"}]),
    );
    assert_eq!(
        tool,
        ("unsupported_parameter".into(), json!("tools[1].type"))
    );
    let reference = with("input", json!([{"type": "item_reference", "id": "msg_1"}]));
    assert_eq!(reference.1, "input[0].type");
    let file = with(
        "input",
        json!([{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]),
    );
    assert_eq!(file.1, "input[0].content[0].file_id");
    assert_eq!(with("model", json!(7)).1, "model");
}

#[test]
fn null_is_no_field() {
    let body = json!({"model": "m", "input": [], "previous_response_id": null, "tools": null, "background": false});
    assert_eq!(ignored(&body), None);
    assert!(sent(&body).get("tools").is_none());
}

/// Faults: X22
#[test]
fn tools_are_neither_invented_nor_dropped() {
    assert!(
        sent(&json!({"model": "m", "input": []}))
            .get("tools")
            .is_none()
    );
    let empty = sent(&json!({"model": "m", "input": [], "tools": []}));
    assert_eq!(empty["tools"], json!([]));
    let preview = sent(
        &json!({"model": "m", "input": [], "tools": [{"type": "web_search_preview", "x": 1}]}),
    );
    assert_eq!(preview["tools"], json!([{"type": "web_search", "x": 1}]));
}

/// Faults: X14
#[test]
fn the_role_system_becomes_developer() {
    let sent = sent(&json!({"model": "m", "input": [
        {"role": "system", "content": "a"}, {"role": "user", "content": "b"},
    ]}));
    assert_eq!(
        sent["input"][0],
        json!({"role": "developer", "content": "a"})
    );
    assert_eq!(sent["input"][1], json!({"role": "user", "content": "b"}));
}

/// Faults: X20 X21
#[test]
fn ids_go_and_so_does_reasoning_without_its_content() {
    let sent = sent(&json!({"model": "m", "input": [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "e"},
        {"type": "function_call", "id": "item_7", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "o"},
    ]}));
    assert_eq!(
        sent["input"],
        json!([
            {"type": "reasoning", "summary": [], "encrypted_content": "e"},
            {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "o"},
        ])
    );
}

/// Faults: X23
#[test]
fn images_in_the_output_of_a_tool_stay_images() {
    let output = json!([{"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "high"}]);
    let sent = sent(
        &json!({"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": output}]}),
    );
    assert_eq!(sent["input"][0]["output"], output);
}

/// Faults: X28
#[test]
fn items_of_unknown_types_pass_untouched() {
    let items =
        json!([{"type": "compaction_trigger", "x": [1.50, null]}, {"type": "from_the_future"}]);
    let body = format!(
        r#"{{"model":"m","input":{}}}"#,
        r#"[{"type":"compaction_trigger","x":[1.50,null]}]"#
    );
    let request = judge(Kind::Responses, &body.into(), &HeaderMap::new()).unwrap();
    let text = std::str::from_utf8(&request.body).unwrap();
    assert!(
        text.contains(r#"[{"type":"compaction_trigger","x":[1.50,null]}]"#),
        "{text}"
    );
    assert_eq!(sent(&json!({"model": "m", "input": items}))["input"], items);
}

/// Faults: X32
#[test]
fn the_effort_is_never_changed() {
    for effort in ["none", "minimal", "ultra", "anything"] {
        let sent = sent(&json!({"model": "m", "input": [], "reasoning": {"effort": effort}}));
        assert_eq!(sent["reasoning"], json!({"effort": effort}));
    }
}

/// Faults: X24
#[test]
fn the_key_of_the_prompt_cache_is_forwarded() {
    let sent = sent(&json!({"model": "m", "input": [], "prompt_cache_key": "k"}));
    assert_eq!(sent["prompt_cache_key"], "k");
}

/// Faults: X15
#[test]
fn a_json_format_and_its_instruction_stay_where_they_are() {
    let body = json!({
        "model": "m", "text": {"format": {"type": "json_object"}},
        "input": [{"role": "developer", "content": "answer in json"}],
    });
    let sent = sent(&body);
    assert_eq!(sent["text"], body["text"]);
    assert_eq!(sent["input"], body["input"]);
    assert_eq!(sent["instructions"], "");
}

#[test]
fn a_request_of_the_lite_form_gets_no_instructions() {
    let body = json!({"model": "m", "input": [{"type": "additional_tools", "role": "developer", "tools": []}]});
    assert!(sent(&body).get("instructions").is_none());
    let body = json!({"model": "m", "input": []});
    let lite = judged_with(&[("x-openai-internal-codex-responses-lite", "true")], &body).unwrap();
    assert!(!String::from_utf8_lossy(&lite.body).contains("instructions"));
}

#[test]
fn the_fast_tier_has_the_name_that_the_backend_knows() {
    for tier in ["fast", "priority"] {
        let sent = sent(&json!({"model": "m", "input": [], "service_tier": tier}));
        assert_eq!(sent["service_tier"], "priority");
    }
}

#[test]
fn a_breakpoint_of_the_prompt_cache_is_ignored_and_named() {
    let body = json!({"model": "m", "input": [{"role": "user", "content": [
        {"type": "input_text", "text": "t", "prompt_cache_breakpoint": {}},
    ]}]});
    assert_eq!(ignored(&body).as_deref(), Some("prompt_cache_breakpoint"));
    assert_eq!(
        sent(&body)["input"][0]["content"][0],
        json!({"type": "input_text", "text": "t"})
    );
}

/// Faults: G24
#[test]
fn a_url_of_another_scheme_is_refused_and_none_is_fetched() {
    let image = |url: &str| json!({"model": "m", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]});
    for url in [
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "/etc/passwd",
        "gopher://x",
    ] {
        assert_eq!(
            refusal(&image(url)).1,
            "input[0].content[0].image_url",
            "{url}"
        );
    }
    for url in ["https://169.254.169.254/", "data:image/png;base64,AA=="] {
        assert_eq!(sent(&image(url))["input"], image(url)["input"]);
    }
}

/// What the backend gets of a request of the Codex CLI.
fn sent_by_codex(headers: &[(&str, &str)], body: &str) -> ModelRequest {
    let headers = [&[("x-codex-window-id", "w")], headers].concat();
    judge(Kind::Responses, &body.to_owned().into(), &map(&headers)).unwrap()
}

#[test]
fn codexs_own_request_keeps_every_byte_but_the_prefix() {
    let body = r#"{ "store" : false, "temperature":1.0,"model" : "openai-codex/gpt-6-astra", "instructions":"x","stream":true,"input":[{"id":"x","role":"system"}]  }"#;
    let bare = body.replace("openai-codex/", "");
    for body in [body, &bare] {
        let request = sent_by_codex(&[], body);
        assert_eq!(request.body, bare);
        assert!(request.is_streamed);
        assert_eq!(request.ignored.list(), None);
    }
}

/// Faults: X13
#[test]
fn codexs_own_request_gets_empty_instructions_if_it_has_none_at_all() {
    let with = |item: &str| {
        format!(
            r#" {{"model":"m","store":false,"stream":true,"input":[{{"role":"user"}},{item}]}}"#
        )
    };
    let message = with(r#"{"type":"message","role":"developer"}"#);
    let expected = message.replacen('{', r#"{"instructions":"","#, 1);
    assert_eq!(sent_by_codex(&[], &message).body, expected);

    let lite = [("x-openai-internal-codex-responses-lite", "true")];
    assert_eq!(sent_by_codex(&lite, &message).body, message);
    for item in [
        r#"{"type":"additional_tools","role":"developer","tools":[]}"#,
        r#"{"internal_chat_message_metadata_passthrough":{"content_item_kinds":["model.base_instructions"]}}"#,
    ] {
        let body = with(item);
        assert_eq!(sent_by_codex(&[], &body).body, body);
    }
}

#[test]
fn a_request_to_compact_gets_no_stream() {
    let body = json!({"model": "openai-codex/m", "input": []}).to_string();
    let request = judge(Kind::Compact, &body.into(), &HeaderMap::new()).unwrap();
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(sent, json!({"model": "m", "input": [], "instructions": ""}));
}

/// Faults: G30
#[test]
fn a_body_that_is_not_one_json_object_is_refused_without_quoting_it() {
    for body in [
        "",
        "[]",
        "\"CANARY\"",
        "{\"model\":\"CANARY\",\"model\":\"b\"}",
        "{\"model\":\"m\",\"input\":\"\\ud800CANARY\"}",
        "\u{feff}{}",
        "{\"CANARY\":NaN}",
    ] {
        let error = judge(Kind::Responses, &Bytes::from(body), &HeaderMap::new()).unwrap_err();
        assert_eq!(error.status, 400, "{body}");
        assert!(!error.text().contains("CANARY"), "{error:?}");
    }
    let bytes = Bytes::from_static(b"{\"model\":\"\xff\"}");
    assert!(judge(Kind::Responses, &bytes, &HeaderMap::new()).is_err());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z:\"\\\\ü]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "reasoning",
            "text",
            "tool_choice",
            "parallel_tool_calls",
            "prompt_cache_key",
            "client_metadata",
            "temperature",
            "top_p",
            "metadata",
            "conversation",
            "prompt",
            "background",
            "store",
            "service_tier",
            "previous_response_id",
        ])
        .prop_map(str::to_owned),
        "[a-z_]{1,12}",
    ]
}

proptest! {
    /// With any value, a field reaches the backend unchanged, is named, or is refused by name.
    #[test]
    fn every_field_is_forwarded_named_or_refused(name in any_name(), value in any_json()) {
        prop_assume!(!["model", "input", "tools", "include", "stream", "instructions"].contains(&name.as_str()));
        let mut body = json!({"model": "m", "input": []});
        body[&name] = value.clone();
        match judged_with(&[], &body) {
            Ok(request) => {
                let sent: Value = serde_json::from_slice(&request.body).unwrap();
                let is_named = request.ignored.list().as_deref() == Some(&name);
                let asks_for_nothing = value.is_null() || value == json!(false);
                let is_sent = sent[&name] == value || (name == "service_tier" && value == "fast");
                prop_assert!(is_named || is_sent || asks_for_nothing, "{name}: {sent}");
                prop_assert_eq!(&sent["store"], &json!(false));
                prop_assert_eq!(&sent["stream"], &json!(true));
            }
            Err(error) => prop_assert_eq!(&error.fields["param"], &json!(name)),
        }
    }

    #[test]
    fn items_that_need_no_change_are_not_changed(items in proptest::collection::vec(
        proptest::collection::hash_map("[a-hj-z_]{1,8}", any_json(), 0..4), 0..4,
    )) {
        let items: Vec<Value> = items
            .into_iter()
            .map(|mut item| {
                item.retain(|name, _| !["content", "output", "role", "type"].contains(&name.as_str()));
                item.into_iter().collect::<Map<_, _>>().into()
            })
            .collect();
        prop_assert_eq!(&sent(&json!({"model": "m", "input": items}))["input"], &json!(items));
    }
}
