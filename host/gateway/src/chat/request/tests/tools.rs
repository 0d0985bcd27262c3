//! Tools and the choice among them.

use super::*;

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

#[test]
fn a_call_in_the_former_form_names_the_present_one() {
    let message = json!({"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}});
    let body = with(json!({"messages": [message]}));
    let error = judged_with(&[], &body).unwrap_err();
    assert_eq!(error.fields["param"], "messages[0].function_call");
    assert!(error.text().contains("Use tools"), "{error:?}");
}
