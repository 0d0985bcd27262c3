//! The export. No other file uses the types of ACT.

use chatgpt_oauth_answers::{Failure, to_json};

use crate::arguments::Arguments;
use crate::bindings::act::core::types::{Error, LocalizedString, Metadata};
use crate::bindings::act::tools::types::{
    ContentPart, ListToolsResponse, ToolDefinition, ToolEvent,
};
use crate::bindings::exports::act::tools::tool_provider::{Guest, ToolResult};
use crate::tools::{ALL, Tool};

struct Tools;

impl Guest for Tools {
    fn list_tools(_: Metadata) -> Result<ListToolsResponse, Error> {
        Ok(ListToolsResponse {
            metadata: Vec::new(),
            tools: ALL.iter().map(definition).collect(),
        })
    }

    fn call_tool(name: String, arguments: Vec<u8>, _: Metadata) -> ToolResult {
        ToolResult::Immediate(call(&name, &arguments))
    }
}

fn definition(tool: &Tool) -> ToolDefinition {
    ToolDefinition {
        name: tool.name.to_owned(),
        description: LocalizedString::Plain(tool.description.to_owned()),
        parameters_schema: tool.parameters.to_owned(),
        metadata: vec![
            ("std:read-only".to_owned(), cbor(tool.is_read_only)),
            ("std:destructive".to_owned(), cbor(tool.is_destructive)),
        ],
    }
}

/// A truth value, RFC 8949, section 3.3.
fn cbor(is_true: bool) -> Vec<u8> {
    vec![0xf4 + u8::from(is_true)]
}

fn call(name: &str, arguments: &[u8]) -> Vec<ToolEvent> {
    let Some(tool) = ALL.iter().find(|tool| tool.name == name) else {
        return vec![error("std:not-found", "there is no such tool")];
    };
    match Arguments::read(arguments) {
        Ok(arguments) => events((tool.call)(&arguments)),
        Err(message) => vec![error("std:invalid-args", &message)],
    }
}

/// A failure is also an error of ACT, which its clients know as one.
fn events(answer: Result<String, Failure>) -> Vec<ToolEvent> {
    match answer {
        Ok(json) => vec![content(json)],
        Err(failure) => {
            let kind = format!("chatgpt-oauth:{}", failure.code.name());
            vec![content(to_json(&failure)), error(&kind, &failure.error)]
        }
    }
}

fn content(json: String) -> ToolEvent {
    ToolEvent::Content(ContentPart {
        data: json.into_bytes(),
        mime_type: Some("application/json".to_owned()),
        metadata: Vec::new(),
    })
}

fn error(kind: &str, message: &str) -> ToolEvent {
    ToolEvent::Error(Error {
        kind: kind.to_owned(),
        message: LocalizedString::Plain(message.to_owned()),
        metadata: Vec::new(),
    })
}

#[allow(
    unsafe_code,
    reason = "the generated exports are called by the runtime"
)]
mod export {
    use super::Tools;

    crate::bindings::export!(Tools with_types_in crate::bindings);
}
