//! Translates the form of the answer: `response_format` and `verbosity` become `text`.

use serde_json::value::RawValue;

use super::fields::note_others;
use super::object::{inner_object, owned, required_string};
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use crate::request::ignored::Ignored;

const SCHEMA: [&str; 4] = ["name", "description", "schema", "strict"];

/// Whether the answer is a JSON object without a schema.
pub(super) fn is_json_object(fields: &Fields<'_>) -> bool {
    kind(fields).as_deref() == Some("json_object")
}

/// Whether the answer is JSON.
pub(super) fn is_json(fields: &Fields<'_>) -> bool {
    matches!(kind(fields).as_deref(), Some("json_object" | "json_schema"))
}

fn kind(fields: &Fields<'_>) -> Option<String> {
    let format = Fields::parse(fields.given("response_format")?);
    format.ok()?.string("type")
}

/// The field `text`; none if the caller wants nothing of it.
pub(super) fn translate(
    fields: &Fields<'_>,
    ignored: &mut Ignored,
) -> Result<Option<Box<RawValue>>, ErrorAnswer> {
    let mut text = Fields::default();
    if let Some(format) = fields.given("response_format") {
        text.set("format", translate_format(format, ignored)?);
    }
    if let Some(verbosity) = fields.given("verbosity") {
        text.set("verbosity", owned(verbosity));
    }
    Ok(text.names().next().is_some().then(|| text.to_raw()))
}

fn translate_format(format: &str, ignored: &mut Ignored) -> Result<Box<RawValue>, ErrorAnswer> {
    const PLACE: &str = "response_format.json_schema";
    let unknown = || {
        let message = "response_format has the type text, json_object or json_schema.";
        ErrorAnswer::invalid(None, message).param("response_format.type")
    };
    let fields = Fields::parse(format).map_err(|_| unknown())?;
    match fields.string("type").as_deref() {
        Some("text" | "json_object") => Ok(fields.to_raw()),
        Some("json_schema") => {
            let mut flat = Fields::default();
            flat.set("type", json::raw("json_schema"));
            let schema = inner_object(&fields, "json_schema", PLACE)?;
            required_string(&schema, "name", PLACE)?;
            note_others(&schema, &SCHEMA, PLACE, ignored)?;
            for name in schema.names().filter(|name| SCHEMA.contains(name)) {
                flat.set(name, owned(schema.get(name).unwrap_or("null")));
            }
            if flat.given("strict").is_none() {
                flat.set("strict", json::raw(&false));
            }
            Ok(flat.to_raw())
        }
        _ => Err(unknown()),
    }
}
