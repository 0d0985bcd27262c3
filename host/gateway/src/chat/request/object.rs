//! Writes objects whose values are JSON already.

use serde_json::value::RawValue;

/// An object with these fields.
pub(super) fn object(fields: &[(&str, &str)]) -> String {
    let size: usize = fields
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum();
    let mut text = String::with_capacity(size + 2);
    text.push('{');
    for (name, value) in fields {
        if text.len() > 1 {
            text.push(',');
        }
        text.extend(["\"", name, "\":", value]);
    }
    text.push('}');
    text
}

/// A list of these values.
pub(super) fn list(values: &[String]) -> String {
    format!("[{}]", values.join(","))
}

/// Whether a value is a string.
pub(super) fn is_string(value: &str) -> bool {
    value.starts_with('"')
}

/// A copy of a JSON text.
pub(super) fn owned(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
