//! The name of the model, with this software's prefix and without.

use bytes::{Bytes, BytesMut};
use serde_json::value::RawValue;

use crate::error::ErrorAnswer;
use crate::json::{self, Fields};

/// The prefix of this software's names of models.
pub(crate) const PREFIX: &str = "openai-codex/";

/// The backend's name of the model of a request.
pub(crate) fn name(fields: &Fields<'_>) -> Result<Box<RawValue>, ErrorAnswer> {
    let name = fields.string("model").ok_or_else(missing)?;
    Ok(json::raw(name.strip_prefix(PREFIX).unwrap_or(&name)))
}

/// The body with the backend's name of the model, and every other byte as it is.
pub(super) fn without_prefix(body: &Bytes, fields: &Fields<'_>) -> Result<Bytes, ErrorAnswer> {
    let old = fields.get("model").ok_or_else(missing)?;
    let new = name(fields)?;
    if old == new.get() {
        return Ok(body.clone());
    }
    // The text of the field is a part of the body.
    let begin = old.as_ptr() as usize - body.as_ptr() as usize;
    let mut changed = BytesMut::with_capacity(body.len());
    changed.extend_from_slice(&body[..begin]);
    changed.extend_from_slice(new.get().as_bytes());
    changed.extend_from_slice(&body[begin + old.len()..]);
    Ok(changed.freeze())
}

fn missing() -> ErrorAnswer {
    let message = "model is the name of a model, such as those of GET /v1/models.";
    ErrorAnswer::invalid("missing_required_parameter", message).param("model")
}
