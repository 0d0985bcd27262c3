//! Writes objects and lists whose values are JSON already, and reads the fields of objects.

use http::StatusCode;
use serde_json::value::RawValue;

use crate::error::ErrorAnswer;
use crate::json::Fields;
use crate::request::body::LARGEST;

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

/// A list that grows. It is one text, so that millions of values take little memory.
pub(super) struct List(String);

impl Default for List {
    fn default() -> Self {
        Self("[".to_owned())
    }
}

impl List {
    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    /// Appends a value. A list is no larger than a body may be: the backend's form is longer
    /// than the caller's.
    pub(super) fn push(&mut self, value: &str) -> Result<(), ErrorAnswer> {
        check_size(self.0.len() + value.len())?;
        if !self.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(value);
        Ok(())
    }

    /// Appends the values of another list.
    pub(super) fn append(&mut self, other: &Self) -> Result<(), ErrorAnswer> {
        match other.is_empty() {
            true => Ok(()),
            false => self.push(&other.0[1..]),
        }
    }

    pub(super) fn into_text(mut self) -> String {
        self.0.push(']');
        self.0
    }

    pub(super) fn into_raw(self) -> Result<Box<RawValue>, ErrorAnswer> {
        let unwritten = |_| ErrorAnswer::internal("A list of the request cannot be written.");
        RawValue::from_string(self.into_text()).map_err(unwritten)
    }
}

/// Refuses what is larger than a body may be.
pub(super) fn check_size(bytes: usize) -> Result<(), ErrorAnswer> {
    if bytes <= LARGEST {
        return Ok(());
    }
    let message = "The request is larger than 32 MiB in the form that the backend wants.";
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    Err(ErrorAnswer::new(status, "request_too_large", message))
}

/// Whether a value is a string.
pub(super) fn is_string(value: &str) -> bool {
    value.starts_with('"')
}

/// A copy of a JSON text.
pub(super) fn owned(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The object in a field.
pub(super) fn inner_object<'a>(
    object: &'a Fields<'_>,
    name: &str,
    place: &str,
) -> Result<Fields<'a>, ErrorAnswer> {
    let parsed = object.get(name).map(Fields::parse);
    let Some(Ok(inner)) = parsed else {
        let message = format!("{name} is an object.");
        return Err(ErrorAnswer::invalid(None, message).param(place));
    };
    Ok(inner)
}

/// The JSON text of a field that must be a string.
pub(super) fn required_string<'a>(
    object: &'a Fields<'_>,
    name: &str,
    place: &str,
) -> Result<&'a str, ErrorAnswer> {
    let value = object.get(name).filter(|value| is_string(value));
    value.ok_or_else(|| {
        let message = format!("{name} is a text.");
        let param = format!("{place}.{name}");
        ErrorAnswer::invalid("missing_required_parameter", message).param(param)
    })
}
