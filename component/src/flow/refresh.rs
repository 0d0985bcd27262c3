//! The refresh: the only transaction that presents a refresh token.
//!
//! 1. Read the record and [`decide`].
//! 2. Store the intent. This also proves that the store takes writes before the
//!    token is spent.
//! 3. Read again, and send the request only if the intent is still there and young.
//! 4. [`apply_outcome`] to the record as it is by then, and store it.
//!
//! After a conflict at the intent the call starts again at 1, after one at the
//! commit at 4. One call presents at most once.

use crate::contract::Error;
use crate::error::Result;
use crate::flow::MAX_ATTEMPTS;
use crate::flow::records::credential;
use crate::openai::{
    Failure, FailureKind, ServiceError, TokenOutcome, TokenResponse, refresh, revoke,
};
use crate::ports::{Ports, StoreError};
use crate::secret::Secret;
use crate::state::credential::{Action, Applied, Intent, Record, Request, apply_outcome, decide};
use alloc::boxed::Box;

/// The age of an intent from which its request is not sent any more, in seconds.
const SEND_GUARD: u64 = 5;

/// Returns the record with a usable access token, refreshed if it is due.
/// `refused` is the fingerprint of a token that the backend answered 401 to.
pub(crate) fn access_token(ports: Ports, refused: Option<&str>) -> Result<Record> {
    run(ports, Request::AccessToken { refused })
}

/// Returns the record with a new access token; a refresh of the last minute counts.
pub(crate) fn force_refresh(ports: Ports) -> Result<Record> {
    run(ports, Request::ForceRefresh)
}

fn run(ports: Ports, request: Request) -> Result<Record> {
    let mut record = credential::load(ports)?;
    for _ in 0..MAX_ATTEMPTS {
        let now = credential::to_present_time(ports, &mut record);
        match decide(&record, request, now) {
            Action::Serve => return Ok(record),
            Action::Fail(error) => return Err(error),
            Action::Store(next) => match credential::store(ports, (*next).clone()) {
                Ok(stored) => record = stored,
                Err(StoreError::Conflict) => record = credential::load(ports)?,
                Err(fault) => return serve_or(ports, *next, request, fault.into()),
            },
            Action::Present(token) => match present(ports, &record, &token) {
                Ok(presented) => return conclude(ports, record, presented, request),
                Err(PresentError::Conflict) => record = credential::load(ports)?,
                Err(PresentError::Failed(error)) => {
                    return serve_or(ports, record, request, error);
                }
                Err(PresentError::Lost(error)) => return Err(error),
            },
        }
    }
    Err(StoreError::Conflict.into())
}

/// Returns the record instead of the error if its access token can be used: then
/// the refresh was early, and its failure costs nothing.
fn serve_or(ports: Ports, record: Record, request: Request, error: Box<Error>) -> Result<Record> {
    match request {
        Request::AccessToken { .. } if record.live_token(ports.now()).is_some() => Ok(record),
        _ => Err(error),
    }
}

/// The result of the call, from the record after the presentation. A further
/// action is not taken: one call presents at most once.
fn conclude(
    ports: Ports,
    before: Record,
    presented: Presented,
    request: Request,
) -> Result<Record> {
    let Presented {
        record: mut after,
        service_error,
    } = presented;
    let now = credential::to_present_time(ports, &mut after);
    let error = match decide(&after, request, now) {
        Action::Serve => return Ok(after),
        // Not every service error is stored in the record: this call reports it.
        Action::Fail(error) if error.service_status.is_none() => service_error.add_to(error),
        Action::Fail(error) => error,
        Action::Store(_) | Action::Present(_) => Failure::new(FailureKind::NoAccessToken).error(),
    };
    // A grant without an access token leaves the previous access token valid.
    let is_same_login = before.login_seq == after.login_seq;
    let served = match after.lacks_access_token() && is_same_login {
        true => before,
        false => after,
    };
    serve_or(ports, served, request, error)
}

/// A presentation whose outcome is in the record.
struct Presented {
    /// The record as it is now.
    record: Record,
    /// What the service answered beside tokens.
    service_error: ServiceError,
}

/// Why a presentation ended without a record.
enum PresentError {
    /// Another call wrote the record first, and nothing was sent.
    Conflict,
    /// It brought no tokens, and the record could not be read or written.
    Failed(Box<Error>),
    /// It brought new tokens, and they could not be stored. Always reported, even
    /// when the refresh was early.
    Lost(Box<Error>),
}

impl From<Box<Error>> for PresentError {
    fn from(error: Box<Error>) -> Self {
        Self::Failed(error)
    }
}

/// Presents the refresh token of the record once, and stores the outcome.
fn present(
    ports: Ports,
    record: &Record,
    token: &Secret,
) -> core::result::Result<Presented, PresentError> {
    let mut intended = record.clone();
    let intent = Intent {
        attempt: ports.random_id(),
        presented: token.fingerprint(),
        started: credential::stamp(ports, &mut intended),
    };
    match credential::store(ports, intended.with_intent(&intent)) {
        Ok(_) => {}
        Err(StoreError::Conflict) => return Err(PresentError::Conflict),
        Err(fault) => return Err(PresentError::Failed(fault.into())),
    }
    let stored = credential::load(ports)?;
    let Some(stored) = stored.intent().filter(|_| stored.has_intent(&intent)) else {
        return Err(PresentError::Conflict);
    };
    let asked_at = ports.now();
    // Checked by both clocks: the wall clock can be set back, and the steady clock
    // does not count the time in which this machine is suspended.
    let is_young = |started| asked_at.abs_diff(started) < SEND_GUARD;
    let outcome = if is_young(intent.started) && is_young(stored.started) {
        let response = ports.http.send(&refresh::request(token));
        refresh::read(response, asked_at)
    } else {
        TokenOutcome::NotProcessed(Failure::new(FailureKind::Late))
    };
    Ok(Presented {
        record: commit(ports, record.login_seq, &intent, &outcome)?,
        service_error: outcome.service_error(),
    })
}

/// Stores the outcome in the record as it is now, and returns the record.
fn commit(
    ports: Ports,
    login_seq: u64,
    intent: &Intent,
    outcome: &TokenOutcome,
) -> core::result::Result<Record, PresentError> {
    let failed = |fault: Box<Error>| match outcome {
        TokenOutcome::Granted(_) => PresentError::Lost(Error::lost(&fault)),
        _ => PresentError::Failed(fault),
    };
    for _ in 0..MAX_ATTEMPTS {
        let mut record = credential::load(ports).map_err(failed)?;
        let now = credential::to_present_time(ports, &mut record);
        match apply_outcome(&record, login_seq, intent, outcome, now) {
            Applied::Store(next) => match credential::store(ports, *next) {
                Ok(stored) => return Ok(stored),
                Err(StoreError::Conflict) => {}
                Err(fault) => return Err(failed(fault.into())),
            },
            Applied::Leave => return Ok(record),
            Applied::Superseded => {
                if let TokenOutcome::Granted(tokens) = outcome {
                    discard(ports, &record, tokens);
                }
                return Ok(record);
            }
        }
    }
    Err(failed(StoreError::Conflict.into()))
}

/// Discards tokens that arrived after a logout or a new login. They are revoked if
/// that logout asked for revocation, and never stored.
pub(crate) fn discard(ports: Ports, record: &Record, tokens: &TokenResponse) {
    if !record.has_login()
        && record.revoke
        && let Some(refresh) = tokens.refresh_token.token()
    {
        // Best effort, like every revocation.
        let _ = ports.http.send(&revoke::request(refresh));
    }
}

#[cfg(test)]
mod tests;
