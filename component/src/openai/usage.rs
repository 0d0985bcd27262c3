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
    let Value::Object(mut body) = json::parse_leniently(body)? else {
        return None;
    };
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

#[cfg(test)]
mod tests {
    use super::{ADDITIONAL_MAX, credits, keep, limit_reached, plan, windows};
    use crate::contract::UsageWindow;
    use crate::fakes::NOW;
    use serde_json::{Value, json};

    fn kept(body: Value) -> crate::json::Value {
        keep(body.to_string().as_bytes()).expect("an object")
    }

    fn read(body: Value) -> Vec<UsageWindow> {
        windows(&kept(body), NOW, NOW)
    }

    fn names(body: Value) -> Vec<String> {
        read(body).into_iter().map(|window| window.name).collect()
    }

    #[test]
    fn windows_are_named_by_their_length_and_the_shortest_comes_first() {
        let week = json!({"limit_window_seconds": 604_800});
        let hours = json!({"limit_window_seconds": 18_000});
        let both = json!({"rate_limit": {"primary_window": week, "secondary_window": hours}});
        assert_eq!(names(both), ["5 hours", "weekly"]);
        let alone = json!({"rate_limit": {"primary_window": week, "secondary_window": null}});
        assert_eq!(names(alone), ["weekly"]);
        for (seconds, name) in [
            (86_400, "daily"),
            (2_592_000, "30 days"),
            (5400, "90 minutes"),
            (7, "7 seconds"),
            (0, "unknown length"),
            (-1, "unknown length"),
        ] {
            let window = json!({"limit_window_seconds": seconds});
            assert_eq!(
                names(json!({"rate_limit": {"primary_window": window}})),
                [name]
            );
        }
    }

    #[test]
    fn p27_what_is_missing_or_odd_is_unknown_and_never_0() {
        for odd in [
            json!({}),
            json!({"used_percent": null, "reset_at": null, "limit_window_seconds": null}),
            json!({"used_percent": 101, "reset_at": NOW - 1, "limit_window_seconds": 0}),
            json!({"used_percent": -1, "reset_at": NOW, "limit_window_seconds": -5}),
            json!({"used_percent": "12", "reset_at": "soon", "limit_window_seconds": "5"}),
            json!({"used_percent": 1e300, "reset_at": 1e300, "limit_window_seconds": 1e300}),
        ] {
            let found = read(json!({"rate_limit": {"primary_window": odd}}));
            let [window] = &found[..] else {
                panic!("one window: {odd}")
            };
            assert_eq!(window.used_percent, None, "{odd}");
            assert_eq!((window.resets_at, window.resets_in_seconds), (None, None));
            assert_eq!(window.window_seconds, None);
        }
        for none in [
            json!({}),
            json!({"rate_limit": null}),
            json!({"rate_limit": []}),
            json!({"rate_limit": {"primary_window": null, "secondary_window": 7}}),
        ] {
            assert_eq!(read(none.clone()).len(), 0, "{none}");
            let kept = kept(none);
            assert_eq!((plan(&kept), limit_reached(&kept)), (None, None));
            assert!(credits(&kept).is_none());
        }
    }

    #[test]
    fn p27_a_percentage_and_the_end_of_a_window_are_taken_as_they_come() {
        for (window, percent, end) in [
            (
                json!({"used_percent": 0, "reset_at": NOW + 7}),
                0.0,
                NOW + 7,
            ),
            (
                json!({"used_percent": 99.5, "reset_after_seconds": 9}),
                99.5,
                NOW + 9,
            ),
            (
                json!({"used_percent": 100, "reset_at": i64::MAX}),
                100.0,
                i64::MAX as u64,
            ),
        ] {
            let found = read(json!({"rate_limit": {"primary_window": window}}));
            assert_eq!(found[0].used_percent, Some(percent));
            assert_eq!(found[0].resets_at, Some(end));
            assert_eq!(found[0].resets_in_seconds, Some(end - NOW));
        }
    }

    #[test]
    fn additional_limits_bring_their_names_and_are_capped() {
        let limit = json!({"limit_name": "Spark\u{1b}[2J", "rate_limit": {"primary_window": {}}});
        let many = vec![limit; ADDITIONAL_MAX + 5];
        let found = names(json!({"additional_rate_limits": many}));
        assert_eq!(found.len(), ADDITIONAL_MAX);
        assert_eq!(found[0], "Spark[2J, unknown length");
    }

    #[test]
    fn credits_are_taken_as_text_or_number() {
        for (balance, expected) in [
            (json!("9.50"), Some("9.50")),
            (json!(12), Some("12")),
            (json!(null), None),
            (json!([]), None),
        ] {
            let kept = kept(json!({"credits": {"has_credits": true, "balance": balance}}));
            let credits = credits(&kept).expect("credits");
            assert_eq!((credits.has_credits, credits.unlimited), (Some(true), None));
            assert_eq!(credits.balance.as_deref(), expected);
        }
    }

    #[test]
    fn a_name_that_comes_twice_spoils_nothing_and_the_rest_is_not_kept() {
        let body = br#"{"plan_type":"pro","x":{"a":1,"a":2},"email":"ada@example.com"}"#;
        let kept = keep(body).expect("an object");
        assert_eq!(plan(&kept).as_deref(), Some("pro"));
        assert_eq!(kept["email"], crate::json::Value::Null);
        assert!(keep(b"[]").is_none() && keep(b"").is_none());
    }
}
