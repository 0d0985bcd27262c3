//! Requests of the Codex CLI: they have the form that the backend wants.
//!
//! Every byte stays but the prefix of the model. With a provider of its configuration, the
//! CLI sends its instructions as the first item of `input`, and leaves out the field that
//! the backend wants.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use super::Kind;
use super::model;
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};

/// The field that is added.
const NO_INSTRUCTIONS: &[u8] = br#""instructions":"","#;

/// An item whose metadata have this word has the instructions.
const BASE_INSTRUCTIONS: &str = "\"model.base_instructions\"";

/// Whether the Codex CLI sent a request.
pub(super) fn is_its_own(kind: Kind, fields: &Fields<'_>, headers: &HeaderMap) -> bool {
    let is_of_codex = headers
        .keys()
        .any(|name| name.as_str().starts_with("x-codex-"));
    let has_its_form = match kind {
        Kind::Responses => {
            fields.get("store") == Some("false") && fields.get("stream") == Some("true")
        }
        Kind::Compact => true,
    };
    is_of_codex && has_its_form
}

/// The body as the backend gets it.
pub(super) fn body(body: &Bytes, fields: &Fields<'_>, is_lite: bool) -> Result<Bytes, ErrorAnswer> {
    let body = model::without_prefix(body, fields)?;
    if is_lite || fields.get("instructions").is_some() || has_instructions_in_input(fields) {
        return Ok(body);
    }
    let first = body.iter().position(|byte| *byte == b'{');
    let (begin, rest) = body.split_at(first.map_or(0, |brace| brace + 1));
    let mut changed = BytesMut::with_capacity(body.len() + NO_INSTRUCTIONS.len());
    for part in [begin, NO_INSTRUCTIONS, rest] {
        changed.extend_from_slice(part);
    }
    Ok(changed.freeze())
}

struct Found;

fn holds_instructions(item: &Fields<'_>) -> bool {
    let metadata = item.get("internal_chat_message_metadata_passthrough");
    item.string("type").as_deref() == Some("additional_tools")
        || metadata.is_some_and(|metadata| metadata.contains(BASE_INSTRUCTIONS))
}

/// Whether an item stands in place of the field.
fn has_instructions_in_input(fields: &Fields<'_>) -> bool {
    let items = fields.get("input").unwrap_or_default();
    let found = json::for_each_object(items, |_, item| match holds_instructions(&item) {
        true => Err(Found),
        false => Ok(()),
    });
    matches!(found, Ok(Err(Found)))
}
