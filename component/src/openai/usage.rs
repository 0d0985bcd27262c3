//! `GET /backend-api/wham/usage`: how much of the subscription is used
//! (docs/protocol.md, Usage).
//!
//! A field of the response that is missing, null or of another type is unknown,
//! never 0.

use crate::contract::{UsageCredits, UsageWindow};
use crate::json::{self, Value};
use crate::openai::claims::Claims;
use crate::ports::HttpRequest;
use crate::secret::Secret;
use crate::text::{decimal, join, sanitize};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest response, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// The fields that are kept.
const KEPT: [&str; 6] = [
    "plan_type",
    "rate_limit",
    "rate_limit_reached_type",
    "spend_control",
    "additional_rate_limits",
    "credits",
];

/// The name of the spend limit of a member.
const SPEND_LIMIT: &str = "spend limit";

/// The longest reason that is kept, in characters.
const REASON_MAX: usize = 64;

/// The largest number of additional limits that is read.
const ADDITIONAL_MAX: usize = 20;

pub(crate) fn request(access: &Secret, account: &Claims, timeout: u64) -> HttpRequest {
    super::backend_get(
        "/backend-api/wham/usage".to_owned(),
        access,
        account,
        timeout,
        MAX_RESPONSE_BYTES,
    )
}

/// Returns the fields of the response that are kept. `None` when it is not an
/// object.
pub(crate) fn keep(body: &[u8]) -> Option<Value> {
    let Value::Object(mut body) = json::parse_leniently(body)? else {
        return None;
    };
    body.keep_only(&KEPT);
    Some(Value::Object(body))
}

/// The plan, in the words of the service.
pub(crate) fn plan(kept: &Value) -> Option<String> {
    sanitize(kept["plan_type"].as_str()?, 60)
}

/// Whether a limit is reached, by any field that reports it; `reason` is the result of
/// [`reason`].
pub(crate) fn limit_reached(kept: &Value, reason: Option<&str>) -> Option<bool> {
    let rate_limit = &kept["rate_limit"];
    match reason {
        Some(_) => Some(true),
        None => rate_limit["limit_reached"]
            .as_bool()
            .or(rate_limit["allowed"].as_bool().map(|allowed| !allowed)),
    }
}

/// Why the subscription is used up: the service's word, else one of this file.
/// Limits of single features do not count.
pub(crate) fn reason(kept: &Value, used_up: Option<&UsageWindow>) -> Option<String> {
    let rate_limit = &kept["rate_limit"];
    let is_allowed = rate_limit["allowed"].as_bool();
    let word = &kept["rate_limit_reached_type"];
    let word = word["type"].as_str().or(word.as_str());
    if let Some(word) = word.and_then(|word| sanitize(word, REASON_MAX)) {
        return Some(word);
    }
    let is_spent = used_up.is_some_and(|window| window.name == SPEND_LIMIT);
    // Credits may continue where a window is used up.
    let credits = &kept["credits"];
    let is_paid = credits["unlimited"].as_bool() == Some(true)
        || credits["has_credits"].as_bool() == Some(true);
    let is_over = credits["overage_limit_reached"].as_bool() == Some(true);
    let goes_on = is_allowed == Some(true) && is_paid && !is_over;
    let reason = if is_spent || kept["spend_control"]["reached"].as_bool() == Some(true) {
        "spend_control_reached"
    } else if is_refused(rate_limit) || (used_up.is_some() && !goes_on) {
        "rate_limit_reached"
    } else {
        return None;
    };
    Some(reason.to_owned())
}

/// Whether the flags of the limit report it as reached.
fn is_refused(limit: &Value) -> bool {
    limit["allowed"].as_bool() == Some(false) || limit["limit_reached"].as_bool() == Some(true)
}

/// The used-up window or spend limit; of several, the one that resets last.
pub(crate) fn used_up(windows: &[UsageWindow]) -> Option<&UsageWindow> {
    let mut last: Option<&UsageWindow> = None;
    for window in windows {
        let is_used_up = window.used_percent >= Some(100.0);
        // An unknown reset time is the latest.
        let time = |window: &UsageWindow| window.resets_at.unwrap_or(u64::MAX);
        if is_used_up && last.is_none_or(|last| time(window) > time(last)) {
            last = Some(window);
        }
    }
    last
}

