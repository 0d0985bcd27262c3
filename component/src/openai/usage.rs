//! `GET /backend-api/wham/usage`: how much of the subscription is used
//! (docs/protocol.md, Usage).

use crate::claims::Claims;
use crate::ports::Request;
use crate::secret::Secret;
use crate::text::clean;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest answer taken, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// What is kept of the answer. Anything may be missing, null or of another
/// type: then it is unknown, never 0.
#[derive(Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) plan: Option<String>,
    /// The shortest window first.
    pub(crate) windows: Vec<Window>,
    pub(crate) credits: Option<Credits>,
    pub(crate) limit_reached: Option<bool>,
}

/// One limit and how much of it is used.
#[derive(Serialize, Deserialize)]
pub(crate) struct Window {
    /// What it limits, where that is not the plan as a whole.
    pub(crate) limit: Option<String>,
    pub(crate) used_percent: Option<f64>,
    pub(crate) window_seconds: Option<u64>,
    /// Unix seconds.
    pub(crate) resets_at: Option<u64>,
}

/// Credits beside the plan's own limits.
#[derive(Serialize, Deserialize)]
pub(crate) struct Credits {
    pub(crate) has_credits: Option<bool>,
    pub(crate) unlimited: Option<bool>,
    /// As the service words it.
    pub(crate) balance: Option<String>,
}

pub(crate) fn request(access: &Secret, account: &Claims, timeout: u64) -> Request {
    super::backend_get(
        "/backend-api/wham/usage".to_owned(),
        access,
        account,
        timeout,
        ANSWER_LIMIT,
    )
}

/// Reads an answer with status 200 that came at `now`, Unix seconds. `None`
/// when it is no object.
pub(crate) fn read(body: &[u8], now: u64) -> Option<Usage> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.as_object()?;
    let mut windows = limit_windows(&body["rate_limit"], None, now);
    for additional in body["additional_rate_limits"]
        .as_array()
        .into_iter()
        .flatten()
        .take(20)
    {
        let limit = additional["limit_name"]
            .as_str()
            .and_then(|name| clean(name, 100));
        windows.extend(limit_windows(&additional["rate_limit"], limit, now));
    }
    windows.sort_by_key(|window| {
        (
            window.limit.clone(),
            window.window_seconds.unwrap_or(u64::MAX),
        )
    });
    Some(Usage {
        plan: body["plan_type"].as_str().and_then(|plan| clean(plan, 60)),
        windows,
        credits: credits(&body["credits"]),
        limit_reached: body["rate_limit"]["limit_reached"].as_bool(),
    })
}

/// Which of the two slots holds which window differs between plans.
fn limit_windows(rate_limit: &Value, limit: Option<String>, now: u64) -> Vec<Window> {
    let slots = [
        &rate_limit["primary_window"],
        &rate_limit["secondary_window"],
    ];
    let present = slots.into_iter().filter(|slot| slot.is_object());
    present
        .map(|slot| window(slot, limit.clone(), now))
        .collect()
}

fn window(slot: &Value, limit: Option<String>, now: u64) -> Window {
    let in_seconds = slot["reset_after_seconds"]
        .as_u64()
        .map(|seconds| now.saturating_add(seconds));
    Window {
        limit,
        used_percent: slot["used_percent"]
            .as_f64()
            .filter(|percent| (0.0..=100.0).contains(percent)),
        window_seconds: slot["limit_window_seconds"]
            .as_u64()
            .filter(|seconds| *seconds > 0),
        resets_at: slot["reset_at"]
            .as_u64()
            .filter(|time| *time > now)
            .or(in_seconds),
    }
}

fn credits(value: &Value) -> Option<Credits> {
    value.as_object()?;
    Some(Credits {
        has_credits: value["has_credits"].as_bool(),
        unlimited: value["unlimited"].as_bool(),
        balance: match &value["balance"] {
            Value::String(text) => clean(text, 40),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        },
    })
}
