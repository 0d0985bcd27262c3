//! The refresh transaction: the one way a refresh token is ever presented.
//!
//! 1. Read the record and decide ([`decide`]).
//! 2. Store the intent. This also proves that the store takes writes before the
//!    token is spent.
//! 3. Read again, and present only if the intent is still there and young.
//! 4. Settle the answer ([`settle`]) into whatever the record is by then.
//!
//! A conflict anywhere leads back to 1. One call presents at most once.

use crate::contract::{Error, ErrorCode};
use crate::credential::{Demand, Intent, Record, Settled, Step, Verdict, decide, settle};
use crate::error::Result;
use crate::openai::{self, TokenGrant, Trouble, revoke};
use crate::ports::{Ports, StoreError};
use crate::secret::Secret;
use alloc::format;

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
    for _ in 0..TRIES {
        let record = Record::load(ports)?;
        match decide(&record, demand, &ports.random_id(), ports.now()) {
            Step::Serve => return Ok(record),
            Step::Fail(error) => return Err(error),
            Step::TakeOver(taken) => match taken.store(ports) {
                Ok(_) | Err(StoreError::Conflict) => continue,
                Err(fault) => return serve_or(record, demand, fault.into(), ports),
            },
            Step::Present {
                record: intended,
                optional,
            } => match present(ports, intended) {
                Presented::Again => continue,
                Presented::Ended(Ok(record)) => return Ok(record),
                Presented::Ended(Err(error))
                    if optional && error.code != ErrorCode::StoreFailedAfterRefresh =>
                {
                    return serve_or(record, demand, error, ports);
                }
                Presented::Ended(Err(error)) => return Err(error),
            },
        }
    }
    Err(StoreError::Conflict.into())
}

/// Returns the record all the same if its access token can be used: a failed
/// early refresh harms nobody.
fn serve_or(record: Record, demand: Demand, error: Error, ports: Ports) -> Result<Record> {
    match demand {
        Demand::Token { refused } if record.live_token(refused, ports.now()).is_some() => {
            Ok(record)
        }
        _ => Err(error),
    }
}

enum Presented {
    /// Nothing was sent: decide again.
    Again,
    /// Sent, or failed before that.
    Ended(Result<Record>),
}

fn present(ports: Ports, intended: Record) -> Presented {
    let intent = intended.intent.clone().expect("decide puts the intent in");
    match intended.store_checked(ports, |stored| has_intent(stored, &intent)) {
        Ok(_) => {}
        Err(StoreError::Conflict) => return Presented::Again,
        Err(fault) => return Presented::Ended(Err(fault.into())),
    }
    let record = match Record::load(ports) {
        Ok(record) if has_intent(&record, &intent) => record,
        Ok(_) => return Presented::Again,
        Err(error) => return Presented::Ended(Err(error)),
    };
    let verdict = match record
        .tokens
        .as_ref()
        .and_then(|tokens| tokens.refresh.as_ref())
    {
        Some(refresh) if ports.now().abs_diff(intent.started) < SEND_GUARD => {
            let answer = ports.http.send(&openai::refresh::request(refresh));
            openai::refresh::read(answer, ports.now())
        }
        _ => Verdict::NotProcessed(Trouble::Late.setback()),
    };
    Presented::Ended(conclude(ports, record.epoch, &intent, verdict))
}

fn has_intent(record: &Record, intent: &Intent) -> bool {
    record
        .intent
        .as_ref()
        .is_some_and(|stored| stored.attempt == intent.attempt)
}

/// Brings the verdict into the record and turns it into the caller's answer.
fn conclude(ports: Ports, epoch: u64, intent: &Intent, verdict: Verdict) -> Result<Record> {
    for _ in 0..TRIES {
        let record = match Record::load(ports) {
            Ok(record) => record,
            Err(error) => return Err(unsettled(&verdict, error)),
        };
        let settled = match settle(&record, epoch, intent, &verdict, ports.now()) {
            Settled::Store(settled) => settled,
            Settled::Leave => return adopt(record, &verdict, ports),
            Settled::Superseded => {
                if let Verdict::Granted(grant) = &verdict {
                    drop_late(ports, &record, grant);
                }
                return adopt(record, &verdict, ports);
            }
        };
        let landed = |stored: &Record| committed(stored, &verdict);
        match settled.store_checked(ports, landed) {
            Ok(stored) => return answer(stored, &verdict, ports),
            Err(StoreError::Conflict) => continue,
            Err(fault) => return Err(unsettled(&verdict, fault.into())),
        }
    }
    Err(unsettled(&verdict, StoreError::Conflict.into()))
}

/// Whether what was granted is what is stored.
fn committed(stored: &Record, verdict: &Verdict) -> bool {
    let (Verdict::Granted(grant), Some(tokens)) = (verdict, &stored.tokens) else {
        return false;
    };
    let is = |granted: &Option<Secret>, stored: &Option<Secret>| match (granted, stored) {
        (Some(granted), Some(stored)) => granted.fingerprint() == stored.fingerprint(),
        (granted, _) => granted.is_none(),
    };
    is(&grant.refresh_token, &tokens.refresh) && is(&grant.access_token, &tokens.access)
}

/// The answer when the verdict is in the record.
fn answer(record: Record, verdict: &Verdict, ports: Ports) -> Result<Record> {
    match verdict {
        Verdict::Granted(_) => adopt(record, verdict, ports),
        Verdict::NotProcessed(setback) => Err(setback.error()),
        Verdict::Refused(_) | Verdict::Unknown(_) => Err(why_not(&record, ports)),
    }
}

/// The answer when the record may have moved on by itself: what is there now counts.
fn adopt(record: Record, verdict: &Verdict, ports: Ports) -> Result<Record> {
    if record.live_token(None, ports.now()).is_some() {
        return Ok(record);
    }
    Err(match verdict {
        Verdict::NotProcessed(setback) => setback.error(),
        _ => why_not(&record, ports),
    })
}

/// Why the record has no usable token.
fn why_not(record: &Record, ports: Ports) -> Error {
    match decide(record, Demand::Refresh, "", ports.now()) {
        Step::Fail(error) => error,
        _ => Trouble::Unexpected.error(),
    }
}

/// The answer when the verdict could not be stored. A lost grant is the one
/// that must be loud.
fn unsettled(verdict: &Verdict, fault: Error) -> Error {
    match verdict {
        Verdict::Granted(_) => Error::new(
            ErrorCode::StoreFailedAfterRefresh,
            format!(
                "the service gave a new token and it could not be stored: {}",
                fault.message
            ),
        ),
        _ => fault,
    }
}

/// Revokes the tokens that came too late, if the logout meanwhile asked for that.
/// They are never stored under the newer epoch.
pub(crate) fn drop_late(ports: Ports, record: &Record, grant: &TokenGrant) {
    if !record.has_login()
        && record.revoke
        && let Some(refresh) = &grant.refresh_token
    {
        // Best effort, like every revocation.
        let _ = ports.http.send(&revoke::request(refresh));
    }
}