/// Credits beside the plan's own limits.
pub(crate) fn credits(kept: &Value) -> Option<UsageCredits> {
    let credits = Some(&kept["credits"]).filter(|credits| credits.is_object())?;
    Some(UsageCredits {
        has_credits: credits["has_credits"].as_bool(),
        unlimited: credits["unlimited"].as_bool(),
        balance: match &credits["balance"] {
            Value::Text(text) => sanitize(text, 40),
            number @ (Value::Integer(_) | Value::Float(_)) => {
                String::from_utf8(number.to_bytes()).ok()
            }
            _ => None,
        },
    })
}

/// When a cached response was fetched, when it is read, and by how much the
/// service's clock is ahead.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// When the response was received, Unix seconds.
    pub(crate) fetched_at: u64,
    /// Unix seconds.
    pub(crate) now: u64,
    /// Seconds.
    pub(crate) offset: i64,
}

/// The limits of the plan, the shortest window first, then the spend limit.
pub(crate) fn windows(kept: &Value, clock: Clock) -> Vec<UsageWindow> {
    let mut windows = limit_windows(&kept["rate_limit"], None, clock);
    let spend = &kept["spend_control"]["individual_limit"];
    if spend.is_object() {
        windows.push(UsageWindow {
            name: SPEND_LIMIT.to_owned(),
            ..window(spend, None, clock)
        });
    }
    windows
}

/// Limits of single features.
pub(crate) fn additional_windows(kept: &Value, clock: Clock) -> Vec<UsageWindow> {
    let mut windows = Vec::new();
    let additional = kept["additional_rate_limits"].items();
    for limit in additional.iter().take(ADDITIONAL_MAX) {
        let name = limit["limit_name"].as_str();
        let name = name.and_then(|name| sanitize(name, 100));
        let limit = &limit["rate_limit"];
        let of_limit = limit_windows(limit, name.as_deref(), clock);
        // The flags may report a limit that no window explains.
        if is_refused(limit) && used_up(&of_limit).is_none() {
            windows.push(UsageWindow {
                used_percent: Some(100.0),
                ..window(&Value::Null, name.as_deref(), clock)
            });
        }
        windows.extend(of_limit);
    }
    windows
}

/// The order of the two windows differs between plans.
fn limit_windows(limit: &Value, name: Option<&str>, clock: Clock) -> Vec<UsageWindow> {
    let mut windows = Vec::new();
    for slot in [&limit["primary_window"], &limit["secondary_window"]] {
        if slot.is_object() {
            windows.push(window(slot, name, clock));
        }
    }
    if let [first, second] = &mut windows[..]
        && first.window_seconds > second.window_seconds
    {
        core::mem::swap(first, second);
    }
    windows
}

fn window(slot: &Value, limit: Option<&str>, clock: Clock) -> UsageWindow {
    let by_service = |time: u64| time.saturating_add_signed(clock.offset);
    // Setting the clock back does not prolong what is left.
    let now = by_service(clock.now.max(clock.fetched_at));
    let fetched_at = by_service(clock.fetched_at);
    let window_seconds = slot["limit_window_seconds"]
        .as_whole()
        .filter(|seconds| *seconds > 0);
    let is_ahead = |time: &u64| *time > now;
    let after = || Some(fetched_at.saturating_add(slot["reset_after_seconds"].as_whole()?));
    let resets_at = slot["reset_at"].as_whole().filter(is_ahead);
    let resets_at = resets_at.or_else(|| after().filter(is_ahead));
    let left = slot["remaining_percent"].as_f64();
    UsageWindow {
        name: match limit {
            Some(limit) => join(&[limit, ", ", &length(window_seconds)]),
            None => length(window_seconds),
        },
        used_percent: slot["used_percent"]
            .as_f64()
            .or(left.map(|left| 100.0 - left))
            .filter(|percent| *percent >= 0.0)
            .map(|percent| percent.min(100.0)),
        window_seconds,
        resets_at,
        resets_in_seconds: resets_at.map(|time| time - now),
    }
}

