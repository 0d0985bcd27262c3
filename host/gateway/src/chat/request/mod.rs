//! What becomes of a chat request: each field is translated, ignored or refused.
//!
//! | chat | Responses |
//! |---|---|
//! | the `system` and `developer` messages that begin | `instructions` |
//! | other messages | `input` |
//! | `tools`, `tool_choice` | the same, flat |
//! | `response_format`, `verbosity` | `text` |
//! | `reasoning_effort` | `reasoning.effort` |
//! | `prompt_cache_key` | the same, and the header `session-id` |

mod content;
mod fields;
mod messages;
mod object;
mod reasoning;
mod session;
mod text;
mod tools;

use bytes::Bytes;
use http::HeaderMap;

use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use crate::request::body::{Collected, Reserved};
use crate::request::headers::Forwarded;
use crate::request::ignored::Ignored;
use crate::request::{self, ModelRequest, model};
use object::{check_size, is_string, owned};

pub(crate) use session::Conversations;

/// What the caller wants of the answer.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    /// The model, for an answer that names none.
    pub(crate) model: String,
    /// A streamed answer ends with the usage.
    pub(crate) includes_usage: bool,
    /// The answer has a summary of the reasoning.
    pub(crate) shows_reasoning: bool,
    /// The content of the answer is one JSON text.
    pub(crate) wants_json: bool,
}

/// Judges a request, and returns the room that its body takes.
pub(crate) async fn judge_apart(
    body: Collected,
    headers: HeaderMap,
    conversations: Conversations,
) -> Result<((ModelRequest, Wishes), Reserved), ErrorAnswer> {
    request::apart(body, move |body| judge(body, &headers, &conversations)).await
}

fn judge(
    body: &Bytes,
    headers: &HeaderMap,
    conversations: &Conversations,
) -> Result<(ModelRequest, Wishes), ErrorAnswer> {
    let fields = Fields::parse(request::read(body)?).map_err(|error| request::no_json(&error))?;
    let mut ignored = Ignored::of(headers);
    let mut forwarded = Forwarded::of(headers, &mut ignored)?;
    let is_streamed = request::is_streamed(&fields)?;
    let includes_usage = includes_usage(&fields, &mut ignored)?;
    let (body, session) = translate(&fields, conversations, &mut ignored)?;
    let wishes = Wishes {
        model: body.string("model").unwrap_or_default(),
        includes_usage,
        shows_reasoning: reasoning::is_shown(&fields),
        wants_json: text::is_json(&fields),
    };
    forwarded.add_session(&session);
    let body = body.to_raw();
    check_size(body.get().len())?;
    let request = ModelRequest {
        body: Box::<str>::from(body).into_string().into(),
        headers: forwarded,
        is_streamed,
        ignored,
    };
    Ok((request, wishes))
}

/// The request in the form that the backend wants, and its session id.
fn translate(
    fields: &Fields<'_>,
    conversations: &Conversations,
    ignored: &mut Ignored,
) -> Result<(Fields<'static>, String), ErrorAnswer> {
    fields::judge(fields, ignored)?;
    let messages = fields.given("messages");
    let messages = messages::translate(messages, text::is_json_object(fields), ignored)?;
    let mut sent = Fields::default();
    sent.set("model", model::name(fields)?);
    sent.set("instructions", json::raw(&messages.instructions));
    if let Some(tools) = fields.given("tools")
        && let Some(tools) = tools::translate(tools, ignored)?
    {
        sent.set("tools", tools);
    }
    if let Some(choice) = fields.given("tool_choice") {
        sent.set("tool_choice", tools::translate_choice(choice, ignored)?);
    }
    if let Some(parallel) = fields.given("parallel_tool_calls") {
        sent.set("parallel_tool_calls", owned(parallel));
    }
    if let Some(text) = text::translate(fields, ignored)? {
        sent.set("text", text);
    }
    if let Some(reasoning) = reasoning::translate(fields, ignored)? {
        sent.set("reasoning", reasoning);
    }
    if let Some("\"priority\"" | "\"fast\"") = fields.given("service_tier") {
        sent.set("service_tier", json::raw("priority"));
    }
    let (key, session) = match cache_key(fields)? {
        Some(key) => (key.clone(), session::id(&key)),
        None => {
            let name = conversations.name(&sent, &messages.begin);
            (name.clone(), name)
        }
    };
    sent.set("prompt_cache_key", json::raw(&key));
    sent.set("input", messages.input);
    sent.set("include", json::raw(&["reasoning.encrypted_content"]));
    sent.set("store", json::raw(&false));
    sent.set("stream", json::raw(&true));
    Ok((sent, session))
}

/// The caller's own name of the conversation. An empty one names none.
fn cache_key(fields: &Fields<'_>) -> Result<Option<String>, ErrorAnswer> {
    match fields.given("prompt_cache_key") {
        Some(key) if !is_string(key) => {
            let message = "prompt_cache_key is a text.";
            Err(ErrorAnswer::invalid(None, message).param("prompt_cache_key"))
        }
        _ => Ok(fields
            .string("prompt_cache_key")
            .filter(|key| !key.is_empty())),
    }
}

/// Whether a streamed answer ends with the usage.
fn includes_usage(fields: &Fields<'_>, ignored: &mut Ignored) -> Result<bool, ErrorAnswer> {
    let Some(options) = fields.given("stream_options") else {
        return Ok(false);
    };
    let invalid = || {
        let message = "stream_options is an object, with include_usage true or false.";
        ErrorAnswer::invalid(None, message).param("stream_options")
    };
    let options = Fields::parse(options).map_err(|_| invalid())?;
    fields::note_others(&options, &["include_usage"], "stream_options", ignored)?;
    match options.given("include_usage") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(invalid()),
    }
}

#[cfg(test)]
impl Wishes {
    /// Everything is shown.
    pub(crate) fn for_tests() -> Self {
        Self {
            model: "m".to_owned(),
            includes_usage: false,
            shows_reasoning: true,
            wants_json: false,
        }
    }
}

#[cfg(test)]
mod tests;
