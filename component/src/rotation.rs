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
            Step::Present(intended) => match present(ports, intended, demand) {
                Presented::Again => continue,
                Presented::Ended(result) => return result,
                Presented::Failed(error) => return serve_or(record, demand, error, ports),
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

#[allow(
    clippy::large_enum_variant,
    reason = "lives for a moment and is moved once"
)]
enum Presented {
    /// Nothing was sent: decide again.
    Again,
    /// What the record says by now.
    Ended(Result<Record>),
    /// It brought nothing, and what the record says by now is not known.
    Failed(Error),
}

fn present(ports: Ports, intended: Record, demand: Demand) -> Presented {
    let intent = intended.intent.clone().expect("decide puts the intent in");
    match intended.store(ports) {
        Ok(_) => {}
        Err(StoreError::Conflict) => return Presented::Again,
        Err(fault) => return Presented::Failed(fault.into()),
    }
    let record = match Record::load(ports) {
        Ok(record) if has_intent(&record, &intent) => record,
        Ok(_) => return Presented::Again,
        Err(error) => return Presented::Failed(error),
    };
    let asked_at = ports.now();
    let verdict = match record
        .tokens
        .as_ref()
        .and_then(|tokens| tokens.refresh.as_ref())
    {
        Some(refresh) if asked_at.abs_diff(intent.started) < SEND_GUARD => {
            let answer = ports.http.send(&openai::refresh::request(refresh));
            openai::refresh::read(answer, asked_at)
        }
        _ => Verdict::NotProcessed(Trouble::Late.setback()),
    };
    conclude(ports, record.epoch, &intent, &verdict, demand)
}

fn has_intent(record: &Record, intent: &Intent) -> bool {
    record
        .intent
        .as_ref()
        .is_some_and(|stored| stored.attempt == intent.attempt)
}

/// Brings the verdict into the record and turns it into the caller's answer.
fn conclude(
    ports: Ports,
    epoch: u64,
    intent: &Intent,
    verdict: &Verdict,
    demand: Demand,
) -> Presented {
    for _ in 0..TRIES {
        let record = match Record::load(ports) {
            Ok(record) => record,
            Err(error) => return unsettled(verdict, error),
        };
        let settled = match settle(&record, epoch, intent, verdict, ports.now()) {
            Settled::Store(settled) => settled,
            Settled::Leave => return answer(record, demand, ports),
            Settled::Superseded => {
                if let Verdict::Granted(grant) = verdict {
                    drop_late(ports, &record, grant);
                }
                return answer(record, demand, ports);
            }
        };
        match (settled.store(ports), verdict) {
            (Ok(record), Verdict::NotProcessed(setback)) => {
                return match answer(record, demand, ports) {
                    Presented::Ended(Err(_)) => Presented::Ended(Err(setback.error())),
                    answered => answered,
                };
            }
            (Ok(record), _) => return answer(record, demand, ports),
            (Err(StoreError::Conflict), _) => continue,
            (Err(fault), _) => return unsettled(verdict, fault.into()),
        }
    }
    unsettled(verdict, StoreError::Conflict.into())
}

/// The answer by the record as it is now, which may have moved on by itself.
/// Nothing more is presented: one call presents at most once.
fn answer(record: Record, demand: Demand, ports: Ports) -> Presented {
    match decide(&record, demand, "", ports.now()) {
        Step::Serve => Presented::Ended(Ok(record)),
        Step::Fail(error) => Presented::Ended(Err(error)),
        Step::TakeOver(taken) => answer(taken, demand, ports),
        Step::Present(_) if record.live_token(None, ports.now()).is_some() => {
            Presented::Ended(Ok(record))
        }
        Step::Present(_) => Presented::Failed(Trouble::Unexpected.error()),
    }
}

/// The answer when the verdict could not be stored. A lost grant is the one
/// that must be loud.
fn unsettled(verdict: &Verdict, fault: Error) -> Presented {
    match verdict {
        Verdict::Granted(_) => Presented::Ended(Err(Error::new(
            ErrorCode::StoreFailedAfterRefresh,
            format!(
                "the service gave a new token and it could not be stored: {}",
                fault.message
            ),
        ))),
        _ => Presented::Failed(fault),
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

#[cfg(test)]
mod tests;
