//! From an approval to a stored login: the exchange, by the same rules as a
//! refresh. The intent is stored before the request, what came is stored before
//! anything looks at it, and a login or logout meanwhile wins.

use crate::contract::Error;
use crate::error::Result;
use crate::flow::records::{credential, pending};
use crate::flow::refresh;
use crate::openai::exchange;
use crate::openai::{Said, TokenGrant, Verdict};
use crate::ports::{Ports, StoreError};
use crate::state::credential::Record;
use crate::state::pending::{Approval, Pending};
use alloc::boxed::Box;

/// How often a code is sent when the outcome is unknown: once, and once more.
const ATTEMPTS_MAX: u64 = 2;

/// How often the commit starts again after a conflict before it gives up.
const TRIES: u32 = 8;

/// How an exchange ended.
pub(crate) enum Exchanged {
    /// The login is stored.
    Connected {
        record: Box<Record>,
        /// Another account was signed in before.
        other_account: bool,
    },
    /// Another call is at it.
    Elsewhere,
    /// The code will never be taken; what the service said of it, if it did.
    Failed(Said),
    /// The person logged out or in again meanwhile; the tokens are dropped.
    Superseded,
}

/// Exchanges the approval for tokens and stores the login.
///
/// An outcome that is certainly "not processed" leaves everything for the next
/// poll; an unknown one leaves it one more try.
pub(crate) fn exchange(ports: Ports, pending: &Pending, approval: &Approval) -> Result<Exchanged> {
    if approval.attempts >= ATTEMPTS_MAX {
        return failed(ports, pending, Said::default());
    }
    // Nothing is spent whose tokens might not fit.
    if !credential::load(ports)?.has_room() {
        return Err(StoreError::TooLarge.into());
    }
    let Some(begun) = begin(ports, pending, approval)? else {
        return Ok(Exchanged::Elsewhere);
    };
    let asked_at = ports.now();
    let answer = ports
        .http
        .send(&exchange::request(&approval.code, &approval.verifier));
    match exchange::read(answer, asked_at) {
        Verdict::Granted(grant) => commit(ports, pending, &grant),
        Verdict::Refused(said) => failed(ports, pending, said),
        Verdict::NotProcessed(setback) => {
            put_back(ports, &begun, &approval.tried(false));
            Err(setback.error())
        }
        Verdict::Unknown(setback) => {
            let tried = approval.tried(true);
            if tried.attempts >= ATTEMPTS_MAX {
                return failed(ports, pending, setback.said);
            }
            put_back(ports, &begun, &tried);
            let wait = setback.wait;
            Err(setback.error().retry_after(wait))
        }
    }
}

/// Stores that an exchange begins. `None` when another call is at it.
fn begin(ports: Ports, pending: &Pending, approval: &Approval) -> Result<Option<Pending>> {
    let intended = pending.with_approval(&approval.exchanging(ports.now()));
    match pending::store(ports, intended) {
        Ok(begun) => Ok(pending::is_still_stored(ports, &begun)?.then_some(begun)),
        Err(StoreError::Conflict) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Leaves the approval for the next poll. If this fails, the exchange counts as
/// abandoned after its time.
fn put_back(ports: Ports, begun: &Pending, approval: &Approval) {
    if pending::is_still_stored(ports, begun).unwrap_or(false) {
        let _ = pending::store(ports, begun.with_approval(approval));
    }
}

/// The code will not be taken: perhaps because another call has used it.
fn failed(ports: Ports, pending: &Pending, said: Said) -> Result<Exchanged> {
    let record = credential::load(ports)?;
    Ok(if record.came_of(&pending.id) {
        connected(record)
    } else {
        Exchanged::Failed(said)
    })
}

fn connected(record: Record) -> Exchanged {
    Exchanged::Connected {
        record: Box::new(record),
        other_account: false,
    }
}

fn commit(ports: Ports, pending: &Pending, grant: &TokenGrant) -> Result<Exchanged> {
    for _ in 0..TRIES {
        let before = credential::load(ports).map_err(|fault| Error::lost(&fault))?;
        if before.came_of(&pending.id) {
            return Ok(connected(before));
        }
        if before.epoch != pending.epoch {
            refresh::drop_late(ports, &before, grant);
            return Ok(Exchanged::Superseded);
        }
        let other_account = before.has_login() && grant.claims().contradicts(&before.claims);
        let login = before.logged_in(pending, grant, ports.now());
        match credential::store(ports, login) {
            Ok(record) => {
                return Ok(Exchanged::Connected {
                    record: Box::new(record),
                    other_account,
                });
            }
            Err(StoreError::Conflict) => continue,
            Err(fault) => return Err(Error::lost(&Box::<Error>::from(fault))),
        }
    }
    Err(Error::lost(&Box::<Error>::from(StoreError::Conflict)))
}
