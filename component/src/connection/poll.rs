use super::{models, usage};
use crate::contract::{Error, ErrorCode, LoginProgress, LoginStatus, ModelList, UsageReport};
use crate::credential::Record;
use crate::error::Result;
use crate::login::{self, Exchanged};
use crate::openai::Setback;
use crate::openai::device_token::{self, Progress};
use crate::pending::{Approval, Pending};
use crate::ports::{Ports, StoreError};
use alloc::borrow::ToOwned;
use alloc::format;

/// For the models and for the usage after a login, in seconds each.
const WARM_UP_TIMEOUT: u64 = 5;

/// Asks once whether the person has approved, and finishes the login if so.
///
/// Makes at most one poll request, and none if it is too early for one. An
/// approval is stored before it is used, so that no fault after it wastes it.
pub fn poll(ports: Ports, pending_id: Option<&str>) -> Result<LoginProgress> {
    let record = Record::load(ports)?;
    let Some(pending) = Pending::load(ports)? else {
        return without_pending(ports, record, pending_id);
    };
    if record.came_of(&pending.id) {
        Pending::remove(ports);
        return Ok(connected(ports, record));
    }
    if pending_id.is_some_and(|name| !pending.is(name)) || pending.epoch != record.epoch {
        return Err(Error::new(
            ErrorCode::LoginSuperseded,
            "this is not the login that waits now",
        ));
    }
    match &pending.approval {
        Some(approval) => exchange(ports, &pending, approval),
        None => ask(ports, &pending),
    }
}

/// A login is asked for and none waits: it may have been finished before.
fn without_pending(
    ports: Ports,
    record: Record,
    pending_id: Option<&str>,
) -> Result<LoginProgress> {
    if pending_id.map_or(record.has_login(), |name| record.came_of(name)) {
        return Ok(connected(ports, record));
    }
    Err(Error::new(
        ErrorCode::NoPendingLogin,
        "no login waits for approval",
    ))
}

fn ask(ports: Ports, pending: &Pending) -> Result<LoginProgress> {
    let now = ports.now();
    if pending.has_ended(now) {
        return Err(ended(
            ports,
            ErrorCode::LoginExpired,
            "the code ran out before it was approved",
        ));
    }
    if pending.seconds_to_next_poll(now) > 0 {
        return Ok(still_pending(pending, now));
    }
    let polled = pending.polled(now);
    match polled.store(ports) {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(still_pending(&polled, now)),
        Err(fault) => return Err(fault.into()),
    }
    let answer = ports.http.send(&device_token::request(
        &pending.device_auth_id,
        &pending.user_code,
    ));
    match device_token::read(answer, ports.now()).map_err(Setback::error)? {
        Progress::Pending => Ok(still_pending(&polled, ports.now())),
        Progress::SlowDown { retry_after } => {
            let slower = polled.slowed_down(ports.now(), retry_after);
            keep(ports, &slower)?;
            Ok(still_pending(&slower, ports.now()))
        }
        Progress::Denied => Err(ended(
            ports,
            ErrorCode::LoginDenied,
            "the login was declined",
        )),
        Progress::Expired => Err(ended(
            ports,
            ErrorCode::LoginExpired,
            "the code ran out before it was approved",
        )),
        Progress::Approved { code, verifier } => {
            let approved = polled.approved(code, verifier);
            keep(ports, &approved)?;
            approved.approval.as_ref().map_or_else(
                || Ok(still_pending(&approved, ports.now())),
                |approval| exchange(ports, &approved, approval),
            )
        }
    }
}

fn exchange(ports: Ports, pending: &Pending, approval: &Approval) -> Result<LoginProgress> {
    if let Some(seconds) = approval.exchange_under_way(ports.now()) {
        return Ok(LoginProgress {
            retry_after_seconds: Some(seconds.min(5) as u32),
            ..still_pending(pending, ports.now())
        });
    }
    match login::exchange(ports, pending, approval)? {
        Exchanged::Connected {
            record,
            other_account,
        } => {
            Pending::remove(ports);
            let progress = warmed_up(ports, *record);
            Ok(if other_account {
                with_notice(progress)
            } else {
                progress
            })
        }
        Exchanged::Elsewhere => Ok(still_pending(pending, ports.now())),
        Exchanged::Failed => Err(ended(
            ports,
            ErrorCode::LoginExchangeFailed,
            "the approved login could not be exchanged for tokens",
        )),
        Exchanged::Superseded => Err(ended(
            ports,
            ErrorCode::LoginSuperseded,
            "the person logged out or in again meanwhile",
        )),
    }
}

/// The answer with models and usage, fetched once. Their failure never fails the login.
fn warmed_up(ports: Ports, record: Record) -> LoginProgress {
    let models = models::fetch(ports, WARM_UP_TIMEOUT).ok();
    let usage = usage::fetch(ports, WARM_UP_TIMEOUT).ok();
    with_account(record, models, usage)
}

/// The answer with what is known of models and usage.
fn connected(ports: Ports, record: Record) -> LoginProgress {
    let models = models::cached(ports, record.epoch);
    let usage = usage::cached(ports, record.epoch);
    with_account(record, models, usage)
}

fn with_account(
    record: Record,
    models: Option<ModelList>,
    usage: Option<UsageReport>,
) -> LoginProgress {
    LoginProgress {
        status: LoginStatus::Connected,
        pending: None,
        retry_after_seconds: None,
        plan: usage.as_ref().and_then(|usage| usage.plan.clone()).or(record.claims.plan),
        email: record.claims.email,
        account_id: record.claims.account_id,
        expires_at: record.tokens.and_then(|tokens| tokens.expires_at),
        models_count: models.as_ref().map(|models| models.count),
        default_model_id: models.as_ref().and_then(|models| models.default_model_id.clone()),
        available_models: models.map(|models| models.available_models),
        usage,
        next_step: "Connected. Refresh the browser page so that the openai-codex/… models appear in the picker."
            .to_owned(),
    }
}

fn with_notice(progress: LoginProgress) -> LoginProgress {
    let next_step = format!(
        "{} This is another account than the one that was connected before.",
        progress.next_step
    );
    LoginProgress {
        next_step,
        ..progress
    }
}

fn still_pending(pending: &Pending, now: u64) -> LoginProgress {
    LoginProgress {
        status: LoginStatus::Pending,
        pending: Some(pending.for_caller(now)),
        retry_after_seconds: u32::try_from(pending.seconds_to_next_poll(now)).ok(),
        email: None,
        account_id: None,
        plan: None,
        expires_at: None,
        models_count: None,
        default_model_id: None,
        available_models: None,
        usage: None,
        next_step:
            "The login is not approved yet. Ask again when the person says that they are done."
                .to_owned(),
    }
}

/// Stores the pending login's next stage. After a conflict somebody has
/// replaced or removed it.
fn keep(ports: Ports, pending: &Pending) -> Result<()> {
    pending.store(ports).map_err(|fault| match fault {
        StoreError::Conflict => Error::new(
            ErrorCode::LoginSuperseded,
            "the login was replaced or removed meanwhile",
        ),
        fault => fault.into(),
    })
}

/// Ends the pending login, and says why.
fn ended(ports: Ports, code: ErrorCode, message: &str) -> Error {
    Pending::remove(ports);
    Error::new(code, message)
}

#[cfg(test)]
mod tests;
