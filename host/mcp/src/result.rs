//! The result of a tool: an answer as JSON, structured and as text.

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::{Failure, to_json};
use rmcp::model::{CallToolResult, ContentBlock};

/// The result of a call that returned an answer, as JSON.
pub(crate) fn success(answer: String) -> CallToolResult {
    with(answer, CallToolResult::success)
}

/// The result of a call that failed.
pub(crate) fn failure(error: &Error) -> CallToolResult {
    with(to_json(&Failure::from(error)), CallToolResult::error)
}

fn with(json: String, make: fn(Vec<ContentBlock>) -> CallToolResult) -> CallToolResult {
    let structured = serde_json::from_str(&json).expect("an answer is JSON");
    let mut result = make(vec![ContentBlock::text(json)]);
    result.structured_content = Some(structured);
    result
}
