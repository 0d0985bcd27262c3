//! `POST /backend-api/codex/responses`: a model's answer as server-sent events, and `…/responses/compact`.
//!
//! The endpoint refuses what the live one is known to refuse. The answer to a request for a WebSocket (`GET`) makes
//! the client use HTTP.

mod call;
mod compact;
mod headers;
mod rules;
mod sample;
mod tools;
mod turn;

use std::sync::Arc;

pub(super) use compact::answer as compact;

use super::bearer::authorize;
use super::json_body;
use crate::http::{Answer, Body, Request};
use crate::issuer::{Arrival, Issuer};
use crate::script::{Rendering, Script};
use call::Call;

pub(super) fn answer(
    issuer: &Issuer,
    request: &Request,
    arrival: Arrival,
    script: Option<&Arc<Script>>,
) -> Answer {
    if request.method == "GET" {
        return Answer::empty(426);
    }
    match accept(issuer, request, arrival, rules::OF_RESPONSES) {
        Ok(call) => stream(&call, script.cloned()),
        Err(refused) => refused,
    }
}

/// The request, if it keeps the rules; otherwise the error answer.
fn accept<'a>(
    issuer: &Issuer,
    request: &'a Request,
    arrival: Arrival,
    rules: &[rules::Rule],
) -> Result<Call<'a>, Answer> {
    // The content delivery network answers before the backend sees the request.
    if request.body.len() > issuer.settings.largest_model_request {
        return Err(too_large());
    }
    let account = authorize(issuer, request, arrival)?;
    let call = Call::new(request, json_body(request)?, account, arrival.now);
    rules.iter().try_for_each(|rule| rule(&call))?;
    Ok(call)
}

fn too_large() -> Answer {
    Answer::html(
        413,
        "<html><head><title>413 Request Entity Too Large</title></head><body><center>\
         <h1>413 Request Entity Too Large</h1></center><hr><center>cloudflare</center></body></html>",
    )
}

/// The answer of the script; without one, the model's own.
fn stream(call: &Call<'_>, script: Option<Arc<Script>>) -> Answer {
    let script = script.unwrap_or_else(|| Arc::new(turn::script(call)));
    let envelope = Arc::new(call.envelope());
    let content_type = script.content_type();
    let body =
        Body::stream(move || Box::new(Rendering::new(Arc::clone(&script), Arc::clone(&envelope))));
    let answer = headers::of(call)
        .into_iter()
        .fold(Answer::empty(200), |answer, (name, value)| {
            answer.header(name, value)
        });
    match content_type {
        Some(value) => answer.header("content-type", value).stream(body),
        None => answer.stream(body),
    }
}
