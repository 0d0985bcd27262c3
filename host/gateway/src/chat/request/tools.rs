//! Translates the tools of a request, and the choice among them: the backend wants flat ones.

use serde_json::value::RawValue;

use super::fields::note_others;
use super::object::{List, inner_object, is_string, object, owned, required_string};
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use crate::request::ignored::Ignored;

/// The parameters of a function that names none.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;
const FUNCTION: [&str; 4] = ["name", "description", "parameters", "strict"];
const CUSTOM: [&str; 3] = ["name", "description", "format"];

/// The tools; none for an empty list, which models with tools of their own do not take.
pub(super) fn translate(
    tools: &str,
    ignored: &mut Ignored,
) -> Result<Option<Box<RawValue>>, ErrorAnswer> {
    let invalid = |_| ErrorAnswer::invalid(None, "tools is a list of objects.").param("tools");
    let mut flattened = List::default();
    let ended = json::for_each_object(tools, |index, tool| {
        let tool = flat(tool, &format!("tools[{index}]"), ignored)?;
        flattened.push(tool.to_raw().get())
    });
    ended.map_err(invalid)??;
    match flattened.is_empty() {
        true => Ok(None),
        false => flattened.into_raw().map(Some),
    }
}

fn flat<'a>(
    tool: Fields<'a>,
    place: &str,
    ignored: &mut Ignored,
) -> Result<Fields<'a>, ErrorAnswer> {
    let kind = tool.string("type").unwrap_or_default();
    match kind.as_str() {
        "web_search" => return Ok(tool),
        "function" | "custom" => {}
        _ => {
            let message = "A tool has the type function, custom or web_search.";
            let param = format!("{place}.type");
            return Err(ErrorAnswer::invalid("unsupported_parameter", message).param(param));
        }
    }
    let place = format!("{place}.{kind}");
    let named = inner_object(&tool, &kind, &place)?;
    required_string(&named, "name", &place)?;
    note_others(&tool, &["type", &kind], "tools[]", ignored)?;
    let mut flat = Fields::default();
    flat.set("type", json::raw(&kind));
    let known = match kind.as_str() {
        "function" => &FUNCTION[..],
        _ => &CUSTOM[..],
    };
    note_others(&named, known, &format!("tools[].{kind}"), ignored)?;
    for name in named.names().filter(|name| known.contains(name)) {
        flat.set(name, owned(named.get(name).unwrap_or("null")));
    }
    match kind.as_str() {
        "function" => complete(&mut flat),
        _ => flatten_format(&mut flat),
    }
    Ok(flat)
}

/// Sets what the two APIs mean differently if it is absent.
fn complete(function: &mut Fields<'_>) {
    if function.given("strict").is_none() {
        function.set("strict", json::raw(&false));
    }
    if function.given("parameters").is_none() {
        function.set("parameters", owned(NO_PARAMETERS));
    }
}

/// `{"type": "grammar", "grammar": {…}}` becomes `{"type": "grammar", …}`.
fn flatten_format(custom: &mut Fields<'_>) {
    let format = custom.get("format").and_then(|it| Fields::parse(it).ok());
    let grammar = format.and_then(|format| Some(owned(format.get("grammar")?)));
    let Some(grammar) = grammar else {
        return;
    };
    if let Ok(mut grammar) = Fields::parse(grammar.get()) {
        grammar.set("type", json::raw("grammar"));
        custom.set("format", grammar.to_raw());
    }
}

/// The choice among the tools.
pub(super) fn translate_choice(
    choice: &str,
    ignored: &mut Ignored,
) -> Result<Box<RawValue>, ErrorAnswer> {
    if is_string(choice) {
        return Ok(owned(choice));
    }
    let chosen = Fields::parse(choice).map_err(|_| unknown_choice())?;
    match chosen.string("type").as_deref() {
        Some("allowed_tools") => allowed(&chosen, ignored),
        _ => Ok(owned(&flat_choice(&chosen, "tool_choice", ignored)?)),
    }
}

/// `{"type": …, "function": {"name": …}}` becomes `{"type": …, "name": …}`.
fn flat_choice(
    choice: &Fields<'_>,
    place: &str,
    ignored: &mut Ignored,
) -> Result<String, ErrorAnswer> {
    let kind = choice.string("type").unwrap_or_default();
    if !["function", "custom"].contains(&kind.as_str()) {
        return Err(unknown_choice());
    }
    let place = format!("{place}.{kind}");
    let named = inner_object(choice, &kind, &place)?;
    let name = required_string(&named, "name", &place)?;
    note_others(choice, &["type", &kind], "tool_choice", ignored)?;
    note_others(&named, &["name"], "tool_choice", ignored)?;
    Ok(object(&[("type", json::raw(&kind).get()), ("name", name)]))
}

fn allowed(choice: &Fields<'_>, ignored: &mut Ignored) -> Result<Box<RawValue>, ErrorAnswer> {
    const PLACE: &str = "tool_choice.allowed_tools";
    let allowed = inner_object(choice, "allowed_tools", PLACE)?;
    let mode = required_string(&allowed, "mode", PLACE)?;
    note_others(choice, &["type", "allowed_tools"], "tool_choice", ignored)?;
    note_others(&allowed, &["mode", "tools"], PLACE, ignored)?;
    let mut tools = List::default();
    let listed = allowed.get("tools").unwrap_or_default();
    let ended = json::for_each_object(listed, |index, tool| {
        let place = format!("{PLACE}.tools[{index}]");
        tools.push(&flat_choice(&tool, &place, ignored)?)
    });
    ended.map_err(|_| unknown_choice())??;
    let tools = tools.into_text();
    let kind = "\"allowed_tools\"";
    Ok(owned(&object(&[
        ("type", kind),
        ("mode", mode),
        ("tools", &tools),
    ])))
}

fn unknown_choice() -> ErrorAnswer {
    let message = "tool_choice is none, auto, required, or an object that names a function, a custom tool or allowed_tools.";
    ErrorAnswer::invalid(None, message).param("tool_choice")
}
