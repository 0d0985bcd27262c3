//! Translates messages into instructions and items of the input.
//!
//! The messages of the system and the developer that begin a conversation are its
//! instructions; later ones keep their place. The backend wants to find the word "json" in
//! the input if it shall answer a JSON object, so instructions then stay there. They also do
//! if nothing else is in the input.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::value::RawValue;

use super::content::{self, Content};
use super::fields::note_others;
use super::object::{is_string, list, object};
use crate::chat::delta::Tool;
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use crate::request::ignored::Ignored;

/// What stands between two texts that become one.
const BLANK_LINE: &str = "\n\n";

/// The messages as the backend gets them.
pub(super) struct Conversation {
    pub(super) instructions: String,
    pub(super) input: Box<RawValue>,
    /// The JSON text of the first message of the user.
    pub(super) first_message: String,
}

/// Translates the messages of a request.
pub(super) fn translate(
    messages: Option<&str>,
    wants_instructions_in_input: bool,
    ignored: &mut Ignored,
) -> Result<Conversation, ErrorAnswer> {
    let invalid = || {
        let message = "messages is a list of at least one message.";
        ErrorAnswer::invalid("missing_required_parameter", message).param("messages")
    };
    let mut translator = Translator::default();
    let ended = json::for_each_object(messages.ok_or_else(invalid)?, |index, message| {
        translator.add(&message, &format!("messages[{index}]"), ignored)
    });
    ended.map_err(|_| invalid())??;
    if translator.is_empty() {
        return Err(invalid());
    }
    translator.finish(wants_instructions_in_input)
}

#[derive(Default)]
struct Translator {
    /// The texts of the messages that begin the conversation.
    instructions: Vec<String>,
    /// The items, separated by commas. They are one text, so that millions of them take
    /// little memory.
    items: String,
    first_message: Option<String>,
    /// The calls of tools, by their ids.
    calls: HashMap<String, Tool>,
}

impl Translator {
    fn is_empty(&self) -> bool {
        self.instructions.is_empty() && self.items.is_empty()
    }

    fn add(
        &mut self,
        message: &Fields<'_>,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<(), ErrorAnswer> {
        let role = message.string("role").unwrap_or_default();
        let known: &[&str] = match role.as_str() {
            "system" | "developer" => {
                self.add_instruction(message, place, ignored)?;
                &["role", "content"]
            }
            "user" => {
                self.add_user(message, place, ignored)?;
                &["role", "content"]
            }
            "assistant" => {
                self.add_assistant(message, place, ignored)?;
                &["role", "content", "refusal", "tool_calls"]
            }
            "tool" => {
                self.add_output(message, place, ignored)?;
                &["role", "content", "tool_call_id"]
            }
            "function" => {
                let message = "The role function is replaced by the role tool.";
                let param = format!("{place}.role");
                return Err(ErrorAnswer::invalid("unsupported_parameter", message).param(param));
            }
            _ => {
                let message = "role is one of system, developer, user, assistant and tool.";
                return Err(ErrorAnswer::invalid(None, message).param(format!("{place}.role")));
            }
        };
        note_others(message, known, "messages[]", ignored)
    }

    fn add_instruction(
        &mut self,
        message: &Fields<'_>,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<(), ErrorAnswer> {
        let parts = parts(Content::Instruction, message, place, ignored)?;
        match self.items.is_empty() {
            true => self.instructions.push(joined(&parts)),
            false => self.push(&item("\"developer\"", &parts)),
        }
        Ok(())
    }

    fn add_user(
        &mut self,
        message: &Fields<'_>,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<(), ErrorAnswer> {
        let parts = parts(Content::Input, message, place, ignored)?;
        let item = item("\"user\"", &parts);
        self.first_message.get_or_insert_with(|| item.clone());
        self.push(&item);
        Ok(())
    }

    fn add_assistant(
        &mut self,
        message: &Fields<'_>,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<(), ErrorAnswer> {
        for former in ["audio", "function_call"] {
            if message.given(former).is_some() {
                return Err(ErrorAnswer::unsupported(format!("{place}.{former}")));
            }
        }
        let (text, refusal) = (message.given("content"), message.given("refusal"));
        let calls = message.given("tool_calls");
        let mut parts = match text {
            Some(text) => Content::Output.parts(text, &format!("{place}.content"), ignored)?,
            None if refusal.is_some() || calls.is_some() => Vec::new(),
            None => return Err(without_content(place)),
        };
        if refusal.is_some() {
            parts.push(content::refusal(content::string(
                message, "refusal", place,
            )?));
        }
        // An empty message between a call and its output hides the output from the backend.
        let empty = Content::Output.text("\"\"");
        parts.retain(|part| *part != empty);
        if !parts.is_empty() {
            self.push(&item("\"assistant\"", &parts));
        }
        match calls {
            Some(calls) => self.add_calls(calls, &format!("{place}.tool_calls"), ignored),
            None => Ok(()),
        }
    }

