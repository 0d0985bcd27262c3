//! From an approval to a stored login: the exchange, by the same rules as a
//! refresh. The intent is stored before the request, what came is stored before
//! anything looks at it, and a login or logout meanwhile wins.

use crate::contract::{Error, ErrorCode};
use crate::credential::Record;
use crate::error::Result;
use crate::openai::TokenGrant;
use crate::openai::exchange::{self, Outcome};
use crate::pending::{Approval, Pending};
use crate::ports::{Ports, StoreError};
use crate::rotation;
use alloc::format;

/// How often a code is sent when the outcome is unknown: once, and once more.
const ATTEMPTS_MAX: u64 = 2;

/// How often the commit starts again after a conflict before it gives up.
const TRIES: u32 = 8;

/// How an exchange ended.
#[allow(
    clippy::large_enum_variant,
    reason = "lives for a moment and is moved once"
)]
pub(crate) enum Exchanged {
    /// The login is stored.
    Connected {
        record: Record,
        /// Another account was signed in before.
        other_account: bool,
    },
    /// Another call is at it.
    Elsewhere,
    /// The code will never be taken.
    Failed,
    /// The person logged out or in again meanwhile; the tokens are dropped.
    Superseded,
}

/// Exchanges the approval for tokens and stores the login.
///
/// An outcome that is certainly "not processed" leaves everything for the next
/// poll; an unknown one leaves it one more try.
pub(crate) fn exchange(ports: Ports, pending: &Pending, approval: &Approval) -> Result<Exchanged> {
    if approval.attempts >= ATTEMPTS_MAX {
        return Ok(Exchanged::Failed);
    }
    let begun = approval.exchanging(ports.now());
    match pending.with_approval(&begun).store(ports) {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(Exchanged::Elsewhere),
        Err(fault) => return Err(fault.into()),
    }
    let asked_at = ports.now();
    let answer = ports
        .http
        .send(&exchange::request(&approval.code, &approval.verifier));
    match exchange::read(answer, asked_at) {
        Outcome::Granted(grant) => commit(ports, pending, &grant),
        Outcome::Refused => Ok(Exchanged::Failed),
        Outcome::Unknown(_) if begun.attempts >= ATTEMPTS_MAX => Ok(Exchanged::Failed),
        Outcome::Unknown(setback) => {
            put_back(ports, pending, &begun.exchanged(true));
            Err(setback.error())
        }
        Outcome::NotProcessed(setback) => {
            put_back(ports, pending, &begun.exchanged(false));
            Err(setback.error())
        }
    }
}

fn put_back(ports: Ports, pending: &Pending, approval: &Approval) {
    // If this fails the exchange counts as abandoned after its time.
    let _ = pending.with_approval(approval).store(ports);
}

fn commit(ports: Ports, pending: &Pending, grant: &TokenGrant) -> Result<Exchanged> {
    for _ in 0..TRIES {
        let before = Record::load(ports).map_err(lost)?;
        if before.came_of(&pending.id) {
            return Ok(Exchanged::Connected {
                record: before,
                other_account: false,
            });
        }
        if before.epoch != pending.epoch {
            rotation::drop_late(ports, &before, grant);
            return Ok(Exchanged::Superseded);
        }
        let claims = grant.claims();
        let other_account = before.has_login() && claims.contradicts(&before.claims);
        let login = before.logged_in(&pending.id, grant.tokens(None, ports.now()), claims);
        match login.store(ports) {
            Ok(record) => {
                return Ok(Exchanged::Connected {
                    record,
                    other_account,
                });
            }
            Err(StoreError::Conflict) => continue,
            Err(fault) => return Err(lost(fault.into())),
        }
    }
    Err(lost(StoreError::Conflict.into()))
}

fn lost(fault: Error) -> Error {
    Error::new(
        ErrorCode::StoreFailedAfterRefresh,
        format!(
            "the service gave tokens and they could not be stored: {}",
            fault.message
        ),
    )
}
