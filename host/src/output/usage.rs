//! The usage: a bar for each window on a terminal, and a line for each elsewhere.

use anstyle::Style;
use chatgpt_oauth::answers::connection::{UsageReport, UsageWindow};

use super::pace::{self, Pace};
use super::text::{BAD, FAINT, GOOD, Line, STRONG, Text, WARNING};
use super::{Clock, format};

/// The longest bar, in columns.
const LONGEST_BAR: usize = 60;

/// The usage as text, drawn in so many columns.
pub(crate) fn to_text(report: &UsageReport, canvas: Option<usize>, clock: &Clock) -> Text {
    let mut text = Text::default();
    for window in &report.windows {
        match canvas {
            Some(columns) => text.paragraph(drawn(window, columns.min(LONGEST_BAR), clock)),
            None => text.push(Line::new(in_one_line(window, clock))),
        }
    }
    let mut rest = Text::default();
    match limit_with_reset(report, clock) {
        Some(limit) => rest.push(Line::styled(BAD, limit)),
        None if report.windows.is_empty() => rest.push(Line::new("no limits reported")),
        None => {}
    }
    let credits = report.credits.as_ref();
    rest.field("credits", credits.and_then(|it| it.balance.as_ref()));
    text.part(rest, canvas);
    text
}

/// A window: its name and share, a bar, and what follows from them.
fn drawn(window: &UsageWindow, columns: usize, clock: &Clock) -> Text {
    let mut text = Text::default();
    let used = used(window);
    let name = Line::styled(STRONG, &window.name);
    match columns.saturating_sub(name.width() + used.len()) {
        0 => {
            text.push(name);
            text.push(Line::new(used));
        }
        gap => text.push(name.then(" ".repeat(gap)).then(used)),
    }
    if let Some(percent) = window.used_percent {
        text.push(bar(percent, columns));
    }
    if let Some(reset) = reset(window, clock) {
        text.push(Line::styled(FAINT, reset));
    }
    if let Some((style, pace)) = pace(window, clock) {
        text.push(Line::styled(style, pace));
    }
    text
}

/// A bar that is full only when nothing is left, and empty only when nothing is used.
fn bar(percent: f64, columns: usize) -> Line {
    let filled = (percent / 100.0 * columns as f64) as usize;
    let least = usize::from(percent > 0.0);
    let filled = filled.max(least).min(columns);
    let style = match percent {
        90.0.. => BAD,
        75.0.. => WARNING,
        _ => GOOD,
    };
    let rest = "░".repeat(columns - filled);
    let bar = Line::default().then_styled(style, "█".repeat(filled));
    bar.then_styled(FAINT, rest)
}

/// A window as words: `5 hours: 12 % used, resets 14:30, in 2 h 05 min`.
fn in_one_line(window: &UsageWindow, clock: &Clock) -> String {
    let facts = [
        Some(format!("{}: {}", window.name, used(window))),
        reset(window, clock),
        pace(window, clock).map(|(_, pace)| pace),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn used(window: &UsageWindow) -> String {
    match window.used_percent {
        Some(percent) => format!("{} used", format::full_percent(percent)),
        None => "usage unknown".to_owned(),
    }
}

fn reset(window: &UsageWindow, clock: &Clock) -> Option<String> {
    match (window.resets_in_seconds, window.resets_at) {
        // The report is from a cache, and the window has ended since then.
        (Some(0), Some(at)) => Some(format!("has reset {}", clock.at(at))),
        (left, _) => left.map(|left| format!("resets {}", clock.after_with_span(left))),
    }
}

fn pace(window: &UsageWindow, clock: &Clock) -> Option<(Style, String)> {
    Some(match pace::of(window)? {
        Pace::UsedUpIn(seconds) => {
            let end = clock.after(seconds);
            (WARNING, format!("at this rate used up by {end}"))
        }
        Pace::Enough => (FAINT, "at this rate enough until the reset".to_owned()),
    })
}

/// The limit, if one is reached: `limit reached: weekly (rate_limit_reached)`.
pub(crate) fn limit(report: &UsageReport) -> Option<String> {
    let reason = report.limit_reason.as_deref().unwrap_or("unknown");
    (report.limit_reached == Some(true)).then(|| match &report.limit_name {
        Some(name) => format!("limit reached: {name} ({reason})"),
        None => format!("limit reached: {reason}"),
    })
}

/// The same, and when its window resets.
fn limit_with_reset(report: &UsageReport, clock: &Clock) -> Option<String> {
    let limit = limit(report)?;
    let windows = report.windows.iter();
    let reset = windows
        .filter(|window| Some(&window.name) == report.limit_name.as_ref())
        .find_map(|window| reset(window, clock));
    Some(match reset {
        Some(reset) => format!("{limit}, {reset}"),
        None => limit,
    })
}

#[cfg(test)]
mod tests;
