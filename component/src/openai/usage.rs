//! `GET /backend-api/wham/usage`: how much of the subscription is used
//! (docs/protocol.md, Usage).
//!
//! Anything in the answer may be missing, null or of another type: then it is
//! unknown, never 0.

use crate::claims::Claims;
use crate::contract::{UsageCredits, UsageWindow};
use crate::json::{self, Value};
use crate::ports::Request;
use crate::secret::Secret;
use crate::text::clean;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The longest answer taken, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// What is read of the answer; the rest is not kept.
const KEPT: [&str; 4] = [
    "plan_type",
    "rate_limit",
    "additional_rate_limits",
    "credits",
];

/// More additional limits than this are not read.
const ADDITIONAL_MAX: usize = 20;

pub(crate) fn request(access: &Secret, account: &Claims, timeout: u64) -> Request {
    super::backend_get(
        "/backend-api/wham/usage".to_owned(),
        access,
        account,
        timeout,
        ANSWER_LIMIT,
    )
}

/// Returns the answer, cut down to what is read of it. `None` when it is no object.
pub(crate) fn keep(body: &[u8]) -> Option<Value> {
    let mut body = json::parse_object(body)?;
    body.keep_only(&KEPT);
    Some(Value::Object(body))
}

/// The plan, as the service names it.
pub(crate) fn plan(kept: &Value) -> Option<String> {
    clean(kept["plan_type"].as_str()?, 60)
}

/// Whether a limit of the plan is reached.
pub(crate) fn limit_reached(kept: &Value) -> Option<bool> {
    kept["rate_limit"]["limit_reached"].as_bool()
}

/// Credits beside the plan's own limits.
pub(crate) fn credits(kept: &Value) -> Option<UsageCredits> {
    let credits = Some(&kept["credits"]).filter(|credits| credits.is_object())?;
    Some(UsageCredits {
        has_credits: credits["has_credits"].as_bool(),
        unlimited: credits["unlimited"].as_bool(),
        balance: match &credits["balance"] {
            Value::Text(text) => clean(text, 40),
            Value::Integer(number) => Some(number.to_string()),
            _ => None,
        },
    })
}

/// The plan's limits, the shortest window first, then the additional ones.
/// `fetched_at` is when the answer came, `now` when it is read, Unix seconds.
pub(crate) fn windows(kept: &Value, fetched_at: u64, now: u64) -> Vec<UsageWindow> {
    let mut windows = limit_windows(&kept["rate_limit"], None, fetched_at, now);
    for limit in kept["additional_rate_limits"]
        .items()
        .iter()
        .take(ADDITIONAL_MAX)
    {
        let name = limit["limit_name"]
            .as_str()
            .and_then(|name| clean(name, 100));
        windows.extend(limit_windows(
            &limit["rate_limit"],
            name.as_deref(),
            fetched_at,
            now,
        ));
    }
    windows
}

/// Which of the two slots holds which window differs between plans.
fn limit_windows(limit: &Value, name: Option<&str>, fetched_at: u64, now: u64) -> Vec<UsageWindow> {
    let mut windows = Vec::new();
    for slot in [&limit["primary_window"], &limit["secondary_window"]] {
        if slot.is_object() {
            windows.push(window(slot, name, fetched_at, now));
        }
    }
    if let [first, second] = &mut windows[..]
        && first.window_seconds > second.window_seconds
    {
        core::mem::swap(first, second);
    }
    windows
}

fn window(slot: &Value, limit: Option<&str>, fetched_at: u64, now: u64) -> UsageWindow {
    let window_seconds = slot["limit_window_seconds"]
        .as_u64()
        .filter(|seconds| *seconds > 0);
    let after = slot["reset_after_seconds"]
        .as_u64()
        .map(|seconds| fetched_at.saturating_add(seconds));
    let resets_at = slot["reset_at"]
        .as_u64()
        .or(after)
        .filter(|time| *time > now);
    UsageWindow {
        name: match limit {
            Some(limit) => format!("{limit}, {}", length(window_seconds)),
            None => length(window_seconds),
        },
        used_percent: slot["used_percent"]
            .as_f64()
            .filter(|percent| (0.0..=100.0).contains(percent)),
        window_seconds,
        resets_at,
        resets_in_seconds: resets_at.map(|time| time - now),
    }
}

/// Names a window by its length: which slot it came in says nothing.
fn length(seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else {
        return "unknown length".to_owned();
    };
    let (unit, name) = match seconds {
        604_800 => return "weekly".to_owned(),
        86_400 => return "daily".to_owned(),
        _ if seconds.is_multiple_of(86_400) => (86_400, "days"),
        _ if seconds.is_multiple_of(3600) => (3600, "hours"),
        _ if seconds.is_multiple_of(60) => (60, "minutes"),
        _ => (1, "seconds"),
    };
    format!("{} {name}", seconds / unit)
}
