mod conversations;
mod refused;
mod tools;

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
