use crate::backend;
use crate::cache::{self, Copy};
use crate::contract::{AnswerSource, UsageCredits, UsageReport, UsageWindow};
use crate::credential::Record;
use crate::error::Result;
use crate::openai::Trouble;
use crate::openai::usage::{self as wire, Usage, Window};
use crate::ports::Ports;

/// For the whole request, in seconds.
const TIMEOUT: u64 = 15;

/// Says how much of the subscription is used, from the cache or from the service.
pub fn usage(ports: Ports, force: bool) -> Result<UsageReport> {
    let record = Record::load_signed_in(ports)?;
    match cache::load(ports, cache::USAGE, record.epoch) {
        Some(copy) if copy.answers(cache::USAGE, force, ports.now()) => {
            Ok(report(copy, AnswerSource::Cache, ports.now()))
        }
        _ => fetch(ports, TIMEOUT),
    }
}

/// Asks the service, within `timeout` seconds, and keeps a copy.
pub(super) fn fetch(ports: Ports, timeout: u64) -> Result<UsageReport> {
    let reply = backend::ask(ports, |access, account| {
        wire::request(access, account, timeout)
    })?;
    let usage =
        wire::read(&reply.answer.body, ports.now()).ok_or_else(|| Trouble::Unexpected.error())?;
    let copy = cache::store(ports, cache::USAGE, reply.epoch, usage);
    Ok(report(copy, AnswerSource::Api, ports.now()))
}

/// The copy of that login, whatever its age.
pub(super) fn cached(ports: Ports, epoch: u64) -> Option<UsageReport> {
    let copy = cache::load(ports, cache::USAGE, epoch)?;
    Some(report(copy, AnswerSource::Cache, ports.now()))
}

fn report(copy: Copy<Usage>, source: AnswerSource, now: u64) -> UsageReport {
    let Usage {
        plan,
        windows,
        credits,
        limit_reached,
    } = copy.value;
    UsageReport {
        source,
        plan,
        windows: windows
            .into_iter()
            .map(|found| window(found, now))
            .collect(),
        credits: credits.map(|credits| UsageCredits {
            has_credits: credits.has_credits,
            unlimited: credits.unlimited,
            balance: credits.balance,
        }),
        limit_reached,
        fetched_at: copy.fetched_at,
    }
}

fn window(window: Window, now: u64) -> UsageWindow {
    let resets_at = window.resets_at.filter(|time| *time > now);
    UsageWindow {
        name: name(window.limit.as_deref(), window.window_seconds),
        used_percent: window.used_percent,
        window_seconds: window.window_seconds,
        resets_at,
        resets_in_seconds: resets_at.map(|time| time - now),
    }
}

/// Names a window by its length: which slot it came in says nothing.
fn name(limit: Option<&str>, seconds: Option<u64>) -> String {
    let length = match seconds {
        None => "unknown length".to_owned(),
        Some(604_800) => "weekly".to_owned(),
        Some(86_400) => "daily".to_owned(),
        Some(seconds) if seconds % 86_400 == 0 => format!("{} days", seconds / 86_400),
        Some(3600) => "hourly".to_owned(),
        Some(seconds) if seconds % 3600 == 0 => format!("{} hours", seconds / 3600),
        Some(seconds) if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        Some(seconds) => format!("{seconds} seconds"),
    };
    match limit {
        Some(limit) => format!("{limit}, {length}"),
        None => length,
    }
}
