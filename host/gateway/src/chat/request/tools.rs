//! Translates the tools of a request, and the choice among them: the backend wants flat ones.

use serde_json::value::RawValue;

use super::content::{inner, string};
use super::fields::note_others;
use super::object::{is_string, list, object, owned};
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use crate::request::ignored::Ignored;

/// The parameters of a function that names none.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// The tools; none for an empty list, which models with tools of their own do not take.
pub(super) fn translate(
    tools: &str,
    ignored: &mut Ignored,
) -> Result<Option<Box<RawValue>>, ErrorAnswer> {
    let invalid = |_| ErrorAnswer::invalid(None, "tools is a list of objects.").param("tools");
    let tools = json::rewrite_objects(tools, |index, tool| {
        flat(tool, &format!("tools[{index}]"), ignored).map(Some)
    });
    let tools = tools.map_err(invalid)??;
    Ok(Some(tools).filter(|tools| tools.get() != "[]"))
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
    let named = inner(&tool, &kind, &place)?;
    string(&named, "name", &place)?;
    note_others(&tool, &["type", &kind], "tools[]", ignored)?;
    let mut flat = Fields::default();
    flat.set("type", json::raw(&kind));
    for name in named.names() {
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
pub(super) fn translate_choice(choice: &str) -> Result<Box<RawValue>, ErrorAnswer> {
    if is_string(choice) {
        return Ok(owned(choice));
    }
    let chosen = Fields::parse(choice).map_err(|_| unknown_choice())?;
    match chosen.string("type").as_deref() {
        Some("allowed_tools") => allowed(&chosen),
        _ => Ok(owned(&flat_choice(&chosen, "tool_choice")?)),
    }
}

/// `{"type": …, "function": {"name": …}}` becomes `{"type": …, "name": …}`.
fn flat_choice(choice: &Fields<'_>, place: &str) -> Result<String, ErrorAnswer> {
    let kind = choice.string("type").unwrap_or_default();
    if !["function", "custom"].contains(&kind.as_str()) {
        return Err(unknown_choice());
    }
    let place = format!("{place}.{kind}");
    let named = inner(choice, &kind, &place)?;
    let name = string(&named, "name", &place)?;
    Ok(object(&[("type", json::raw(&kind).get()), ("name", name)]))
}

fn allowed(choice: &Fields<'_>) -> Result<Box<RawValue>, ErrorAnswer> {
    const PLACE: &str = "tool_choice.allowed_tools";
    let allowed = inner(choice, "allowed_tools", PLACE)?;
    let mode = string(&allowed, "mode", PLACE)?;
    let mut tools = Vec::new();
    let listed = allowed.get("tools").unwrap_or_default();
    let ended = json::for_each_object(listed, |index, tool| {
        tools.push(flat_choice(&tool, &format!("{PLACE}.tools[{index}]"))?);
        Ok::<_, ErrorAnswer>(())
    });
    ended.map_err(|_| unknown_choice())??;
    let tools = list(&tools);
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
