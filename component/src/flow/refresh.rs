//! The refresh transaction: the one way a refresh token is ever presented.
//!
//! 1. Read the record and decide ([`decide`]).
//! 2. Store the intent. This also proves that the store takes writes before the
//!    token is spent.
//! 3. Read again, and present only if the intent is still there and young.
//! 4. Settle the answer ([`settle`]) into whatever the record is by then.
//!
//! A conflict anywhere leads back to 1. One call presents at most once.

use crate::contract::Error;
use crate::error::Result;
use crate::flow::records::credential;
use crate::openai::{Said, TokenGrant, Trouble, Verdict, refresh, revoke};
use crate::ports::{Ports, StoreError};
use crate::secret::Secret;
use crate::state::credential::{Demand, Intent, Record, Settled, Step, decide, settle};
use alloc::boxed::Box;

/// An intent older than this is not followed by its request any more, in seconds.
const SEND_GUARD: u64 = 5;

/// How often a call starts again after a conflict before it gives up.
const TRIES: u32 = 8;

/// Returns the record with a usable access token, refreshed if need be.
pub(crate) fn with_live_token(ports: Ports, refused: Option<&str>) -> Result<Record> {
    obtain(ports, Demand::Token { refused })
}

/// Returns the record with a new access token, refreshed unless that has just happened.
pub(crate) fn with_new_token(ports: Ports) -> Result<Record> {
    obtain(ports, Demand::Refresh)
}

fn obtain(ports: Ports, demand: Demand) -> Result<Record> {
    let mut record = credential::load(ports)?;
    for _ in 0..TRIES {
        match decide(&record, demand, ports.now()) {
            Step::Serve => return Ok(record),
            Step::Fail(error) => return Err(error),
            Step::Store(next) => match credential::store(ports, (*next).clone()) {
                Ok(stored) => record = stored,
                Err(StoreError::Conflict) => record = credential::load(ports)?,
                Err(fault) => return serve_or(*next, demand, fault.into(), ports),
            },
            Step::Present(token) => match present(ports, &record, &token) {
                Ok(presented) => return answer(record, presented, demand, ports),
                Err(Unsettled::Elsewhere) => record = credential::load(ports)?,
                Err(Unsettled::Failed(error)) => return serve_or(record, demand, error, ports),
                Err(Unsettled::Lost(error)) => return Err(error),
            },
        }
    }
    Err(StoreError::Conflict.into())
}

/// Returns the record all the same if its access token can be used: a failed
/// early refresh harms nobody.
fn serve_or(record: Record, demand: Demand, error: Box<Error>, ports: Ports) -> Result<Record> {
    match demand {
        Demand::Token { .. } if record.live_token(ports.now()).is_some() => Ok(record),
        _ => Err(error),
    }
}

/// The answer by the record as it is after the presentation. Nothing more is
/// done about it: one call presents at most once.
fn answer(before: Record, presented: Presented, demand: Demand, ports: Ports) -> Result<Record> {
    let Presented { settled, said } = presented;
    let error = match decide(&settled, demand, ports.now()) {
        Step::Serve => return Ok(settled),
        // What a record does not remember of the answer is said now or never.
        Step::Fail(error) if error.service_status.is_none() => said.add_to(error),
        Step::Fail(error) => error,
        Step::Store(_) | Step::Present(_) => Trouble::NoAccessToken.setback().error(),
    };
    // A grant without an access token has ended nothing: the old one still works.
    let is_same_login = before.epoch == settled.epoch;
    let served = match settled.lacks_access_token() && is_same_login {
        true => before,
        false => settled,
    };
    serve_or(served, demand, error, ports)
}

/// What a presentation has come to.
struct Presented {
    /// The record as it is now.
    settled: Record,
    /// What the service answered, if it did.
    said: Said,
}

/// Why a presentation ended without a settled record.
enum Unsettled {
    /// Somebody else was quicker, and nothing was sent.
    Elsewhere,
    /// It brought nothing, and the record could not be read or written.
    Failed(Box<Error>),
    /// It brought new tokens, and they could not be stored: this must be loud.
    Lost(Box<Error>),
}

impl From<Box<Error>> for Unsettled {
    fn from(error: Box<Error>) -> Self {
        Self::Failed(error)
    }
}

/// Presents the refresh token of the record once, and returns the record with
/// what came of it.
fn present(
    ports: Ports,
    record: &Record,
    token: &Secret,
) -> core::result::Result<Presented, Unsettled> {
    let intent = Intent {
        attempt: ports.random_id(),
        presented: token.fingerprint(),
        started: ports.now(),
    };
    match credential::store(ports, record.clone().with_intent(&intent)) {
        Ok(_) => {}
        Err(StoreError::Conflict) => return Err(Unsettled::Elsewhere),
        Err(fault) => return Err(Unsettled::Failed(fault.into())),
    }
    let stored = credential::load(ports)?.intent;
    let Some(stored) = stored.filter(|stored| stored.attempt == intent.attempt) else {
        return Err(Unsettled::Elsewhere);
    };
    let asked_at = ports.now();
    // By both clocks: the wall clock can be set back, and the steady one stands still
    // with the machine while another one goes on.
    let is_young = |started| asked_at.abs_diff(started) < SEND_GUARD;
    let verdict = if is_young(intent.started) && is_young(stored.started) {
        let answer = ports.http.send(&refresh::request(token));
        refresh::read(answer, asked_at)
    } else {
        Verdict::NotProcessed(Trouble::Late.setback())
    };
    Ok(Presented {
        settled: conclude(ports, record.epoch, &intent, &verdict)?,
        said: verdict.said(),
    })
}

/// Brings the verdict into the record, whatever has become of that meanwhile.
fn conclude(
    ports: Ports,
    epoch: u64,
    intent: &Intent,
    verdict: &Verdict,
) -> core::result::Result<Record, Unsettled> {
    let unsettled = |fault: Box<Error>| match verdict {
        Verdict::Granted(_) => Unsettled::Lost(Error::lost(&fault)),
        _ => Unsettled::Failed(fault),
    };
    for _ in 0..TRIES {
        let record = credential::load(ports).map_err(unsettled)?;
        match settle(&record, epoch, intent, verdict, ports.now()) {
            Settled::Store(settled) => match credential::store(ports, *settled) {
                Ok(settled) => return Ok(settled),
                Err(StoreError::Conflict) => {}
                Err(fault) => return Err(unsettled(fault.into())),
            },
            Settled::Leave => return Ok(record),
            Settled::Superseded => {
                if let Verdict::Granted(grant) = verdict {
                    drop_late(ports, &record, grant);
                }
                return Ok(record);
            }
        }
    }
    Err(unsettled(StoreError::Conflict.into()))
}

/// Revokes the tokens that came too late, if the logout meanwhile asked for that.
/// They are never stored under the newer epoch.
pub(crate) fn drop_late(ports: Ports, record: &Record, grant: &TokenGrant) {
    if !record.has_login()
        && record.revoke
        && let Some(refresh) = grant.refresh_token.token()
    {
        // Best effort, like every revocation.
        let _ = ports.http.send(&revoke::request(refresh));
    }
}

#[cfg(test)]
mod tests;
