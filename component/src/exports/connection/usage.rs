//! `usage`: shows how much of the subscription is used.

use crate::contract::{AnswerSource, UsageReport};
use crate::error::Result;
use crate::flow::backend;
use crate::flow::records;
use crate::json::{Object, Value};
use crate::openai::{FailureKind, usage as wire};
use crate::ports::Ports;
use crate::state::cache::{CachedResponse, USAGE};

/// For the whole request, in seconds.
const TIMEOUT: u64 = 15;

/// Returns how much of the subscription is used, from the cache or from the
/// service.
pub fn usage(ports: Ports, force: bool) -> Result<UsageReport> {
    let record = records::credential::load_signed_in(ports)?;
    match records::cache::load(ports, USAGE, record.login_seq) {
        Some(cached) if cached.is_fresh(USAGE, force, ports.now()) => {
            Ok(from_cache(&cached, ports.now()))
        }
        _ => fetch(ports, TIMEOUT),
    }
}

/// Asks the service, within `timeout` seconds, and caches the response.
pub(super) fn fetch(ports: Ports, timeout: u64) -> Result<UsageReport> {
    let reply = backend::ask(ports, &|access, account| {
        wire::request(access, account, timeout)
    })?;
    let body = wire::keep(&reply.response.body).ok_or_else(|| FailureKind::Unexpected.error())?;
    let offset = reply.response.clock_offset;
    let origin = Object::default().with("clock_offset", Value::Integer(offset));
    let fetched_at = records::cache::store(ports, USAGE, reply.login_seq, body.clone(), origin);
    let clock = wire::Clock {
        fetched_at,
        now: ports.now(),
        offset,
    };
    Ok(report(&body, AnswerSource::Api, clock))
}

/// The cached usage of that login, whatever its age.
pub(super) fn cached(ports: Ports, login_seq: u64) -> Option<UsageReport> {
    let cached = records::cache::load(ports, USAGE, login_seq)?;
    Some(from_cache(&cached, ports.now()))
}

fn from_cache(cached: &CachedResponse, now: u64) -> UsageReport {
    let clock = wire::Clock {
        fetched_at: cached.fetched_at,
        now,
        offset: cached.clock_offset,
    };
    report(&cached.body, AnswerSource::Cache, clock)
}

fn report(body: &Value, source: AnswerSource, clock: wire::Clock) -> UsageReport {
    let mut windows = wire::windows(body, clock);
    let used_up = wire::used_up(&windows);
    let limit_reason = wire::reason(body, used_up);
    let blocking = used_up.filter(|_| limit_reason.is_some());
    let limit_name = blocking.map(|window| window.name.clone());
    let limit_resets_at = blocking.and_then(|window| window.resets_at);
    windows.extend(wire::additional_windows(body, clock));
    UsageReport {
        source,
        plan: wire::plan(body),
        windows,
        credits: wire::credits(body),
        limit_reached: wire::limit_reached(body, limit_reason.as_deref()),
        limit_reason,
        limit_name,
        limit_resets_at,
        fetched_at: clock.fetched_at,
    }
}
