//! Translates messages into instructions and items of the input.
//!
//! The messages of the system and the developer that begin a conversation are its
//! instructions; later ones keep their place. The backend wants to find the word "json" in
//! the input if it is to answer with a JSON object, so instructions then stay there. They
//! also do if nothing else is in the input.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chatgpt_oauth::Digest;
use serde_json::value::RawValue;

use super::content::{self, Content};
use super::fields::{note_others, replaced_by_tools};
use super::object::{List, inner_object, is_string, object, required_string};
use crate::chat::delta::Tool;
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use crate::request::ignored::Ignored;

/// What stands between two texts that become one.
const BLANK_LINE: &str = "\n\n";

/// The fields of a message of the assistant. The last two are this software's own, which
/// clients send back; the backend takes neither.
const OF_ASSISTANT: [&str; 6] = [
    "role",
    "content",
    "refusal",
    "tool_calls",
    "annotations",
    "reasoning_content",
];

/// The messages as the backend gets them.
pub(super) struct Conversation {
    pub(super) instructions: String,
    pub(super) input: Box<RawValue>,
    /// What stays the same while the conversation grows: the digests of the texts that begin
    /// it and of the first message of the user.
    pub(super) begin: String,
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
    items: List,
    first_message: Option<Digest>,
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
                &OF_ASSISTANT
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
            true => self.instructions.push(joined(parts)),
            false => self.items.push(&item("\"developer\"", parts))?,
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
        let item = item("\"user\"", parts);
        self.first_message
            .get_or_insert_with(|| Digest::of(item.as_bytes()));
        self.items.push(&item)
    }

    fn add_assistant(
        &mut self,
        message: &Fields<'_>,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<(), ErrorAnswer> {
        if message.given("audio").is_some() {
            return Err(ErrorAnswer::unsupported(format!("{place}.audio")));
        }
        if message.given("function_call").is_some() {
            return Err(replaced_by_tools(&format!("{place}.function_call")));
        }
        let (text, refusal) = (message.given("content"), message.given("refusal"));
        let calls = message.given("tool_calls");
        let mut parts = match text {
            Some(text) => Content::Output.parts(text, &format!("{place}.content"), ignored)?,
            // The content of an answer without a text is null, and clients send it back.
            None if refusal.is_some() || calls.is_some() || message.get("content").is_some() => {
                List::default()
            }
            None => return Err(without_content(place)),
        };
        if refusal.is_some() {
            let refusal = required_string(message, "refusal", place)?;
            parts.push(&content::refusal(refusal))?;
        }
        if !parts.is_empty() {
            self.items.push(&item("\"assistant\"", parts))?;
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
            self.items.push(&item)
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
        let id = required_string(message, "tool_call_id", place)?;
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
            false => parts(Content::Input, message, place, ignored)?.into_text(),
        };
        self.items.push(&object(&[
            ("type", kind),
            ("call_id", id),
            ("output", &output),
        ]))
    }

    fn finish(self, wants_instructions_in_input: bool) -> Result<Conversation, ErrorAnswer> {
        let leading = self.instructions.join(BLANK_LINE);
        let first = self.first_message.map(|digest| digest.to_string());
        let begin = Digest::of(leading.as_bytes()).to_string() + &first.unwrap_or_default();
        if !wants_instructions_in_input && !self.items.is_empty() {
            return Ok(Conversation {
                instructions: leading,
                input: self.items.into_raw()?,
                begin,
            });
        }
        let mut input = List::default();
        for text in self.instructions {
            let mut parts = List::default();
            parts.push(&Content::Instruction.text(json::raw(&text).get()))?;
            input.push(&item("\"developer\"", parts))?;
        }
        input.append(&self.items)?;
        Ok(Conversation {
            instructions: String::new(),
            input: input.into_raw()?,
            begin,
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
    let id = required_string(call, "id", place)?;
    let place = format!("{place}.{}", tool.name());
    let called = inner_object(call, tool.name(), &place)?;
    let item = object(&[
        ("type", kind),
        ("call_id", id),
        ("name", required_string(&called, "name", &place)?),
        (
            tool.input(),
            required_string(&called, tool.input(), &place)?,
        ),
    ]);
    note_others(
        &called,
        &["name", tool.input()],
        "messages[].tool_calls[].function",
        ignored,
    )?;
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
) -> Result<List, ErrorAnswer> {
    let content = message
        .given("content")
        .ok_or_else(|| without_content(place))?;
    kind.parts(content, &format!("{place}.content"), ignored)
}

/// A message as an item.
fn item(role: &str, parts: List) -> String {
    object(&[
        ("type", "\"message\""),
        ("role", role),
        ("content", &parts.into_text()),
    ])
}

/// The text of parts that are texts. The parts of one message are one text.
fn joined(parts: List) -> String {
    let mut text = String::new();
    let _ = json::for_each_object(&parts.into_text(), |_, part| {
        text += &part.string("text").unwrap_or_default();
        Ok::<_, ErrorAnswer>(())
    });
    text
}

fn without_content(place: &str) -> ErrorAnswer {
    let message = "content is a text or a list of parts.";
    ErrorAnswer::invalid("missing_required_parameter", message).param(format!("{place}.content"))
}
