//! Rules for the members of the request but `input` and `tools`.

use serde_json::{Value, json};

use super::{detail, ensure, ensure_length, invalid, missing};
use crate::endpoints::models;
use crate::endpoints::responses::call::Call;
use crate::http::Answer;

const SUPPORTED: &[&str] = &[
    "client_metadata",
    "include",
    "input",
    "instructions",
    "model",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "text",
    "tool_choice",
    "tools",
];

/// What the Codex CLI sends to compact.
const SUPPORTED_BY_COMPACT: &[&str] = &[
    "input",
    "instructions",
    "model",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "service_tier",
    "text",
    "tools",
];

pub(super) fn are_supported(call: &Call<'_>) -> Result<(), Answer> {
    ensure_members(call, SUPPORTED)
}

pub(super) fn are_supported_by_compact(call: &Call<'_>) -> Result<(), Answer> {
    ensure_members(call, SUPPORTED_BY_COMPACT)
}

pub(super) fn stream_is_true(call: &Call<'_>) -> Result<(), Answer> {
    ensure(call.body["stream"] == true, || {
        detail("Stream must be set to true")
    })
}

/// The default is true, so it cannot be left out.
pub(super) fn store_is_false(call: &Call<'_>) -> Result<(), Answer> {
    ensure(call.body["store"] == false, || {
        detail("Store must be set to false")
    })
}

/// An empty text is enough. The lite form has them in `input`; and so has the Codex CLI since 0.169, marked.
pub(super) fn instructions_are_present(call: &Call<'_>) -> Result<(), Answer> {
    let present = call.body["instructions"].is_string();
    let in_input = call.input().iter().any(is_in_place_of_instructions);
    ensure(present || in_input || call.lite(), || {
        detail("Instructions are required")
    })
}

fn is_in_place_of_instructions(item: &Value) -> bool {
    let kinds = &item["internal_chat_message_metadata_passthrough"]["content_item_kinds"];
    let is_marked = kinds
        .as_array()
        .is_some_and(|kinds| kinds.iter().any(|kind| kind == "model.base_instructions"));
    item["type"] == "additional_tools" || is_marked
}

pub(super) fn service_tier_is_supported(call: &Call<'_>) -> Result<(), Answer> {
    match &call.body["service_tier"] {
        Value::Null => Ok(()),
        tier if tier == "priority" || tier == "default" => Ok(()),
        tier => Err(detail(format!("Unsupported service_tier: {}", text(tier)))),
    }
}

pub(super) fn model_is_available(call: &Call<'_>) -> Result<(), Answer> {
    let slug = call.model();
    let available = models::available(&call.account).any(|model| model.slug == slug);
    ensure(available, || {
        detail(format!(
            "The '{slug}' model is not supported when using Codex with a ChatGPT account."
        ))
    })
}

/// Clients show `ultra`, and send `max` for it.
pub(super) fn effort_is_supported(call: &Call<'_>) -> Result<(), Answer> {
    let Some(effort) = call.body["reasoning"]["effort"].as_str() else {
        return Ok(());
    };
    let mut of_model = models::available(&call.account).filter(|model| model.slug == call.model());
    let supported: Vec<_> = of_model
        .next()
        .into_iter()
        .flat_map(|model| model.efforts)
        .filter(|effort| **effort != "ultra")
        .collect();
    ensure(supported.contains(&&effort), || {
        let listed: Vec<_> = supported
            .iter()
            .map(|effort| format!("'{effort}'"))
            .collect();
        invalid(
            "reasoning.effort",
            Some("unsupported_value"),
            format!(
                "Unsupported value: '{effort}' is not supported with the '{}' model. Supported values are: {}.",
                call.model(),
                listed.join(", ")
            ),
        )
    })
}

pub(super) fn cache_key_is_short(call: &Call<'_>) -> Result<(), Answer> {
    ensure_length("prompt_cache_key", &call.body["prompt_cache_key"], 64)
}

/// The schema lies in the format itself; in the Chat Completions API it is one level deeper.
pub(super) fn format_is_complete(call: &Call<'_>) -> Result<(), Answer> {
    let format = &call.body["text"]["format"];
    if format["type"] != "json_schema" {
        return Ok(());
    }
    ensure(format["name"].is_string(), || missing("text.format.name"))?;
    ensure(format["schema"].is_object(), || {
        missing("text.format.schema")
    })
}

/// The instructions do not count.
pub(super) fn json_object_is_announced(call: &Call<'_>) -> Result<(), Answer> {
    if call.body["text"]["format"]["type"] != "json_object" {
        return Ok(());
    }
    let input = json!(call.input()).to_string().to_lowercase();
    ensure(input.contains("json"), || {
        invalid(
            "input",
            None,
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type \
             'json_object'.",
        )
    })
}

fn ensure_members(call: &Call<'_>, supported: &[&str]) -> Result<(), Answer> {
    let members = call.body.as_object().into_iter().flatten();
    let unsupported = members
        .map(|(name, _)| name)
        .find(|name| !supported.contains(&name.as_str()));
    match unsupported {
        None => Ok(()),
        Some(name) => Err(detail(format!("Unsupported parameter: {name}"))),
    }
}

/// A string without its quotation marks.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
