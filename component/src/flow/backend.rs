//! Calls to the ChatGPT backend on the subscription, with one refresh when the
//! backend refuses the access token.

use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::flow::refresh;
use crate::openai::claims::Claims;
use crate::openai::refresh::ACCOUNT_CLOSED;
use crate::openai::{Answer, Setback, Trouble};
use crate::ports::{Ports, Request};
use crate::secret::Secret;
use crate::state::credential::Record;
use alloc::string::String;

/// A 200 of the backend.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// The login that it was asked for.
    pub(crate) epoch: u64,
}

/// Codes that mean: the workspace of the login cannot be used.
const WORKSPACE: [&str; 2] = ["deactivated_workspace", "invalid_workspace_selected"];

/// The code that means: the plan has no Codex.
const NOT_INCLUDED: [&str; 1] = ["usage_not_included"];

/// Sends the request that `request` builds from a live access token and its account.
///
/// A 401 leads to one refresh and one more try; a second one is reported, and
/// the login is kept: the backend has been seen to refuse good tokens.
pub(crate) fn ask(ports: Ports, request: &dyn Fn(&Secret, &Claims) -> Request) -> Result<Reply> {
    let (mut reply, asked_with) = send(ports, None, request)?;
    if setback(&reply.answer).is_some_and(|setback| setback.trouble == Trouble::Rejected) {
        (reply, _) = send(ports, Some(&asked_with), request)?;
    }
    match setback(&reply.answer) {
        None => Ok(reply),
        Some(setback) => Err(setback.error()),
    }
}

/// Returns the reply and the fingerprint of the access token that it was asked with.
fn send(
    ports: Ports,
    refused: Option<&str>,
    request: &dyn Fn(&Secret, &Claims) -> Request,
) -> Result<(Reply, String)> {
    let Record {
        tokens,
        claims,
        epoch,
        ..
    } = refresh::with_live_token(ports, refused)?;
    let access = tokens
        .and_then(|tokens| tokens.access)
        .ok_or_else(|| Error::boxed(ErrorCode::NotConnected, "nobody is signed in"))?;
    let response = ports
        .http
        .send(&request(&access, &claims))
        .map_err(|error| Setback::of(error).error())?;
    let answer = Answer::read(response, ports.now());
    Ok((Reply { answer, epoch }, access.fingerprint()))
}

/// Why the answer is of no use; `None` for a 200.
fn setback(answer: &Answer) -> Option<Setback> {
    let trouble = match answer.status {
        _ if answer.has_code(&WORKSPACE) => Trouble::Workspace,
        _ if answer.has_code(&NOT_INCLUDED) => Trouble::NotIncluded,
        402 | 403 if answer.has_code(&ACCOUNT_CLOSED) => Trouble::AccountClosed,
        _ if answer.obstacle().is_some() => return answer.obstacle(),
        200 => return None,
        401 => Trouble::Rejected,
        402 | 403 => Trouble::NotPermitted,
        _ => return Some(answer.setback()),
    };
    Some(answer.because_of(trouble))
}

#[cfg(test)]
mod tests;
