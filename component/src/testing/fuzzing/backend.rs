//! Responses of chatgpt.com.

use super::NOW;
use super::promises::is_displayable;
use super::records::copied;
use super::wire::response;
use crate::contract::{Model, UsageWindow};
use crate::json::Value;
use crate::openai::{Response, models as models_wire, usage as usage_wire};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The response to a request for the models.
pub fn models(bytes: &[u8]) -> &'static str {
    let response = Response::read(response(bytes), NOW);
    let Some(models) = models_wire::read(&response.body) else {
        return "refused";
    };
    let ranks = models
        .iter()
        .map(|model| model.priority.unwrap_or(i64::MAX));
    assert!(ranks.is_sorted() && models.len() <= 500);
    let kept = models_wire::to_cache(&models);
    assert!(kept.to_bytes().len() <= 240 * 1024);
    assert_eq!(shown_models(&copied(kept)), format!("{models:?}"));
    "taken"
}

/// The response to a request for the usage.
pub fn usage(bytes: &[u8]) -> &'static str {
    let response = Response::read(response(bytes), NOW);
    let Some(kept) = usage_wire::keep(&response.body) else {
        return "refused";
    };
    let shown = shown_usage(&kept, NOW);
    assert_eq!(shown_usage(&copied(kept), NOW), shown);
    "taken"
}

/// What a caller sees of a kept list.
pub(super) fn shown_models(kept: &Value) -> String {
    let models = models_wire::from_cache(kept);
    models.iter().for_each(is_model);
    format!("{models:?}")
}

fn is_model(model: &Model) {
    assert_eq!(model.id, format!("openai-codex/{}", model.slug));
    is_displayable(&model.slug, 100);
    assert!(!model.slug.contains(' '));
    if let Some(name) = &model.display_name {
        is_displayable(name, 100);
    }
    if let Some(description) = &model.description {
        is_displayable(description, 500);
    }
    let words = [&model.reasoning_levels, &model.input_modalities];
    for list in words {
        assert!(list.len() <= 20);
        list.iter().for_each(|word| is_displayable(word, 40));
    }
}

/// What a caller sees of a kept usage that was fetched at `fetched_at`.
pub(super) fn shown_usage(kept: &Value, fetched_at: u64) -> String {
    let plan = usage_wire::plan(kept);
    if let Some(plan) = &plan {
        is_displayable(plan, 60);
    }
    let clock = usage_wire::Clock {
        fetched_at,
        now: NOW,
        offset: 0,
    };
    let mut windows = usage_wire::windows(kept, clock);
    let reason = usage_wire::reason(kept, usage_wire::used_up(&windows));
    windows.extend(usage_wire::additional_windows(kept, clock));
    assert!(windows.len() <= 2 * 21 + 1);
    let now = NOW.max(fetched_at);
    windows.iter().for_each(|window| is_window(window, now));
    // The last digits of a fraction may differ in the cache.
    let millionths = |window: &UsageWindow| window.used_percent.map(|used| (used * 1e6).round());
    let used: Vec<Option<f64>> = windows.iter().map(millionths).collect();
    let whole = |window| UsageWindow {
        used_percent: None,
        ..window
    };
    let windows: Vec<UsageWindow> = windows.into_iter().map(whole).collect();
    let credits = usage_wire::credits(kept);
    if let Some(balance) = credits
        .as_ref()
        .and_then(|credits| credits.balance.as_ref())
    {
        is_displayable(balance, 40);
    }
    let limit_reached = usage_wire::limit_reached(kept, reason.as_deref());
    if let Some(reason) = &reason {
        is_displayable(reason, 64);
        assert_eq!(limit_reached, Some(true));
    }
    format!("{plan:?} {windows:?} {used:?} {credits:?} {limit_reached:?} {reason:?}")
}

fn is_window(window: &UsageWindow, now: u64) {
    is_displayable(&window.name, 140);
    assert!(
        window
            .used_percent
            .is_none_or(|used| (0.0..=100.0).contains(&used))
    );
    assert!(window.window_seconds != Some(0));
    let left = window.resets_at.map(|at| at.checked_sub(now));
    assert_eq!(left.unwrap_or(None), window.resets_in_seconds);
    assert!(window.resets_in_seconds != Some(0));
}