/// The name of a window is its length; the field that has it says nothing.
fn length(seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else {
        return "unknown length".to_owned();
    };
    let (unit, unit_name) = match seconds {
        604_800 => return "weekly".to_owned(),
        86_400 => return "daily".to_owned(),
        _ if seconds.is_multiple_of(86_400) => (86_400, "day"),
        _ if seconds.is_multiple_of(3600) => (3600, "hour"),
        _ if seconds.is_multiple_of(60) => (60, "minute"),
        _ => (1, "second"),
    };
    let count = seconds / unit;
    let plural = if count == 1 { "" } else { "s" };
    join(&[&decimal(count), " ", unit_name, plural])
}

#[cfg(test)]
mod tests {
    use super::{
        ADDITIONAL_MAX, Clock, additional_windows, credits, keep, limit_reached, plan, reason,
        request, used_up, windows,
    };
    use crate::contract::UsageWindow;
    use crate::openai::claims::Claims;
    use crate::secret::Secret;
    use crate::testing::fakes::{NOW, changed};
    use serde_json::{Value, json};

    fn kept(body: Value) -> crate::json::Value {
        keep(body.to_string().as_bytes()).expect("an object")
    }

    fn read(body: Value) -> Vec<UsageWindow> {
        let body = kept(body);
        let mut all = windows(&body, clock(0));
        all.extend(additional_windows(&body, clock(0)));
        all
    }

