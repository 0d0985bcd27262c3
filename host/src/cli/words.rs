//! Numbers in words.

use chatgpt_oauth::contract::{UsageReport, UsageWindow};

/// A time span, by its two largest units: `9 days 23 h`.
pub(crate) fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (1, _, _) => format!("1 day {hours} h"),
        _ => format!("{days} days {hours} h"),
    }
}

/// A countdown: `14:59`.
pub(crate) fn countdown(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The usage, a line a window.
pub(crate) fn usage(report: &UsageReport) -> String {
    let mut lines: Vec<String> = report.windows.iter().map(window).collect();
    if lines.is_empty() {
        lines.push("no limits reported".to_owned());
    }
    if report.limit_reached == Some(true) {
        lines.push("a limit is reached".to_owned());
    }
    if let Some(balance) = report
        .credits
        .as_ref()
        .and_then(|credits| credits.balance.as_ref())
    {
        lines.push(format!("credits: {balance}"));
    }
    lines.join("\n")
}

fn window(window: &UsageWindow) -> String {
    let used = match window.used_percent {
        Some(percent) => format!("{} used", full_percent(percent)),
        None => "usage unknown".to_owned(),
    };
    match window.resets_in_seconds {
        Some(seconds) => format!("{}: {used}, starts anew in {}", window.name, span(seconds)),
        None => format!("{}: {used}", window.name),
    }
}

/// A share, rounded down: 100 % stands for a window with nothing left, and 0 % for
/// one of which nothing is used.
fn full_percent(percent: f64) -> String {
    match percent > 0.0 && percent < 1.0 {
        true => "under 1 %".to_owned(),
        false => format!("{} %", percent as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: F15
    #[test]
    fn a_window_is_shown_as_used_up_only_when_it_is_and_as_unused_only_when_it_is() {
        let shares = [
            (0.0, "0 %"),
            (-0.0, "0 %"),
            (0.004, "under 1 %"),
            (0.6, "under 1 %"),
            (1.0, "1 %"),
            (12.5, "12 %"),
            (99.6, "99 %"),
            (99.999, "99 %"),
            (100.0, "100 %"),
        ];
        for (percent, words) in shares {
            assert_eq!(full_percent(percent), words, "{percent}");
        }
    }

    #[test]
    fn a_span_is_told_by_its_largest_units() {
        let spans = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3661, "1 h 1 min"),
            (90_000, "1 day 1 h"),
            (863_999, "9 days 23 h"),
        ];
        for (seconds, words) in spans {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn a_countdown_has_two_digits_for_its_seconds() {
        assert_eq!(countdown(899), "14:59");
        assert_eq!(countdown(5), "0:05");
    }
}
