//! What the endpoint refuses, each with the answer that people have reported.
//!
//! The backend itself checks first and answers `{"detail"}`; the model service behind it answers `{"error"}`.

mod input;
mod parameters;
mod tools;

use serde_json::{Value, json};

use super::call::Call;
use crate::http::Answer;

/// Passes a request, or returns the answer that refuses it.
pub(super) type Rule = fn(&Call<'_>) -> Result<(), Answer>;

/// In the order of the checks.
pub(super) const OF_RESPONSES: &[Rule] = &[
    parameters::are_supported,
    parameters::stream_is_true,
    parameters::store_is_false,
    parameters::instructions_are_present,
    input::is_a_list,
    input::has_no_system_message,
    tools::have_supported_types,
    parameters::service_tier_is_supported,
    parameters::model_is_available,
    parameters::effort_is_supported,
    parameters::cache_key_is_short,
    parameters::format_is_complete,
    parameters::json_object_is_announced,
    tools::have_names,
    tools::suit_the_lite_form,
    tools::include_the_choice,
    input::ids_fit_their_types,
    input::strings_are_short,
    input::parts_fit_their_roles,
    input::refers_to_nothing_stored,
    input::calls_have_outputs,
    input::outputs_have_calls,
];

/// The other endpoint takes no stream, and fewer parameters.
pub(super) const OF_COMPACT: &[Rule] = &[
    parameters::are_supported_by_compact,
    parameters::instructions_are_present,
    input::is_a_list,
    input::has_no_system_message,
    tools::have_supported_types,
    parameters::service_tier_is_supported,
    parameters::model_is_available,
    parameters::cache_key_is_short,
    input::ids_fit_their_types,
    input::strings_are_short,
    input::parts_fit_their_roles,
    input::refers_to_nothing_stored,
    input::calls_have_outputs,
    input::outputs_have_calls,
];

/// Whether a condition holds; otherwise the answer.
fn ensure(holds: bool, otherwise: impl FnOnce() -> Answer) -> Result<(), Answer> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The error of the backend.
fn detail(text: impl Into<Value>) -> Answer {
    Answer::detail(400, text.into())
}

/// The error of the model service.
fn invalid(param: &str, code: Option<&str>, message: impl Into<String>) -> Answer {
    refused(400, Some(param), code, message)
}

fn refused(
    status: u16,
    param: Option<&str>,
    code: Option<&str>,
    message: impl Into<String>,
) -> Answer {
    let error = json!({
        "message": message.into(), "type": "invalid_request_error", "param": param, "code": code,
    });
    Answer::json(status, &json!({ "error": error }))
}

/// The length of a string in characters is at most this.
fn ensure_length(param: &str, value: &Value, most: usize) -> Result<(), Answer> {
    let length = value.as_str().map_or(0, |text| text.chars().count());
    ensure(length <= most, || {
        invalid(
            param,
            Some("string_above_max_length"),
            format!(
                "Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string \
                 with length {length} instead."
            ),
        )
    })
}

fn missing(param: &str) -> Answer {
    invalid(
        param,
        Some("missing_required_parameter"),
        format!("Missing required parameter: '{param}'."),
    )
}
