//! The record `pending`: the login that waits for approval.

use super::{clock_step, read_clocks, write};
use crate::error::Result;
use crate::flow::MAX_ATTEMPTS;
use crate::ports::{Ports, StoreError};
use crate::state::pending::{Approval, Pending};

const KEY: &str = "pending";

/// Reads the record, if there is one.
pub(crate) fn load(ports: Ports) -> Result<Option<Pending>> {
    let Some(bytes) = ports.store.get(KEY)? else {
        return Ok(None);
    };
    Ok(Some(in_present_time(ports, Pending::decode(&bytes)?)))
}

/// Moves the times of the record by what the wall clock was set since it was read or
/// stored. Before the record is compared with the clock.
pub(crate) fn in_present_time(ports: Ports, pending: Pending) -> Pending {
    match clock_step(ports, pending.stamp()) {
        Some((step, now)) => pending.moved_by(step, now),
        None => pending,
    }
}

/// Writes the record under a new attempt and returns it.
pub(crate) fn store(ports: Ports, pending: Pending) -> core::result::Result<Pending, StoreError> {
    let attempt = ports.random_id();
    let pending = pending.written_as(attempt, read_clocks(ports));
    write(ports, KEY, &pending.encode())?;
    Ok(pending)
}

/// Whether `written` is still the stored record. Without conditional writes this
/// check alone separates two calls.
pub(crate) fn is_still_stored(ports: Ports, written: &Pending) -> Result<bool> {
    let stored = load(ports)?;
    Ok(stored.is_some_and(|stored| stored.is_same_write(written)))
}

/// Stores the approval of this login, also over the writes of other calls, and
/// returns both. An earlier approval stays. `None` when the login was replaced or
/// removed meanwhile.
pub(crate) fn store_approval(
    ports: Ports,
    login: Pending,
    approval: Approval,
) -> Result<Option<(Pending, Approval)>> {
    let mut login = login;
    for _ in 0..MAX_ATTEMPTS {
        match store(ports, login.with_approval(&approval)) {
            Ok(stored) => return Ok(Some((stored, approval))),
            Err(StoreError::Conflict) => {}
            Err(fault) => return Err(fault.into()),
        }
        let stored = load(ports)?;
        let Some(stored) = stored.filter(|stored| login.is_same_login(stored)) else {
            return Ok(None);
        };
        if let Some(earlier) = stored.approval.clone() {
            return Ok(Some((stored, earlier)));
        }
        login = stored;
    }
    Err(StoreError::Conflict.into())
}

/// Removes this login, but no newer one, and not if an approval was stored since.
/// A record that stays is harmless: it has ended, or another login or logout
/// came, or its id is in the credential.
pub(crate) fn remove(ports: Ports, login: &Pending) {
    remove_if(ports, |found| {
        let Ok(stored) = found else { return false };
        login.is_same_login(stored) && login.approval.is_some() == stored.approval.is_some()
    });
}

/// Removes a login that began before `login_seq`, readable or not. Returns
/// whether it did.
pub(crate) fn remove_before(ports: Ports, login_seq: u64) -> bool {
    remove_if(ports, |found| match found {
        Ok(stored) => stored.login_seq < login_seq,
        Err(error) => error.code.is_unreadable_record(),
    })
}

/// Removes the record if `is_meant` accepts it. Returns whether it did.
fn remove_if(ports: Ports, is_meant: impl Fn(&Result<Pending>) -> bool) -> bool {
    for _ in 0..MAX_ATTEMPTS {
        let Some(found) = load(ports).transpose() else {
            return false;
        };
        if !is_meant(&found) {
            return false;
        }
        match ports.store.delete(KEY) {
            Err(StoreError::Conflict) => {}
            deleted => return deleted.is_ok(),
        }
    }
    false
}
