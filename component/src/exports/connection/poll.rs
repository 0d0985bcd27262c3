//! `poll`: asks for the approval of the pending login, and finishes it.

mod progress;

use crate::contract::{Error, ErrorCode, LoginProgress};
use crate::error::Result;
use crate::flow::exchange::{self, Exchanged};
use crate::flow::records::{credential, pending};
use crate::openai::Failure;
use crate::openai::device_token::{self, Progress};
use crate::ports::{Ports, StoreError};
use crate::state::credential::Record;
use crate::state::pending::{Approval, Pending};
use alloc::boxed::Box;

/// Asks once whether the person has approved, and finishes the login if so.
///
/// Makes at most one poll request, and none if it is too early. An approval is
/// stored before it is used, so that a later fault does not lose it.
pub fn poll(ports: Ports, pending_id: Option<&str>) -> Result<LoginProgress> {
    let pending = pending::load(ports)?;
    let record = credential::load(ports)?;
    let Some(pending) = pending else {
        return finished(ports, record, pending_id);
    };
    if record.was_created_by(&pending.id) {
        pending::remove(ports, &pending);
        return finished(ports, record, None);
    }
    let is_finished = |name: &str| !pending.matches(name) && record.was_created_by(name);
    if pending_id.is_some_and(is_finished) {
        return finished(ports, record, pending_id);
    }
    if pending_id.is_some_and(|name| !pending.matches(name))
        || pending.login_seq != record.login_seq
    {
        return Err(Error::boxed(
            ErrorCode::LoginSuperseded,
            "this login is no longer pending",
        ));
    }
    proceed(ports, pending)
}

/// Asks for the approval of the login, or uses it.
fn proceed(ports: Ports, mut pending: Pending) -> Result<LoginProgress> {
    let now = pending::to_present_time(ports, &mut pending);
    match &pending.approval {
        Some(approval) => exchange(ports, &pending, approval, now),
        None => ask(ports, pending, now),
    }
}

/// The login that the caller means is not pending: it may be finished.
fn finished(ports: Ports, record: Record, name: Option<&str>) -> Result<LoginProgress> {
    let is_meant = name.map_or(record.has_login(), |name| record.was_created_by(name));
    if is_meant && record.is_connected(ports.now()) {
        return Ok(progress::connected(ports, record));
    }
    if !is_meant {
        return Err(Error::boxed(
            ErrorCode::NoPendingLogin,
            "no login is pending",
        ));
    }
    let mut error = Error::boxed(ErrorCode::NoPendingLogin, "the login has ended since");
    error.relogin_required = true;
    Err(error.with_hint("The finished login has ended since. Call start to sign in again."))
}

fn ask(ports: Ports, mut pending: Pending, asked_at: u64) -> Result<LoginProgress> {
    if pending.seconds_to_next_poll(asked_at) > 0 {
        return Ok(progress::too_early(&pending, asked_at));
    }
    pending.wait_an_interval(asked_at);
    match pending::store(ports, &mut pending) {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(progress::too_early(&pending, asked_at)),
        Err(fault) => return Err(fault.into()),
    }
    let request = device_token::request(&pending.device_auth_id, &pending.user_code);
    let response = ports.http.send(&request);
    let now = pending::to_present_time(ports, &mut pending);
    match device_token::read(response, now).map_err(Failure::error)? {
        // The service decides: the clock of this machine may be wrong.
        Progress::AuthorizationPending | Progress::SlowDown { .. }
            if pending.has_ended(asked_at) =>
        {
            Err(expired(ports, &pending))
        }
        Progress::AuthorizationPending => Ok(progress::not_approved(&pending, now)),
        Progress::SlowDown { retry_after } => slow_down(ports, pending, retry_after, now),
        Progress::AccessDenied => Err(ended(
            ports,
            &pending,
            ErrorCode::LoginDenied,
            "the login was declined",
        )),
        Progress::ExpiredToken => Err(expired(ports, &pending)),
        Progress::Approved { code, verifier } => {
            let approval = Approval::new(code, verifier);
            match pending::store_approval(ports, pending, &approval)? {
                Some(approved) => proceed(ports, approved),
                None => Err(Error::boxed(
                    ErrorCode::LoginSuperseded,
                    "the login was replaced or removed meanwhile",
                )),
            }
        }
    }
}

fn slow_down(
    ports: Ports,
    mut pending: Pending,
    retry_after: Option<u64>,
    now: u64,
) -> Result<LoginProgress> {
    pending.slow_down(now, retry_after);
    match pending::store(ports, &mut pending) {
        Ok(()) | Err(StoreError::Conflict) => Ok(progress::not_approved(&pending, now)),
        Err(fault) => Err(fault.into()),
    }
}

fn exchange(
    ports: Ports,
    pending: &Pending,
    approval: &Approval,
    now: u64,
) -> Result<LoginProgress> {
    if let Some(seconds) = approval.exchange_under_way(now) {
        return Ok(progress::being_finished(pending, seconds, now));
    }
    match exchange::exchange(ports, pending, approval)? {
        Exchanged::Connected {
            record,
            other_account,
        } => {
            pending::remove(ports, pending);
            Ok(progress::just_connected(ports, *record, other_account))
        }
        Exchanged::InProgress => Ok(progress::being_finished(
            pending,
            progress::EXCHANGE_WAIT,
            now,
        )),
        Exchanged::Failed(service_error) => Err(service_error.add_to(ended(
            ports,
            pending,
            ErrorCode::LoginExchangeFailed,
            "the approved login could not be exchanged for tokens",
        ))),
        Exchanged::Superseded => Err(ended(
            ports,
            pending,
            ErrorCode::LoginSuperseded,
            "a logout or another login came meanwhile",
        )),
    }
}

fn expired(ports: Ports, pending: &Pending) -> Box<Error> {
    let message = "the code expired before it was approved";
    ended(ports, pending, ErrorCode::LoginExpired, message)
}

/// Removes the pending login, and returns why.
fn ended(ports: Ports, pending: &Pending, code: ErrorCode, message: &str) -> Box<Error> {
    pending::remove(ports, pending);
    Error::boxed(code, message)
}

#[cfg(test)]
mod tests;
