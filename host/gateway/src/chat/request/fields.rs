//! The table of a request's fields: what becomes of each.

use serde::de::IgnoredAny;

use crate::error::ErrorAnswer;
use crate::json::Fields;
use crate::request::fields::Verdict;
use crate::request::ignored::Ignored;

/// Fields that have a place in the backend's request, or say what the caller gets.
const TRANSLATED: [&str; 12] = [
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "verbosity",
    "reasoning_effort",
    "reasoning",
    "prompt_cache_key",
    "stream",
    "stream_options",
];

/// Fields without which the answer would be another one.
const REFUSED: [&str; 8] = [
    "audio",
    "logprobs",
    "modalities",
    "n",
    "prediction",
    "stop",
    "top_logprobs",
    "web_search_options",
];

/// Judges each field that has no place in the backend's request.
pub(super) fn judge(fields: &Fields<'_>, ignored: &mut Ignored) -> Result<(), ErrorAnswer> {
    for name in fields.names() {
        match verdict(name, fields.given(name)) {
            Verdict::Forwarded | Verdict::Absent => {}
            Verdict::Ignored => ignored.add(name)?,
            Verdict::Refused(refusal) => return Err(refusal),
        }
    }
    Ok(())
}

/// The verdict on a field with this value; none if it is null.
fn verdict(name: &str, value: Option<&str>) -> Verdict {
    let Some(value) = value else {
        return Verdict::Absent;
    };
    match (name, value) {
        ("n", "1") | ("top_logprobs", "0") | ("logprobs" | "store", "false") => Verdict::Absent,
        ("stop", value) if is_empty_list(value) => Verdict::Absent,
        ("modalities", value) if is_text_only(value) => Verdict::Absent,
        ("service_tier", "\"priority\"" | "\"fast\"") => Verdict::Forwarded,
        ("functions" | "function_call", _) => Verdict::Refused(replaced_by_tools(name)),
        _ if TRANSLATED.contains(&name) => Verdict::Forwarded,
        _ if REFUSED.contains(&name) => Verdict::Refused(ErrorAnswer::unsupported(name)),
        _ => Verdict::Ignored,
    }
}

/// Notes the fields of an inner object that have no place in the backend's request. An empty
/// list, as SDKs send it back, says nothing.
pub(super) fn note_others(
    object: &Fields<'_>,
    known: &[&str],
    place: &str,
    ignored: &mut Ignored,
) -> Result<(), ErrorAnswer> {
    for name in object.names() {
        let is_given = object
            .given(name)
            .is_some_and(|value| !is_empty_list(value));
        if is_given && !known.contains(&name) {
            ignored.add(&format!("{place}.{name}"))?;
        }
    }
    Ok(())
}

/// The former form of tools.
pub(super) fn replaced_by_tools(param: &str) -> ErrorAnswer {
    let message = format!("Unsupported parameter: {param}. Use tools and tool_choice.");
    ErrorAnswer::invalid("unsupported_parameter", message).param(param)
}

fn is_empty_list(value: &str) -> bool {
    serde_json::from_str::<Vec<IgnoredAny>>(value).is_ok_and(|list| list.is_empty())
}

fn is_text_only(value: &str) -> bool {
    let modalities = serde_json::from_str::<Vec<String>>(value);
    modalities.is_ok_and(|list| list.iter().all(|modality| modality == "text"))
}
