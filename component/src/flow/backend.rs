//! Asks the ChatGPT backend for the models or the usage, with one refresh when the
//! backend refuses the access token.

use crate::contract::Error;
use crate::error::Result;
use crate::flow::refresh;
use crate::openai::claims::Claims;
use crate::openai::refresh::ACCOUNT_CLOSED;
use crate::openai::{Failure, FailureKind, Response};
use crate::ports::{HttpRequest, Ports};
use crate::secret::Secret;
use alloc::string::String;

/// A 200 of the backend.
pub(crate) struct BackendResponse {
    pub(crate) response: Response,
    /// The login whose token the request carried.
    pub(crate) login_seq: u64,
}

/// The workspace of the login cannot be used.
const WORKSPACE: [&str; 2] = ["deactivated_workspace", "invalid_workspace_selected"];

/// The plan does not include Codex.
const NOT_INCLUDED: [&str; 1] = ["usage_not_included"];

/// Sends the request that `request` builds from a live access token and its account.
///
/// A 401 leads to one refresh and one more request. A second 401 is reported and
/// the login is kept: the backend is known to refuse valid tokens.
pub(crate) fn ask(
    ports: Ports,
    request: &dyn Fn(&Secret, &Claims) -> HttpRequest,
) -> Result<BackendResponse> {
    let (mut asked, access) = send(ports, None, request)?;
    if failure(&asked.response).is_some_and(|failure| failure.kind == FailureKind::Rejected) {
        (asked, _) = send(ports, Some(&access), request)?;
    }
    match failure(&asked.response) {
        None => Ok(asked),
        Some(failure) => Err(failure.error()),
    }
}

/// Returns the response and the fingerprint of the access token in the request.
fn send(
    ports: Ports,
    refused: Option<&str>,
    request: &dyn Fn(&Secret, &Claims) -> HttpRequest,
) -> Result<(BackendResponse, String)> {
    let record = refresh::access_token(ports, refused)?;
    let access = record.access_token().ok_or_else(Error::not_connected)?;
    let response = ports
        .http
        .send(&request(access, &record.claims))
        .map_err(|error| Failure::of(error).error())?;
    let response = Response::read(response, ports.now());
    Ok((
        BackendResponse {
            response,
            login_seq: record.login_seq,
        },
        access.fingerprint(),
    ))
}

/// Why the response cannot be used; `None` for a 200.
fn failure(response: &Response) -> Option<Failure> {
    let kind = match response.status {
        _ if response.has_code(&WORKSPACE) => FailureKind::Workspace,
        _ if response.has_code(&NOT_INCLUDED) => FailureKind::NotIncluded,
        402 | 403 if response.has_code(&ACCOUNT_CLOSED) => FailureKind::AccountClosed,
        _ if response.gateway_failure().is_some() => return response.gateway_failure(),
        200 => return None,
        401 => FailureKind::Rejected,
        402 | 403 => FailureKind::NotPermitted,
        _ => return Some(response.failure()),
    };
    Some(response.failure_of(kind))
}

#[cfg(test)]
mod tests;
