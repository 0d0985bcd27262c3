//! The endpoints, one file each. Each maps a request and the state to an answer.

mod accounts_check;
mod bearer;
mod device_page;
mod device_poll;
mod discovery;
mod models;
mod responses;
mod revoke;
mod token;
mod usage;
mod user_code;

pub(crate) use token::presented_refresh_token;

use std::sync::Arc;

use crate::endpoint::Endpoint;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};
use crate::script::Script;

/// `script` is what the model endpoint streams instead of its own answer.
pub(crate) fn answer(
    endpoint: Endpoint,
    issuer: &mut Issuer,
    request: &Request,
    arrival: Arrival,
    script: Option<&Arc<Script>>,
) -> Answer {
    if !endpoint.allows(&request.method) {
        return Answer::error(
            405,
            "method_not_allowed",
            "This endpoint does not answer to this method.",
        );
    }
    match endpoint {
        Endpoint::UserCode => user_code::answer(issuer, request, arrival),
        Endpoint::DevicePoll => device_poll::answer(issuer, request, arrival),
        Endpoint::Token => token::answer(issuer, request, arrival),
        Endpoint::Revoke => revoke::answer(issuer, request),
        Endpoint::DevicePage => device_page::answer(issuer, request, arrival),
        Endpoint::Discovery => discovery::configuration(request),
        Endpoint::Jwks => discovery::keys(issuer),
        Endpoint::Models => models::answer(issuer, request, arrival),
        Endpoint::Usage => usage::answer(issuer, request, arrival),
        Endpoint::AccountsCheck => accounts_check::answer(issuer, request, arrival),
        Endpoint::Responses => responses::answer(issuer, request, arrival, script),
        Endpoint::ResponsesCompact => responses::compact(issuer, request, arrival),
        Endpoint::Other => Answer::detail(404, "Not Found".into()),
    }
}

/// A string member of a JSON body.
fn member(body: &serde_json::Value, name: &str) -> Option<String> {
    body.get(name)?.as_str().map(str::to_owned)
}

/// Parses the body as JSON. Returns the error answer if the content type is not
/// `application/json` or the body does not parse.
fn json_body(request: &Request) -> Result<serde_json::Value, Answer> {
    if request.content_type() != "application/json" {
        return Err(Answer::error(
            415,
            "unsupported_media_type",
            "The body must be application/json.",
        ));
    }
    serde_json::from_slice(&request.content())
        .map_err(|_| Answer::error(400, "invalid_json", "The body could not be parsed as JSON."))
}
