//! The headers of a model's answer: limits of the plan, and what belongs to the conversation.

use serde_json::Value;

use super::call::Call;
use crate::endpoints::{models, usage};
use crate::random;

pub(super) fn of(call: &Call<'_>) -> Vec<(&'static str, String)> {
    let plan = &call.account.plan_type;
    let (primary, secondary) = usage::windows(plan, call.now);
    let mut headers = vec![
        ("openai-model", call.model().to_owned()),
        ("x-request-id", random::id("req_")),
        ("cf-ray", random::id("")[..16].to_owned() + "-FRA"),
        (
            "x-models-etag",
            models::etag(&call.account, client_version(call)),
        ),
        ("x-reasoning-included", "true".to_owned()),
        ("x-codex-turn-state", turn_state(call)),
        ("x-codex-plan-type", plan.clone()),
        ("x-codex-active-limit", "codex".to_owned()),
        ("x-codex-credits-has-credits", "false".to_owned()),
        ("x-codex-credits-unlimited", "false".to_owned()),
        ("x-codex-credits-balance", "0".to_owned()),
    ];
    headers.extend(window(&primary, PRIMARY));
    headers.extend(window(&secondary, SECONDARY));
    headers
}

/// The names of a window's headers.
type Names = [&'static str; 4];

const PRIMARY: Names = [
    "x-codex-primary-used-percent",
    "x-codex-primary-window-minutes",
    "x-codex-primary-reset-after-seconds",
    "x-codex-primary-reset-at",
];
const SECONDARY: Names = [
    "x-codex-secondary-used-percent",
    "x-codex-secondary-window-minutes",
    "x-codex-secondary-reset-after-seconds",
    "x-codex-secondary-reset-at",
];

/// None, if the plan does not have the window.
fn window(window: &Value, names: Names) -> Vec<(&'static str, String)> {
    let Some(seconds) = window["limit_window_seconds"].as_i64() else {
        return Vec::new();
    };
    let values = [
        window["used_percent"].to_string(),
        (seconds / 60).to_string(),
        window["reset_after_seconds"].to_string(),
        window["reset_at"].to_string(),
    ];
    names.into_iter().zip(values).collect()
}

/// The client's own, which keeps a turn at one machine; otherwise a new one.
fn turn_state(call: &Call<'_>) -> String {
    call.request
        .header("x-codex-turn-state")
        .map_or_else(|| random::id("ts_"), str::to_owned)
}

/// The version that decides which models the client gets.
fn client_version<'a>(call: &'a Call<'_>) -> &'a str {
    call.request.header("version").unwrap_or("0.0.0")
}
