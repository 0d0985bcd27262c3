//! The page of a person who has signed in.

use chatgpt_oauth::links::LinkRecord;
use chatgpt_oauth::types::{LoginProgress, UsageWindow};
use maud::{Markup, html};

use super::{Page, button, form};
use crate::connect::texts::{Texts, with};

/// What the names of models begin with.
const PREFIX: &str = "openai-codex/";

pub(super) fn page(texts: &Texts, record: &LinkRecord, progress: &LoginProgress) -> Page {
    let email = progress.email.as_deref().unwrap_or(texts.account_unknown);
    let windows = progress.usage.as_ref().map(|usage| &usage.windows);
    let models = progress.available_models.as_deref().unwrap_or_default();
    let main = html! {
        dl {
            dt { (texts.account) }
            dd { (email) }
            @if let Some(plan) = &progress.plan {
                dt { (texts.plan) }
                dd { (plan) }
            }
            dt { (texts.profile) }
            dd { (record.profile.as_str()) }
            dt { (texts.who_asks) }
            dd { bdi { (record.asks.as_str()) } }
        }
        p { (texts.close_page) }
        @if let Some(windows) = windows.filter(|windows| !windows.is_empty()) {
            h2 { (texts.usage) }
            ul.windows {
                @for one in windows { (window(texts, one)) }
            }
        }
        @if !models.is_empty() {
            h2 { (texts.models) }
            ul.models {
                @for id in models { li { (id.strip_prefix(PREFIX).unwrap_or(id)) } }
            }
        }
        (form(html! {
            (button("start-over", None, texts.not_my_account))
            (button("disconnect", None, texts.disconnect))
        }))
        p.muted { (texts.not_my_account_what) }
    };
    Page::new(texts.account_title, main)
}

fn window(texts: &Texts, window: &UsageWindow) -> Markup {
    let percent = window.used_percent.map(full_percent);
    let used = match percent {
        Some(percent) => with(texts.used, &percent.to_string()),
        None => texts.usage_unknown.to_owned(),
    };
    let resets = window.resets_in_seconds.map(|seconds| texts.span(seconds));
    let resets = resets.map(|span| format!(", {}", with(texts.resets_in, &span)));
    html! {
        li {
            div {
                strong { (texts.window(window.window_seconds, &window.name)) }
                span.muted { (used) (resets.unwrap_or_default()) }
            }
            svg.bar viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" {
                rect width=(percent.unwrap_or(0)) height="1" {}
            }
        }
    }
}

/// A percentage, rounded down: 100 means that nothing is left, and 0 that nothing is used.
fn full_percent(percent: f64) -> u64 {
    match percent > 0.0 && percent < 1.0 {
        true => 1,
        false => percent as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::full_percent;

    /// Faults: F15
    #[test]
    fn a_window_is_empty_or_full_only_when_that_is_exact() {
        for (percent, shown) in [(0.0, 0), (0.2, 1), (12.9, 12), (99.6, 99), (100.0, 100)] {
            assert_eq!(full_percent(percent), shown, "{percent}");
        }
    }
}
