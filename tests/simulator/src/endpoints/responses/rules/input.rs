//! Rules for the items of `input`.

use serde_json::Value;

use super::{detail, ensure, ensure_length, invalid, refused};
use crate::endpoints::responses::call::Call;
use crate::http::Answer;

/// The beginning of an item's id, by its type. Other types are not checked.
const PREFIXES: &[(&str, &str)] = &[
    ("custom_tool_call", "ctc"),
    ("function_call", "fc"),
    ("message", "msg"),
    ("reasoning", "rs"),
];

/// The longest values, in characters.
const LENGTHS: &[(&str, usize)] = &[("id", 64), ("call_id", 64), ("name", 128)];

/// A kind of call, and how the service writes of it.
struct Kind {
    call: &'static str,
    output: &'static str,
    words: &'static str,
}

const FUNCTION: Kind = Kind {
    call: "function_call",
    output: "function_call_output",
    words: "function call",
};
const CUSTOM: Kind = Kind {
    call: "custom_tool_call",
    output: "custom_tool_call_output",
    words: "custom tool call",
};

pub(super) fn is_a_list(call: &Call<'_>) -> Result<(), Answer> {
    ensure(call.body["input"].is_array(), || {
        detail("Input must be a list")
    })
}

/// A `developer` message is accepted at any place.
pub(super) fn has_no_system_message(call: &Call<'_>) -> Result<(), Answer> {
    let system = call.input().iter().any(|item| item["role"] == "system");
    ensure(!system, || detail("System messages are not allowed"))
}

/// Ids can be left out.
pub(super) fn ids_fit_their_types(call: &Call<'_>) -> Result<(), Answer> {
    for (index, item) in call.input().iter().enumerate() {
        let prefix = PREFIXES.iter().find(|(known, _)| *known == kind(item));
        if let (Some((_, prefix)), Some(id)) = (prefix, item["id"].as_str()) {
            let param = format!("input[{index}].id");
            ensure(id.starts_with(prefix), || {
                invalid(
                    &param,
                    Some("invalid_id_prefix"),
                    format!(
                        "Invalid '{param}': '{id}'. Expected an ID that begins with '{prefix}'."
                    ),
                )
            })?;
        }
    }
    Ok(())
}

pub(super) fn strings_are_short(call: &Call<'_>) -> Result<(), Answer> {
    for (index, item) in call.input().iter().enumerate() {
        for (member, most) in LENGTHS {
            ensure_length(&format!("input[{index}].{member}"), &item[*member], *most)?;
        }
    }
    Ok(())
}

/// What the model said is `output_text`, what it reads is `input_text`.
pub(super) fn parts_fit_their_roles(call: &Call<'_>) -> Result<(), Answer> {
    for (index, item) in call.input().iter().enumerate() {
        let (wrong, supported) = match item["role"].as_str() {
            Some("assistant") => ("input_text", "'output_text' and 'refusal'"),
            Some("user" | "developer") => (
                "output_text",
                "'input_text', 'input_image', and 'input_file'",
            ),
            _ => continue,
        };
        let mut parts = item["content"].as_array().into_iter().flatten();
        if let Some(part) = parts.position(|part| part["type"] == wrong) {
            return Err(invalid(
                &format!("input[{index}].content[{part}]"),
                Some("invalid_value"),
                format!("Invalid value: '{wrong}'. Supported values are: {supported}."),
            ));
        }
    }
    Ok(())
}

/// Without a store, a reasoning with an id needs its content, and a reference leads nowhere.
pub(super) fn refers_to_nothing_stored(call: &Call<'_>) -> Result<(), Answer> {
    for item in call.input() {
        let stored = match kind(item) {
            "item_reference" => true,
            "reasoning" => item["id"].is_string() && !item["encrypted_content"].is_string(),
            _ => false,
        };
        ensure(!stored, || {
            let id = item["id"].as_str().unwrap_or_default();
            refused(
                404,
                Some("input"),
                None,
                format!(
                    "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again \
                     with `store` set to true, or remove this item from your input."
                ),
            )
        })?;
    }
    Ok(())
}

pub(super) fn calls_have_outputs(call: &Call<'_>) -> Result<(), Answer> {
    for Kind {
        call: of_call,
        output,
        words,
    } in [FUNCTION, CUSTOM]
    {
        for (index, item) in call.input().iter().enumerate() {
            let id = &item["call_id"];
            // An empty message of the assistant hides the output from the service.
            let mut reached = call.input()[index..]
                .iter()
                .take_while(|item| !is_empty_message(item));
            let answered = kind(item) != of_call
                || reached.any(|other| kind(other) == output && other["call_id"] == *id);
            ensure(answered, || {
                let id = id.as_str().unwrap_or_default();
                invalid(
                    "input",
                    None,
                    format!("No tool output found for {words} {id}."),
                )
            })?;
        }
    }
    Ok(())
}

pub(super) fn outputs_have_calls(call: &Call<'_>) -> Result<(), Answer> {
    for Kind {
        call: of_call,
        output,
        words,
    } in [FUNCTION, CUSTOM]
    {
        for (index, item) in call.input().iter().enumerate() {
            let id = &item["call_id"];
            let mut earlier = call.input()[..index].iter();
            let called = kind(item) != output
                || earlier.any(|other| kind(other) == of_call && other["call_id"] == *id);
            ensure(called, || {
                let id = id.as_str().unwrap_or_default();
                invalid(
                    "input",
                    None,
                    format!("No tool call found for {words} output with call_id {id}."),
                )
            })?;
        }
    }
    Ok(())
}

/// The type of an item; a message can leave it out.
fn kind(item: &Value) -> &str {
    item["type"].as_str().unwrap_or("message")
}

fn is_empty_message(item: &Value) -> bool {
    let is_empty = match &item["content"] {
        Value::String(text) => text.is_empty(),
        Value::Array(parts) => parts.iter().all(|part| part["text"] == ""),
        _ => false,
    };
    item["role"] == "assistant" && is_empty
}
