//! Calls to the ChatGPT backend on the subscription, with one refresh when the
//! backend refuses the access token.

use crate::claims::Claims;
use crate::contract::{Error, ErrorCode};
use crate::credential::Record;
use crate::error::Result;
use crate::openai::{Answer, Trouble, failure};
use crate::ports::{Ports, Request};
use crate::rotation;
use crate::secret::Secret;
use alloc::string::String;

/// A 200 of the backend.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// The login that it was asked for.
    pub(crate) epoch: u64,
}

/// Sends the request that `request` builds from a live access token and its account.
///
/// A 401 leads to one refresh and one more try; a second one is reported, and
/// the login is kept: the backend has been seen to refuse good tokens.
pub(crate) fn ask(ports: Ports, request: &dyn Fn(&Secret, &Claims) -> Request) -> Result<Reply> {
    let (first, refused) = send(ports, None, request)?;
    let reply = match first.answer.status {
        401 => send(ports, Some(&refused), request)?.0,
        _ => first,
    };
    accepted(&reply.answer)?;
    Ok(reply)
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
    } = rotation::with_live_token(ports, refused)?;
    let access = tokens
        .and_then(|tokens| tokens.access)
        .ok_or_else(|| Error::new(ErrorCode::NotConnected, "nobody is signed in"))?;
    let response = ports
        .http
        .send(&request(&access, &claims))
        .map_err(|error| failure(error).error())?;
    let answer = Answer::read(response, ports.now());
    Ok((Reply { answer, epoch }, access.fingerprint()))
}

/// Says of anything but a 200 what it means.
fn accepted(answer: &Answer) -> Result<()> {
    let is_off = matches!(answer.status, 402 | 403)
        || answer.has_code(&[
            "deactivated_workspace",
            "invalid_workspace_selected",
            "usage_not_included",
        ]);
    match answer.status {
        200 if answer.obstacle().is_none() => Ok(()),
        401 => Err(answer.setback(Trouble::Rejected).error()),
        429 if is_off => Err(answer.setback(Trouble::NotEnabled).error()),
        _ if answer.obstacle().is_none() && is_off => {
            Err(answer.setback(Trouble::NotEnabled).error())
        }
        _ => Err(answer.trouble().error()),
    }
}
