//! The record `pending`: the login that waits for approval.

use super::{read_clocks, write};
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
    let mut pending = Pending::decode(&bytes)?;
    to_present_time(ports, &mut pending);
    Ok(Some(pending))
}

/// Moves the waits of the record to the present reading of the clocks, and returns the wall
/// clock of that reading, Unix seconds. The waits are compared with this time and with no
/// other: if the clock were set between two readings, an exchange in progress would look
/// abandoned.
pub(crate) fn to_present_time(ports: Ports, pending: &mut Pending) -> u64 {
    let (reading, now) = read_clocks(ports);
    pending.move_to(reading);
    now
}

/// Writes the record under a new attempt. Its stamp is the reading that its waits were made
/// by.
pub(crate) fn store(ports: Ports, pending: &mut Pending) -> core::result::Result<(), StoreError> {
    pending.attempt = ports.random_id();
    write(ports, KEY, &pending.encode())
}

/// Whether `written` is still the stored record. Without conditional writes this
/// check alone separates two calls.
pub(crate) fn is_still_stored(ports: Ports, written: &Pending) -> Result<bool> {
    let stored = load(ports)?;
    Ok(stored.is_some_and(|stored| stored.is_same_write(written)))
}

/// Stores the approval of this login, also over the writes of other calls, and
/// returns the login with it. An earlier approval stays. `None` when the login was
/// replaced or removed meanwhile.
pub(crate) fn store_approval(
    ports: Ports,
    mut login: Pending,
    approval: &Approval,
) -> Result<Option<Pending>> {
    for _ in 0..MAX_ATTEMPTS {
        login.approval = Some(approval.clone());
        match store(ports, &mut login) {
            Ok(()) => return Ok(Some(login)),
            Err(StoreError::Conflict) => {}
            Err(fault) => return Err(fault.into()),
        }
        match load(ports)?.filter(|stored| login.is_same_login(stored)) {
            Some(stored) if stored.approval.is_none() => login = stored,
            approved_or_gone => return Ok(approved_or_gone),
        }
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
