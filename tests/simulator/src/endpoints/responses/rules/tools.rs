//! Rules for `tools` and `tool_choice`.

use serde_json::Value;

use super::{detail, ensure, invalid, missing};
use crate::endpoints::responses::call::Call;
use crate::endpoints::responses::tools;
use crate::http::Answer;

/// `web_search_preview` is the old name of `web_search`, and not accepted.
const TYPES: &[&str] = &[
    "custom",
    "function",
    "image_generation",
    "local_shell",
    "namespace",
    "tool_search",
    "web_search",
];

/// A tool in the form of the Chat Completions API has its type, but its name one level deeper.
const NAMED: &[&str] = &["custom", "function", "namespace"];

/// Tools that the service runs, which the lite form does not have.
const HOSTED: &[&str] = &["image_generation", "web_search"];

pub(super) fn have_supported_types(call: &Call<'_>) -> Result<(), Answer> {
    for tool in listed(call) {
        let kind = tool["type"].as_str();
        ensure(kind.is_some_and(|kind| TYPES.contains(&kind)), || {
            detail(format!("Unsupported tool type: {}", kind.unwrap_or("None")))
        })?;
    }
    Ok(())
}

pub(super) fn have_names(call: &Call<'_>) -> Result<(), Answer> {
    for (index, tool) in listed(call).iter().enumerate() {
        let param = format!("tools[{index}].name");
        let named = !is_one_of(tool, NAMED) || tool["name"].is_string();
        ensure(named, || missing(&param))?;
    }
    Ok(())
}

pub(super) fn suit_the_lite_form(call: &Call<'_>) -> Result<(), Answer> {
    let hosted = listed(call).iter().any(|tool| is_one_of(tool, HOSTED));
    ensure(!(call.lite() && hosted), || {
        invalid(
            "tools",
            Some("unsupported_value"),
            "X-OpenAI-Internal-Codex-Responses-Lite only supports function tools, custom tools, and client-executed \
             tool search.",
        )
    })
}

pub(super) fn include_the_choice(call: &Call<'_>) -> Result<(), Answer> {
    let choice = &call.body["tool_choice"];
    let Some(chosen) = choice["name"].as_str().or(choice["type"].as_str()) else {
        return Ok(());
    };
    let included = match choice["type"].as_str() {
        Some("allowed_tools") => true,
        _ => tools::offered(call).iter().any(|tool| tool.name == chosen),
    };
    ensure(included, || {
        invalid(
            "tool_choice",
            None,
            format!("Tool choice '{chosen}' not found in 'tools' parameter."),
        )
    })
}

fn listed<'a>(call: &'a Call<'_>) -> &'a [Value] {
    call.body["tools"].as_array().map_or(&[], Vec::as_slice)
}

fn is_one_of(tool: &Value, kinds: &[&str]) -> bool {
    tool["type"]
        .as_str()
        .is_some_and(|kind| kinds.contains(&kind))
}
