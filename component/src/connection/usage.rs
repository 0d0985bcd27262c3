use crate::backend;
use crate::cache::{self, Copy};
use crate::contract::{AnswerSource, UsageReport};
use crate::credential::Record;
use crate::error::Result;
use crate::json::{Object, Value};
use crate::openai::{Trouble, usage as wire};
use crate::ports::Ports;

/// For the whole request, in seconds.
const TIMEOUT: u64 = 15;

/// Says how much of the subscription is used, from the cache or from the service.
pub fn usage(ports: Ports, force: bool) -> Result<UsageReport> {
    let record = Record::load_signed_in(ports)?;
    match cache::load(ports, cache::USAGE, record.epoch) {
        Some(copy) if copy.answers(cache::USAGE, force, ports.now()) => {
            Ok(from_copy(&copy, ports.now()))
        }
        _ => fetch(ports, TIMEOUT),
    }
}

/// Asks the service, within `timeout` seconds, and keeps a copy.
pub(super) fn fetch(ports: Ports, timeout: u64) -> Result<UsageReport> {
    let reply = backend::ask(ports, &|access, account| {
        wire::request(access, account, timeout)
    })?;
    let body = wire::keep(&reply.answer.body).ok_or_else(|| Trouble::Unexpected.error())?;
    let origin = Object::default();
    let fetched_at = cache::store(ports, cache::USAGE, reply.epoch, body.clone(), origin);
    Ok(report(&body, fetched_at, AnswerSource::Api, ports.now()))
}

/// The copy of that login, whatever its age.
pub(super) fn cached(ports: Ports, epoch: u64) -> Option<UsageReport> {
    let copy = cache::load(ports, cache::USAGE, epoch)?;
    Some(from_copy(&copy, ports.now()))
}

fn from_copy(copy: &Copy, now: u64) -> UsageReport {
    report(&copy.body, copy.fetched_at, AnswerSource::Cache, now)
}

fn report(body: &Value, fetched_at: u64, source: AnswerSource, now: u64) -> UsageReport {
    UsageReport {
        source,
        plan: wire::plan(body),
        windows: wire::windows(body, fetched_at, now),
        credits: wire::credits(body),
        limit_reached: wire::limit_reached(body),
        fetched_at,
    }
}