    /// Read as soon as it was fetched, by a clock that is that far behind.
    fn clock(offset: i64) -> Clock {
        let now = NOW.saturating_add_signed(-offset);
        Clock {
            fetched_at: now,
            now,
            offset,
        }
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

    /// Faults: P27
    #[test]
    fn what_is_missing_or_odd_is_unknown_and_never_0() {
        for odd in [
            json!({}),
            json!({"used_percent": null, "reset_at": null, "limit_window_seconds": null}),
            json!({"used_percent": -0.5, "reset_at": NOW - 1, "limit_window_seconds": 0}),
            json!({"used_percent": -1, "reset_at": NOW, "limit_window_seconds": -5}),
            json!({"used_percent": "12", "reset_at": "soon", "limit_window_seconds": "5"}),
            json!({"used_percent": -1e300, "reset_at": 1e300, "limit_window_seconds": 1e300}),
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
            assert_eq!(reason(&kept, None), None);
            assert_eq!((plan(&kept), limit_reached(&kept, None)), (None, None));
            assert!(credits(&kept).is_none());
        }
    }

    /// Faults: P27
    #[test]
    fn a_percentage_and_a_reset_time_are_taken_in_every_form() {
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

    /// Faults: F12
    #[test]
    fn a_window_that_is_more_than_used_up_is_used_up() {
        for over in [json!(100), json!(103), json!(100.4), json!(1e300)] {
            let found = read(json!({"rate_limit": {"primary_window": {"used_percent": over}}}));
            assert_eq!(found[0].used_percent, Some(100.0), "{over}");
        }
    }

    /// Faults: F11
    #[test]
    fn numbers_that_are_whole_in_samples_need_not_be() {
        let window = json!({
            "used_percent": 12.5, "limit_window_seconds": 18000.0, "reset_at": NOW as f64 + 60.9,
        });
        let found = read(json!({"rate_limit": {"primary_window": window}}));
        assert_eq!(found[0].name, "5 hours");
        assert_eq!(found[0].used_percent, Some(12.5));
        assert_eq!(found[0].resets_in_seconds, Some(60));
    }

    /// Faults: F15
    #[test]
    fn one_of_a_unit_is_named_in_the_singular() {
        for (seconds, name) in [
            (3600, "1 hour"),
            (60, "1 minute"),
            (1, "1 second"),
            (7200, "2 hours"),
        ] {
            let window = json!({"limit_window_seconds": seconds});
            assert_eq!(
                names(json!({"rate_limit": {"primary_window": window}})),
                [name]
            );
        }
    }

    /// Faults: F3
    #[test]
    fn a_window_resets_by_the_services_clock() {
        let day = 86_400;
        for offset in [-400 * day, -day, 0, day, 400 * day] {
            for slot in [
                json!({"reset_at": NOW + 600}),
                json!({"reset_after_seconds": 600}),
                json!({"reset_at": NOW - 5, "reset_after_seconds": 600}),
            ] {
                let body = kept(json!({"rate_limit": {"primary_window": slot}}));
                let found = windows(&body, clock(offset));
                assert_eq!(found[0].resets_at, Some(NOW + 600), "{offset} {slot}");
                assert_eq!(found[0].resets_in_seconds, Some(600), "{offset} {slot}");
            }
        }
    }

    /// Whether a limit is reached, and which.
    fn limit(body: &Value) -> (Option<bool>, Option<String>) {
        let kept = kept(body.clone());
        let windows = windows(&kept, clock(0));
        let reason = reason(&kept, used_up(&windows));
        (limit_reached(&kept, reason.as_deref()), reason)
    }

    /// Faults: F2
    #[test]
    fn every_field_that_reports_a_limit_counts() {
        let full = json!({"used_percent": 100, "limit_window_seconds": 18_000});
        for (body, expected) in [
            (
                json!({"rate_limit": {"allowed": false, "limit_reached": false}}),
                "rate_limit_reached",
            ),
            (
                json!({"rate_limit": {"allowed": true, "limit_reached": true}}),
                "rate_limit_reached",
            ),
            (
                json!({"rate_limit": {"limit_reached": false, "primary_window": full}}),
                "rate_limit_reached",
            ),
            (
                json!({"rate_limit_reached_type": "workspace_owner_credits_depleted"}),
                "workspace_owner_credits_depleted",
            ),
            (
                json!({"rate_limit_reached_type": {"type": "workspace_member_usage_limit_reached"}}),
                "workspace_member_usage_limit_reached",
            ),
            (
                json!({"rate_limit": null, "spend_control": {"reached": true}}),
                "spend_control_reached",
            ),
            (
                json!({"spend_control": {"reached": false, "individual_limit": {"used_percent": 100}}}),
                "spend_control_reached",
            ),
            (
                json!({
                    "rate_limit": {"allowed": true, "primary_window": full},
                    "credits": {"has_credits": true, "overage_limit_reached": true},
                }),
                "rate_limit_reached",
            ),
            (
                json!({"spend_control": {"individual_limit": {"remaining_percent": 0}}}),
                "spend_control_reached",
            ),
        ] {
            assert_eq!(
                limit(&body),
                (Some(true), Some(expected.to_owned())),
                "{body}"
            );
        }
        for (body, expected) in [
            (
                json!({"rate_limit": {"allowed": true, "limit_reached": false}}),
                Some(false),
            ),
            (json!({"rate_limit": {"allowed": true}}), Some(false)),
            // Credits go on where the window is used up, until they are at their own limit.
            (
                json!({
                    "rate_limit": {"allowed": true, "primary_window": full},
                    "credits": {"has_credits": true},
                }),
                Some(false),
            ),
            (
                json!({"rate_limit_reached_type": null, "spend_control": {"reached": false}}),
                None,
            ),
        ] {
            assert_eq!(limit(&body), (expected, None), "{body}");
        }
    }

    /// Faults: F2
    #[test]
    fn a_full_window_without_credits_blocks_whatever_the_flags_say() {
        for flags in [json!(true), json!(null)] {
            let body = json!({"rate_limit": {"allowed": flags, "limit_reached": false,
                "primary_window": {"used_percent": 100, "limit_window_seconds": 18_000}}});
            assert_eq!(limit(&body).0, Some(true), "{flags}");
        }
        let unknown = json!({"used_percent": 100, "limit_window_seconds": 604_800});
        let known =
            json!({"used_percent": 100, "limit_window_seconds": 18_000, "reset_at": NOW + 60});
        let windows =
            read(json!({"rate_limit": {"primary_window": known, "secondary_window": unknown}}));
        assert_eq!(used_up(&windows).expect("a window").name, "weekly");
    }

    /// Faults: F3
    #[test]
    fn a_clock_that_is_set_back_after_the_answer_prolongs_nothing() {
        let body = kept(json!({"rate_limit": {"primary_window": {"reset_at": NOW + 600}}}));
        let back = Clock {
            fetched_at: NOW,
            now: NOW - 86_400,
            offset: 0,
        };
        assert_eq!(windows(&body, back)[0].resets_in_seconds, Some(600));
    }

    /// Faults: F2
    #[test]
    fn what_blocks_is_named_with_the_time_at_which_the_last_of_it_resets() {
        let body = json!({"rate_limit": {
            "limit_reached": true,
            "primary_window": {"used_percent": 100, "limit_window_seconds": 18_000, "reset_at": NOW + 60},
            "secondary_window": {"used_percent": 103, "limit_window_seconds": 604_800, "reset_at": NOW + 9000},
        }});
        let windows = read(body);
        let window = used_up(&windows).expect("a window");
        assert_eq!(
            (&*window.name, window.resets_at),
            ("weekly", Some(NOW + 9000))
        );
    }

    /// Faults: F2
    #[test]
    fn a_spend_limit_is_a_limit_of_its_own_after_the_windows() {
        let body = json!({
            "rate_limit": {"primary_window": {"used_percent": 12, "limit_window_seconds": 18_000}},
            "spend_control": {"individual_limit": {
                "limit": "50", "used": "20", "used_percent": 40, "reset_after_seconds": 60,
            }},
        });
        let found = read(body.clone());
        assert_eq!(names(body), ["5 hours", "spend limit"]);
        assert_eq!(
            (found[1].used_percent, found[1].resets_at),
            (Some(40.0), Some(NOW + 60))
        );
    }

    /// Faults: F2
    #[test]
    fn a_limit_of_one_feature_blocks_nothing_else() {
        let spark = json!({"limit_name": "Spark", "rate_limit": {"allowed": false, "limit_reached": true,
            "primary_window": {"used_percent": 100, "limit_window_seconds": 18_000}}});
        let body = json!({"rate_limit": {"allowed": true, "limit_reached": false}, "additional_rate_limits": [spark]});
        assert_eq!(limit(&body), (Some(false), None));
        assert_eq!(names(body), ["Spark, 5 hours"]);
    }

    /// Faults: F2
    #[test]
    fn a_limit_of_one_feature_that_only_flags_refuse_is_shown_as_used_up() {
        let some = json!({"used_percent": 12, "limit_window_seconds": 18_000});
        for refusal in [json!({"allowed": false}), json!({"limit_reached": true})] {
            for windows in [json!({}), json!({"primary_window": some})] {
                let limit = changed(refusal.clone(), windows.clone());
                let spark = json!({"limit_name": "Spark", "rate_limit": limit});
                let found = read(json!({"additional_rate_limits": [spark]}));
                assert_eq!(found[0].name, "Spark, unknown length");
                assert_eq!(found[0].used_percent, Some(100.0));
                assert_eq!(found[0].resets_at, None);
                assert_eq!(
                    found.len(),
                    1 + windows.as_object().map_or(0, |it| it.len())
                );
            }
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
            (json!(5.39), Some("5.39")),
            (json!(-0.5), Some("-0.5")),
            (json!({"amount": 1}), None),
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
    fn a_duplicate_name_is_ignored_and_other_fields_are_not_kept() {
        let body = br#"{"plan_type":"pro","x":{"a":1,"a":2},"email":"ada@example.com"}"#;
        let kept = keep(body).expect("an object");
        assert_eq!(plan(&kept).as_deref(), Some("pro"));
        assert_eq!(kept["email"], crate::json::Value::Null);
        assert!(keep(b"[]").is_none() && keep(b"").is_none());
    }

    #[test]
    fn a_response_of_more_than_64_kib_is_not_read() {
        let access = Secret::new("at").expect("a secret");
        let request = request(&access, &Claims::default(), 30);
        assert_eq!(request.max_response_bytes, 65_536);
    }

    #[test]
    fn what_remains_is_what_is_not_used() {
        for (remaining, used) in [(100, 0.0), (60, 40.0), (0, 100.0)] {
            let body = json!({"rate_limit": {"primary_window": {"remaining_percent": remaining}}});
            assert_eq!(read(body)[0].used_percent, Some(used));
        }
    }

    #[test]
    fn windows_of_one_length_keep_their_order() {
        let window = |percent| json!({"used_percent": percent, "limit_window_seconds": 18_000});
        let both = json!({"primary_window": window(1), "secondary_window": window(2)});
        let found = read(json!({"rate_limit": both}));
        assert_eq!(
            (found[0].used_percent, found[1].used_percent),
            (Some(1.0), Some(2.0))
        );
    }

    #[test]
    fn of_two_windows_that_reset_together_the_shorter_one_is_named() {
        let window = |seconds| json!({"used_percent": 100, "limit_window_seconds": seconds, "reset_at": NOW + 60});
        let both = json!({"primary_window": window(18_000), "secondary_window": window(604_800)});
        let windows = read(json!({"rate_limit": both}));
        assert_eq!(used_up(&windows).expect("a window").name, "5 hours");
    }
}
