//! The exchange: turns an approved login into a stored one, by the rules of a
//! refresh.
//!
//! 1. Store that the exchange begins, and check that the record is this call's.
//! 2. Send the request.
//! 3. Store the tokens, unless a login or logout came meanwhile.
//!
//! The code is sent again only while its outcome allows that.

use crate::contract::Error;
use crate::error::Result;
use crate::flow::records::{credential, pending};
use crate::flow::{MAX_ATTEMPTS, refresh};
use crate::openai::{ServiceError, TokenOutcome, TokenResponse, exchange};
use crate::ports::{Ports, StoreError};
use crate::state::credential::Record;
use crate::state::pending::{Approval, Pending};
use alloc::boxed::Box;

/// How often a code is sent while the outcome is unknown.
const MAX_EXCHANGES: u64 = 2;

/// How an exchange ended.
pub(crate) enum Exchanged {
    /// The login is stored.
    Connected {
        record: Box<Record>,
        /// The previous login was of another account.
        other_account: bool,
    },
    /// Another call is exchanging this code.
    InProgress,
    /// The code is spent or rejected; the service's error, where it gave one.
    Failed(ServiceError),
    /// A logout or another login came meanwhile; the tokens are discarded.
    Superseded,
}

/// Exchanges the approval for tokens and stores the login.
///
/// An outcome that is certainly "not processed" leaves everything for the next
/// poll. After an unknown outcome the next poll sends the code once more.
pub(crate) fn exchange(ports: Ports, pending: &Pending, approval: &Approval) -> Result<Exchanged> {
    if approval.attempts >= MAX_EXCHANGES {
        return failed(ports, pending, ServiceError::default());
    }
    // The code is not spent unless its tokens fit the record.
    if !credential::load(ports)?.has_room() {
        return Err(StoreError::TooLarge.into());
    }
    let Some(begun) = begin(ports, pending, approval)? else {
        return Ok(Exchanged::InProgress);
    };
    let asked_at = ports.now();
    let response = ports
        .http
        .send(&exchange::request(&approval.code, &approval.verifier));
    match exchange::read(response, asked_at) {
        TokenOutcome::Granted(tokens) => commit(ports, pending, &tokens),
        TokenOutcome::Rejected(service_error) => failed(ports, pending, service_error),
        TokenOutcome::NotProcessed(failure) => {
            put_back(ports, begun, approval.tried(false));
            Err(failure.error())
        }
        TokenOutcome::Unknown(failure) => {
            let tried = approval.tried(true);
            if tried.attempts >= MAX_EXCHANGES {
                return failed(ports, pending, failure.service_error);
            }
            put_back(ports, begun, tried);
            let seconds = failure.retry_after;
            Err(failure.error().retry_after(seconds))
        }
    }
}

/// Stores that this call exchanges the code. `None` when another call does.
fn begin(ports: Ports, pending: &Pending, approval: &Approval) -> Result<Option<Pending>> {
    let mut begun = pending.clone();
    let now = pending::to_present_time(ports, &mut begun);
    begun.approval = Some(approval.exchanging(now));
    match pending::store(ports, &mut begun) {
        Ok(()) => Ok(pending::is_still_stored(ports, &begun)?.then_some(begun)),
        Err(StoreError::Conflict) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Stores the approval again, for the next poll. If this write fails, a later poll takes
/// the exchange over when its time has passed.
fn put_back(ports: Ports, mut begun: Pending, approval: Approval) {
    if pending::is_still_stored(ports, &begun).unwrap_or(false) {
        pending::to_present_time(ports, &mut begun);
        begun.approval = Some(approval);
        let _ = pending::store(ports, &mut begun);
    }
}

/// The code cannot be used: another call may have used it and stored the login.
fn failed(ports: Ports, pending: &Pending, service_error: ServiceError) -> Result<Exchanged> {
    let record = credential::load(ports)?;
    Ok(if record.was_created_by(&pending.id) {
        connected(record)
    } else {
        Exchanged::Failed(service_error)
    })
}

fn connected(record: Record) -> Exchanged {
    Exchanged::Connected {
        record: Box::new(record),
        other_account: false,
    }
}

/// Stores the tokens as a new login, unless the login is there or superseded.
fn commit(ports: Ports, pending: &Pending, tokens: &TokenResponse) -> Result<Exchanged> {
    for _ in 0..MAX_ATTEMPTS {
        let before = credential::load(ports).map_err(|fault| Error::lost(&fault))?;
        if before.was_created_by(&pending.id) {
            return Ok(connected(before));
        }
        if before.login_seq != pending.login_seq {
            refresh::discard(ports, &before, tokens);
            return Ok(Exchanged::Superseded);
        }
        let other_account = before.has_login() && tokens.claims().contradicts(&before.claims);
        let login = before.logged_in(pending, tokens, ports.now());
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
