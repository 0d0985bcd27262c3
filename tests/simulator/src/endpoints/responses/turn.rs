//! What the model answers without a script.
//!
//! | The input ends with | The answer |
//! |---|---|
//! | a user's message with lines `call NAME with INPUT`, NAME a tool of the request | a call for each line |
//! | a user's message, and `tool_choice` demands a call | a call with a sample of the arguments |
//! | outputs of calls | a message that repeats them |
//! | `compaction_trigger` | one `compaction` item |
//! | anything else | a message that repeats the user's text; JSON, if `text.format` asks for it |

use serde_json::{Value, json};

use super::call::Call;
use super::sample;
use super::tools::{self, Tool};
use crate::random;
use crate::script::{Item, Script};

/// How many characters of a text the model repeats.
const REPEATED: usize = 200;

pub(super) fn script(call: &Call<'_>) -> Script {
    let last = call.input().last().unwrap_or(&Value::Null);
    if last["type"] == "compaction_trigger" {
        return Script::begin().item(Item::compaction()).complete();
    }
    let calls = if is_of_user(last) {
        requested_calls(call, last)
    } else {
        Vec::new()
    };
    let items = if calls.is_empty() {
        vec![Item::message(&message(call))]
    } else {
        calls
    };
    reasoning(call)
        .into_iter()
        .chain(items)
        .fold(Script::begin(), Script::item)
        .complete()
}

/// Only if the client wants to send it back; with a summary, if the client asks for one.
fn reasoning(call: &Call<'_>) -> Option<Item> {
    let summary: &[&str] = match call.body["reasoning"]["summary"].as_str() {
        None | Some("none") => &[],
        Some(_) => &["Thinking about the answer."],
    };
    call.includes_reasoning()
        .then(|| Item::reasoning(summary).with("encrypted_content", json!(random::token("gAAAA"))))
}

fn requested_calls(call: &Call<'_>, message: &Value) -> Vec<Item> {
    let offered = tools::offered(call);
    let text = text_of(message);
    let named: Vec<_> = text
        .lines()
        .filter_map(|line| named_call(&offered, line))
        .collect();
    if named.is_empty() {
        demanded_call(&offered, &call.body["tool_choice"])
            .into_iter()
            .collect()
    } else {
        named
    }
}

/// `call NAME with INPUT`
fn named_call(offered: &[Tool<'_>], line: &str) -> Option<Item> {
    let (name, input) = line.trim().strip_prefix("call ")?.split_once(" with ")?;
    let tool = offered.iter().find(|tool| tool.name == name)?;
    Some(item(tool, input))
}

/// The tool that `tool_choice` names, or the first one if any is required.
fn demanded_call(offered: &[Tool<'_>], choice: &Value) -> Option<Item> {
    let tool = match (choice.as_str(), choice["name"].as_str()) {
        (Some("required"), _) => offered.first(),
        (_, Some(name)) => offered.iter().find(|tool| tool.name == name),
        _ => None,
    }?;
    let input = tool
        .parameters
        .map_or_else(String::new, |schema| sample::of(schema).to_string());
    Some(item(tool, &input))
}

fn item(tool: &Tool<'_>, input: &str) -> Item {
    let item = match tool.parameters {
        Some(_) => Item::call(tool.name, input),
        None => Item::custom_call(tool.name, input),
    };
    item.with("namespace", json!(tool.namespace))
}

fn message(call: &Call<'_>) -> String {
    let said = said(call);
    match call.body["text"]["format"]["type"].as_str() {
        Some("json_schema") => sample::of(&call.body["text"]["format"]["schema"]).to_string(),
        Some("json_object") => json!({ "said": said }).to_string(),
        _ => format!("Hello from the simulator. {said}"),
    }
}

/// The outputs at the end of the input; without any, the user's last text.
fn said(call: &Call<'_>) -> String {
    let outputs: Vec<_> = call
        .input()
        .iter()
        .rev()
        .map_while(|item| output(call, item))
        .collect();
    if !outputs.is_empty() {
        return outputs.into_iter().rev().collect::<Vec<_>>().join(" ");
    }
    let last = call.input().iter().rfind(|item| is_of_user(item));
    last.map_or_else(String::new, |item| {
        format!("You said: {}", shortened(&text_of(item)))
    })
}

fn output(call: &Call<'_>, item: &Value) -> Option<String> {
    if !matches!(
        item["type"].as_str(),
        Some("function_call_output" | "custom_tool_call_output")
    ) {
        return None;
    }
    let caller = call
        .input()
        .iter()
        .find(|other| other["call_id"] == item["call_id"] && other["name"].is_string());
    let name = caller.map_or("A tool", |caller| {
        caller["name"].as_str().unwrap_or_default()
    });
    Some(format!(
        "{name} returned: {}",
        shortened(&parts(&item["output"]))
    ))
}

fn is_of_user(item: &Value) -> bool {
    item["role"] == "user"
}

fn text_of(message: &Value) -> String {
    parts(&message["content"])
}

/// A text, or the texts of a list of parts; other parts by their type.
fn parts(content: &Value) -> String {
    let part = |part: &Value| match part["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("[{}]", part["type"].as_str().unwrap_or("part")),
    };
    match content {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(part).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(REPEATED).collect()
}
