//! Translates how much the model is to think, and whether the caller sees a summary of it.

use serde_json::value::RawValue;

use super::fields::note_others;
use super::object::owned;
use crate::error::ErrorAnswer;
use crate::json::Fields;
use crate::request::ignored::Ignored;

/// The field `reasoning`. The effort stays as it came.
///
/// OpenAI's API has `reasoning_effort` only; the object, with `summary`, is a habit of other
/// services.
pub(super) fn translate(
    fields: &Fields<'_>,
    ignored: &mut Ignored,
) -> Result<Option<Box<RawValue>>, ErrorAnswer> {
    let given = given(fields)?;
    note_others(&given, &["effort", "summary"], "reasoning", ignored)?;
    let effort = fields.given("reasoning_effort").or(given.given("effort"));
    let mut reasoning = Fields::default();
    for (name, value) in [("effort", effort), ("summary", summary(&given))] {
        if let Some(value) = value {
            reasoning.set(name, owned(value));
        }
    }
    Ok(reasoning
        .names()
        .next()
        .is_some()
        .then(|| reasoning.to_raw()))
}

/// Whether the caller wants a summary of the reasoning.
pub(super) fn is_shown(fields: &Fields<'_>) -> bool {
    given(fields).is_ok_and(|reasoning| summary(&reasoning).is_some())
}

/// The summary that the caller wants. The backend does not take the word `none`.
fn summary<'a>(reasoning: &'a Fields<'_>) -> Option<&'a str> {
    let summary = reasoning.given("summary");
    summary.filter(|summary| *summary != "\"none\"")
}

fn given<'a>(fields: &'a Fields<'_>) -> Result<Fields<'a>, ErrorAnswer> {
    let invalid = |_| {
        let message = "reasoning is an object with effort and summary.";
        ErrorAnswer::invalid(None, message).param("reasoning")
    };
    let given = fields.given("reasoning").unwrap_or("{}");
    Fields::parse(given).map_err(invalid)
}
