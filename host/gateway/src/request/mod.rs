//! What becomes of a request: forwarded, ignored or refused, field by field.
//!
//! | | when | the caller sees |
//! |---|---|---|
//! | forwarded | the backend takes the field | |
//! | ignored | the field only shapes sampling or accounting | its name in `x-chatgpt-oauth-ignored` |
//! | refused | leaving the field out would change the meaning of the answer | 400, `param` |
//!
//! With `x-chatgpt-oauth-strict: true` a field that would be ignored is refused. A request of
//! the Codex CLI is forwarded byte for byte, but for the prefix of its model and for empty
//! instructions that it may lack.

pub(crate) mod body;
mod codex;
pub(crate) mod fields;
pub(crate) mod headers;
pub(crate) mod ignored;
pub(crate) mod input;
pub(crate) mod model;
mod tools;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::value::RawValue;

use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use body::{Collected, Reserved};
use fields::Verdict;
use headers::Forwarded;
#[cfg(feature = "wasi-http")]
pub(crate) use headers::ORIGINATOR;
use ignored::Ignored;

/// A request as the backend gets it.
#[derive(Debug)]
pub(crate) struct ModelRequest {
    pub(crate) body: Bytes,
    /// The caller's headers that are forwarded.
    pub(crate) headers: Forwarded,
    /// Whether the caller wants events, and not one answer.
    pub(crate) is_streamed: bool,
    /// What was left out, for `x-chatgpt-oauth-ignored`.
    pub(crate) ignored: Ignored,
}

/// Which endpoint a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Responses,
    Compact,
}

/// A body of this size is judged in a millisecond.
const SMALL: usize = 256 << 10;

/// Judges a request, and returns the room that its body takes. The received body is dropped.
///
/// Judging the largest body takes up to a second. The other tasks of this thread do not wait
/// for that.
pub(crate) async fn judge_apart(
    kind: Kind,
    body: Collected,
    headers: HeaderMap,
) -> Result<(ModelRequest, Reserved), ErrorAnswer> {
    apart(body, move |body| judge(kind, body, &headers)).await
}

/// Judges a body where the other tasks of this thread do not wait for it.
pub(crate) async fn apart<T: Send + 'static>(
    body: Collected,
    judge: impl FnOnce(&Bytes) -> Result<T, ErrorAnswer> + Send + 'static,
) -> Result<(T, Reserved), ErrorAnswer> {
    let is_small = body.bytes.len() <= SMALL;
    let judge = move || Ok((judge(&body.bytes)?, body.reserved));
    if is_small {
        return judge();
    }
    let judged = tokio::task::spawn_blocking(judge).await;
    judged.map_err(|_| ErrorAnswer::internal("The request could not be judged."))?
}

fn judge(kind: Kind, body: &Bytes, headers: &HeaderMap) -> Result<ModelRequest, ErrorAnswer> {
    let text = read(body)?;
    let fields = Fields::parse(text).map_err(|error| no_json(&error))?;
    let mut ignored = Ignored::of(headers);
    let forwarded = Forwarded::of(headers, &mut ignored)?;
    if codex::is_its_own(kind, &fields, headers) {
        return Ok(ModelRequest {
            body: codex::body(body, &fields, forwarded.is_lite())?,
            headers: forwarded,
            is_streamed: kind == Kind::Responses,
            ignored,
        });
    }
    let is_streamed = is_streamed(&fields)?;
    let body = rewrite(kind, fields, forwarded.is_lite(), &mut ignored)?;
    Ok(ModelRequest {
        body: body.into(),
        headers: forwarded,
        is_streamed,
        ignored,
    })
}

/// The text of a body that two parsers read in the same way.
pub(crate) fn read(body: &Bytes) -> Result<&str, ErrorAnswer> {
    let text = std::str::from_utf8(body)
        .map_err(|_| ErrorAnswer::invalid("invalid_json", "The body is not UTF-8."))?;
    json::check(text).map_err(|error| no_json(&error))?;
    Ok(text)
}

pub(crate) fn no_json(error: &serde_json::Error) -> ErrorAnswer {
    // The text of the error could quote the body.
    let message = match error.classify() {
        serde_json::error::Category::Data => {
            "The body is not one JSON object with at most 256 fields, each named once"
        }
        _ => "The body is not JSON, or is nested more than 127 deep",
    };
    let (line, column) = (error.line(), error.column());
    let message = format!("{message} (line {line}, column {column}).");
    ErrorAnswer::invalid("invalid_json", message)
}

pub(crate) fn is_streamed(fields: &Fields<'_>) -> Result<bool, ErrorAnswer> {
    match fields.given("stream") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ErrorAnswer::invalid(None, "stream is true or false.").param("stream")),
    }
}

/// The request in the form that the backend wants.
fn rewrite(
    kind: Kind,
    mut fields: Fields<'_>,
    is_lite: bool,
    ignored: &mut Ignored,
) -> Result<String, ErrorAnswer> {
    let names: Vec<_> = fields.names().map(str::to_owned).collect();
    for name in names {
        match fields::verdict(&name, fields.given(&name)) {
            Verdict::Forwarded => {}
            Verdict::Absent => _ = fields.remove(&name),
            Verdict::Ignored => {
                fields.remove(&name);
                ignored.add(&name)?;
            }
            Verdict::Refused(refusal) => return Err(refusal),
        }
    }
    fields.set("model", model::name(&fields)?);
    let input = input::rewrite(fields.get("input"), ignored)?;
    if needs_instructions(&fields, &input, is_lite) {
        fields.set("instructions", json::raw(""));
    }
    fields.set("input", input.items);
    if let Some(tools) = fields.get("tools") {
        let tools = tools::rewrite(tools)?;
        fields.set("tools", tools);
    }
    if let Some("\"fast\"") = fields.get("service_tier") {
        fields.set("service_tier", json::raw("priority"));
    }
    if kind == Kind::Responses {
        let include = with_encrypted_reasoning(fields.get("include"))?;
        fields.set("include", include);
        fields.set("store", json::raw(&false));
        fields.set("stream", json::raw(&true));
    }
    Ok(Box::<str>::from(fields.to_raw()).into())
}

/// The backend wants instructions, if only empty ones. Models with the lite form want none.
fn needs_instructions(fields: &Fields<'_>, input: &input::Input, is_lite: bool) -> bool {
    fields.get("instructions").is_none() && !is_lite && !input.has_additional_tools
}

/// Without a store, only encrypted reasoning can be sent again.
fn with_encrypted_reasoning(include: Option<&str>) -> Result<Box<RawValue>, ErrorAnswer> {
    const ENCRYPTED: &str = "reasoning.encrypted_content";
    let invalid = |_| ErrorAnswer::invalid(None, "include is a list of strings.").param("include");
    let mut include: Vec<String> =
        serde_json::from_str(include.unwrap_or("[]")).map_err(invalid)?;
    if !include.iter().any(|it| it == ENCRYPTED) {
        include.push(ENCRYPTED.to_owned());
    }
    Ok(json::raw(&include))
}

#[cfg(test)]
mod tests;
