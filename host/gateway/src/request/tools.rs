//! The tools of a request: which types the backend has, and in which form.

use serde_json::value::RawValue;

use crate::error::ErrorAnswer;
use crate::json::{self, Fields};

/// Types of tools that the backend has.
const TYPES: [&str; 5] = [
    "function",
    "custom",
    "namespace",
    "web_search",
    "image_generation",
];

/// The tools with the names that the backend knows.
pub(super) fn rewrite(tools: &str) -> Result<Box<RawValue>, ErrorAnswer> {
    let invalid = |_| ErrorAnswer::invalid(None, "tools is a list of objects.").param("tools");
    let tools = json::rewrite_objects(tools, |index, tool| rewrite_tool(index, tool).map(Some));
    tools.map_err(invalid)?
}

fn rewrite_tool(index: usize, mut tool: Fields<'_>) -> Result<Fields<'_>, ErrorAnswer> {
    let kind = tool.string("type").unwrap_or_default();
    // The old name of a preview, which may carry a date.
    if kind.starts_with("web_search_preview") {
        tool.set("type", json::raw("web_search"));
        return Ok(tool);
    }
    match TYPES.contains(&kind.as_str()) {
        true => Ok(tool),
        false => {
            let message = format!(
                "The ChatGPT backend has tools of these types only: {}.",
                TYPES.join(", ")
            );
            let param = format!("tools[{index}].type");
            Err(ErrorAnswer::invalid("unsupported_parameter", message).param(param))
        }
    }
}