    fn add_calls(
        &mut self,
        calls: &str,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<(), ErrorAnswer> {
        let mut ids = HashMap::new();
        let ended = json::for_each_object(calls, |index, call| {
            let place = format!("{place}[{index}]");
            let (id, tool, item) = translated_call(&call, &place, ignored)?;
            let Entry::Vacant(entry) = ids.entry(id) else {
                let message = "Two calls of one message have the same id.";
                return Err(ErrorAnswer::invalid(None, message).param(format!("{place}.id")));
            };
            entry.insert(tool);
            self.push(&item);
            Ok(())
        });
        ended.map_err(|_| {
            let message = "tool_calls is a list of calls.";
            ErrorAnswer::invalid(None, message).param(place)
        })??;
        self.calls.extend(ids);
        Ok(())
    }

    fn add_output(
        &mut self,
        message: &Fields<'_>,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<(), ErrorAnswer> {
        let id = content::string(message, "tool_call_id", place)?;
        let tool = message.string("tool_call_id").unwrap_or_default();
        let kind = match self.calls.get(&tool) {
            Some(Tool::Function) => "\"function_call_output\"",
            Some(Tool::Custom) => "\"custom_tool_call_output\"",
            None => {
                // OpenAI's own words.
                let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                return Err(ErrorAnswer::invalid(None, message).param(format!("{place}.role")));
            }
        };
        let output = message
            .given("content")
            .ok_or_else(|| without_content(place))?;
        let output = match is_string(output) {
            true => output.to_owned(),
            false => list(&parts(Content::Input, message, place, ignored)?),
        };
        self.push(&object(&[
            ("type", kind),
            ("call_id", id),
            ("output", &output),
        ]));
        Ok(())
    }

    fn push(&mut self, item: &str) {
        if !self.items.is_empty() {
            self.items.push(',');
        }
        self.items.push_str(item);
    }

    fn finish(mut self, wants_instructions_in_input: bool) -> Result<Conversation, ErrorAnswer> {
        let mut instructions = self.instructions.join(BLANK_LINE);
        let mut input = String::from("[");
        if wants_instructions_in_input || self.items.is_empty() {
            instructions.clear();
            let rest = std::mem::take(&mut self.items);
            for text in std::mem::take(&mut self.instructions) {
                let part = Content::Instruction.text(json::raw(&text).get());
                self.push(&item("\"developer\"", &[part]));
            }
            if !rest.is_empty() {
                self.push(&rest);
            }
        }
        input.push_str(&self.items);
        input.push(']');
        let unwritten = |_| ErrorAnswer::internal("the input cannot be written");
        Ok(Conversation {
            instructions,
            input: RawValue::from_string(input).map_err(unwritten)?,
            first_message: self.first_message.unwrap_or_default(),
        })
    }
}

/// A call as an item, with its id. The item has no id of its own: the backend checks their
/// form.
fn translated_call(
    call: &Fields<'_>,
    place: &str,
    ignored: &mut Ignored,
) -> Result<(String, Tool, String), ErrorAnswer> {
    let (tool, kind) = match call.string("type").as_deref() {
        None | Some("function") => (Tool::Function, "\"function_call\""),
        Some("custom") => (Tool::Custom, "\"custom_tool_call\""),
        Some(_) => {
            let message = "A call has the type function or custom.";
            return Err(ErrorAnswer::invalid(None, message).param(format!("{place}.type")));
        }
    };
    let id = content::string(call, "id", place)?;
    let place = format!("{place}.{}", tool.name());
    let called = content::inner(call, tool.name(), &place)?;
    let item = object(&[
        ("type", kind),
        ("call_id", id),
        ("name", content::string(&called, "name", &place)?),
        (
            tool.input(),
            content::string(&called, tool.input(), &place)?,
        ),
    ]);
    // Some clients repeat the index of a chunk.
    note_others(
        call,
        &["id", "type", "index", tool.name()],
        "messages[].tool_calls[]",
        ignored,
    )?;
    Ok((call.string("id").unwrap_or_default(), tool, item))
}

fn parts(
    kind: Content,
    message: &Fields<'_>,
    place: &str,
    ignored: &mut Ignored,
) -> Result<Vec<String>, ErrorAnswer> {
    let content = message
        .given("content")
        .ok_or_else(|| without_content(place))?;
    kind.parts(content, &format!("{place}.content"), ignored)
}

/// A message as an item.
fn item(role: &str, parts: &[String]) -> String {
    object(&[
        ("type", "\"message\""),
        ("role", role),
        ("content", &list(parts)),
    ])
}

/// The text of parts that are texts.
fn joined(parts: &[String]) -> String {
    let texts = parts
        .iter()
        .filter_map(|part| Fields::parse(part).ok()?.string("text"));
    texts.collect::<Vec<_>>().join(BLANK_LINE)
}

fn without_content(place: &str) -> ErrorAnswer {
    let message = "content is a text or a list of parts.";
    ErrorAnswer::invalid("missing_required_parameter", message).param(format!("{place}.content"))
}
