//! The result of `poll`, for a pending and for a finished login. Right after a login it
//! fetches the models and the usage.

use crate::contract::{Error, LoginProgress, LoginStatus, ModelList, UsageReport};
use crate::exports::connection::{models, usage};
use crate::ports::Ports;
use crate::state::credential::Record;
use crate::state::pending::Pending;
use crate::text::join;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// For the models and for the usage after a login, in seconds each.
const WARM_UP_TIMEOUT: u64 = 5;

/// The longest wait before asking again about the exchange of another call, in
/// seconds.
pub(super) const EXCHANGE_WAIT: u64 = 5;

/// The service was asked, and the person has not approved.
pub(super) fn not_approved(pending: &Pending, now: u64) -> LoginProgress {
    let next = "The login is not approved yet. Ask again when the person says that they are done.";
    waiting(pending, pending.seconds_to_next_poll(now), next, now)
}

/// The service was not asked.
pub(super) fn too_early(pending: &Pending, now: u64) -> LoginProgress {
    let next = "It is too early to ask the service again, so it was not asked. Ask once more after that time.";
    waiting(pending, pending.seconds_to_next_poll(now), next, now)
}

/// Another call exchanges the code. Its exchange counts as abandoned in
/// `seconds`.
pub(super) fn being_finished(pending: &Pending, seconds: u64, now: u64) -> LoginProgress {
    let next =
        "The login is approved, and another call is finishing it. Ask again in a few seconds.";
    waiting(pending, seconds.min(EXCHANGE_WAIT), next, now)
}

fn waiting(pending: &Pending, seconds: u64, next_step: &str, now: u64) -> LoginProgress {
    LoginProgress {
        status: LoginStatus::Pending,
        pending: Some(pending.for_caller(now)),
        retry_after_seconds: u32::try_from(seconds).ok(),
        email: None,
        account_id: None,
        plan: None,
        expires_at: None,
        models_count: None,
        default_model_id: None,
        available_models: None,
        usage: None,
        next_step: next_step.to_owned(),
    }
}

/// This call has finished the login. It fetches models and usage once; their
/// failure does not fail the login.
pub(super) fn just_connected(ports: Ports, record: Record, other_account: bool) -> LoginProgress {
    let models = models::fetch(ports, WARM_UP_TIMEOUT);
    let usage = usage::fetch(ports, WARM_UP_TIMEOUT).ok();
    let why_none = models.as_ref().err().map(|error| without_models(error));
    let mut progress = done(record, models.ok(), usage);
    if let Some(next_step) = why_none {
        progress.next_step = next_step;
    }
    if other_account {
        let notice = " This is another account than the one that was connected before.";
        progress.next_step.push_str(notice);
    }
    progress
}

fn without_models(error: &Error) -> String {
    join(&[
        "Connected, but the models could not be listed: ",
        &error.message,
        ". ",
        &error.hint,
    ])
}

/// The login is finished already. Models and usage come from the cache.
pub(super) fn connected(ports: Ports, record: Record) -> LoginProgress {
    let models = models::cached(ports, record.login_seq);
    let usage = usage::cached(ports, record.login_seq);
    done(record, models, usage)
}

fn done(record: Record, models: Option<ModelList>, usage: Option<UsageReport>) -> LoginProgress {
    let expires_at = record.expires_at();
    LoginProgress {
        status: LoginStatus::Connected,
        pending: None,
        retry_after_seconds: None,
        plan: usage.as_ref().and_then(|usage| usage.plan.clone()).or(record.claims.plan),
        email: record.claims.email,
        account_id: record.claims.account_id,
        expires_at,
        models_count: models.as_ref().map(|models| models.count),
        default_model_id: models.as_ref().and_then(|models| models.default_model_id.clone()),
        available_models: models.map(|models| models.available_models),
        usage,
        next_step: "Connected. Refresh the browser page so that the openai-codex/… models appear in the picker."
            .to_owned(),
    }
}
