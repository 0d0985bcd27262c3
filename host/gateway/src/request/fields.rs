//! The table of a request's fields: what becomes of each.

use crate::error::ErrorAnswer;

/// What becomes of a field.
#[derive(Debug)]
pub(crate) enum Verdict {
    Forwarded,
    /// Null, or a value that asks for nothing: the same as no field.
    Absent,
    Ignored,
    Refused(ErrorAnswer),
}

/// Fields that the backend takes.
const FORWARDED: [&str; 11] = [
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "include",
    "prompt_cache_key",
    "client_metadata",
];

/// Fields without which the answer would be another one.
const REFUSED: [&str; 3] = ["conversation", "prompt", "max_tool_calls"];

/// The verdict on a field with this value; none if it is null.
pub(super) fn verdict(name: &str, value: Option<&str>) -> Verdict {
    match (name, value) {
        (_, None) => Verdict::Absent,
        ("stream", _) | ("store" | "background", Some("false")) => Verdict::Absent,
        ("service_tier", Some("\"priority\"" | "\"fast\"")) => Verdict::Forwarded,
        ("previous_response_id", _) => Verdict::Refused(no_previous_response()),
        ("background", _) => Verdict::Refused(ErrorAnswer::unsupported(name)),
        _ if FORWARDED.contains(&name) => Verdict::Forwarded,
        _ if REFUSED.contains(&name) => Verdict::Refused(ErrorAnswer::unsupported(name)),
        _ => Verdict::Ignored,
    }
}

/// OpenAI's own code: SDKs and the Codex CLI then send the whole input.
fn no_previous_response() -> ErrorAnswer {
    let message = "The ChatGPT backend stores no response: send the whole input.";
    ErrorAnswer::invalid("previous_response_not_found", message).param("previous_response_id")
}
