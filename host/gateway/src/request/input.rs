//! Brings the input of a request into the form that the backend takes: a list of items.
//!
//! Items of unknown types pass untouched and in order.

use serde_json::value::RawValue;

use super::ignored::Ignored;
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};

/// The input as the backend gets it.
pub(super) struct Input {
    pub(super) items: Box<RawValue>,
    /// Whether an item lists the tools, as requests of the lite form do.
    pub(super) has_additional_tools: bool,
}

/// Rewrites the input; a text is one message of the user.
pub(super) fn rewrite(input: Option<&str>, ignored: &mut Ignored) -> Result<Input, ErrorAnswer> {
    let input = input.ok_or_else(|| {
        let message = "input is what the model answers to: a text or a list of items.";
        ErrorAnswer::invalid("missing_required_parameter", message).param("input")
    })?;
    if input.starts_with('"') {
        return Ok(Input {
            items: message_of(input)?,
            has_additional_tools: false,
        });
    }
    let invalid =
        |_| ErrorAnswer::invalid(None, "input is a text or a list of objects.").param("input");
    let mut has_additional_tools = false;
    let items = json::rewrite_objects(input, |index, item| {
        has_additional_tools |= item.string("type").as_deref() == Some("additional_tools");
        rewrite_item(item, &format!("input[{index}]"), ignored)
    });
    Ok(Input {
        items: items.map_err(invalid)??,
        has_additional_tools,
    })
}

/// The list with one message of the user.
fn message_of(text: &str) -> Result<Box<RawValue>, ErrorAnswer> {
    let items = format!(
        r#"[{{"type":"message","role":"user","content":[{{"type":"input_text","text":{text}}}]}}]"#
    );
    RawValue::from_string(items).map_err(|_| ErrorAnswer::internal("the input cannot be written"))
}

/// An item as the backend gets it; none if the backend could not read it.
fn rewrite_item<'a>(
    mut item: Fields<'a>,
    place: &str,
    ignored: &mut Ignored,
) -> Result<Option<Fields<'a>>, ErrorAnswer> {
    match item.string("type").as_deref() {
        Some("item_reference") => {
            let message = "The ChatGPT backend stores no item: send the item itself.";
            let param = format!("{place}.type");
            return Err(ErrorAnswer::invalid("unsupported_parameter", message).param(param));
        }
        // It could be read from a store only.
        Some("reasoning") if item.given("encrypted_content").is_none() => return Ok(None),
        _ => {}
    }
    // The ids are of a store, too, and the backend checks their form.
    item.remove("id");
    if item.string("role").as_deref() == Some("system") {
        item.set("role", json::raw("developer"));
    }
    for field in ["content", "output"] {
        let parts = item.get(field).filter(|value| value.starts_with('['));
        if let Some(parts) = parts {
            let place = format!("{place}.{field}");
            if let Some(parts) = rewrite_parts(parts, &place, ignored)? {
                item.set(field, parts);
            }
        }
    }
    Ok(Some(item))
}

/// The parts, if one of them changes.
fn rewrite_parts(
    parts: &str,
    place: &str,
    ignored: &mut Ignored,
) -> Result<Option<Box<RawValue>>, ErrorAnswer> {
    let mut has_changed = false;
    let rewritten = json::rewrite_objects(parts, |index, mut part| {
        check_part(&part, &format!("{place}[{index}]"))?;
        if part.remove("prompt_cache_breakpoint") {
            has_changed = true;
            ignored.add("prompt_cache_breakpoint")?;
        }
        Ok(Some(part))
    });
    match rewritten {
        Ok(rewritten) => rewritten.map(|parts| has_changed.then_some(parts)),
        // Parts of another form are of an item that this software does not know.
        Err(_) => Ok(None),
    }
}

fn check_part(part: &Fields<'_>, place: &str) -> Result<(), ErrorAnswer> {
    if part.given("file_id").is_some() {
        let message = "The ChatGPT backend has no stored files: send the file's data.";
        let param = format!("{place}.file_id");
        return Err(ErrorAnswer::invalid("unsupported_parameter", message).param(param));
    }
    for field in ["image_url", "file_url"] {
        let url = part.string(field);
        if url.is_some_and(|url| !is_fetched_elsewhere(&url)) {
            let message = format!("{field} is a data: or https: URL.");
            let param = format!("{place}.{field}");
            return Err(ErrorAnswer::invalid(None, message).param(param));
        }
    }
    Ok(())
}

/// Whether a URL has a scheme that the backend may read. This software fetches none.
pub(crate) fn is_fetched_elsewhere(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    ["data", "https"]
        .iter()
        .any(|it| scheme.eq_ignore_ascii_case(it))
}
