//! Formats time spans and the usage for people.

use chatgpt_oauth::types::{UsageReport, UsageWindow};

/// A time span in its two largest units: `9 days 23 h`.
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

/// The usage, one line for each window.
pub(crate) fn usage(report: &UsageReport) -> String {
    let mut lines: Vec<String> = report.windows.iter().map(window).collect();
    if report.limit_reached == Some(true) {
        lines.push(limit(report));
    } else if lines.is_empty() {
        lines.push("no limits reported".to_owned());
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

/// The limit that is reached, and when it resets.
fn limit(report: &UsageReport) -> String {
    let reason = report.limit_reason.as_deref().unwrap_or("unknown");
    let Some(name) = &report.limit_name else {
        return format!("limit reached: {reason}");
    };
    let windows = report.windows.iter();
    let until = windows
        .filter(|window| &window.name == name)
        .find_map(|window| window.resets_in_seconds);
    match until {
        Some(seconds) => format!(
            "limit reached: {name} ({reason}), resets in {}",
            span(seconds)
        ),
        None => format!("limit reached: {name} ({reason})"),
    }
}

fn window(window: &UsageWindow) -> String {
    let used = match window.used_percent {
        Some(percent) => format!("{} used", full_percent(percent)),
        None => "usage unknown".to_owned(),
    };
    match window.resets_in_seconds {
        Some(seconds) => format!("{}: {used}, resets in {}", window.name, span(seconds)),
        None => format!("{}: {used}", window.name),
    }
}

/// A percentage, rounded down: `100 %` means that nothing is left, and `0 %` that
/// nothing is used.
fn full_percent(percent: f64) -> String {
    match percent > 0.0 && percent < 1.0 {
        true => "under 1 %".to_owned(),
        false => format!("{} %", percent as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatgpt_oauth::types::AnswerSource;

    /// Faults: F15
    #[test]
    fn a_window_shows_0_or_100_percent_only_when_that_is_exact() {
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
    fn a_span_shows_its_two_largest_units() {
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

    fn report(limit_name: Option<&str>, resets_in_seconds: Option<u64>) -> UsageReport {
        let window = UsageWindow {
            name: "weekly".to_owned(),
            used_percent: Some(100.0),
            window_seconds: Some(604_800),
            resets_at: None,
            resets_in_seconds,
        };
        UsageReport {
            source: AnswerSource::Api,
            plan: None,
            windows: limit_name.map(|_| window).into_iter().collect(),
            credits: None,
            limit_reached: Some(true),
            limit_reason: Some("workspace_owner_credits_depleted".to_owned()),
            limit_name: limit_name.map(str::to_owned),
            limit_resets_at: None,
            fetched_at: 0,
        }
    }

    /// Faults: F2
    #[test]
    fn a_reached_limit_is_shown_with_its_reason_and_its_reset() {
        let reason = "workspace_owner_credits_depleted";
        assert_eq!(
            usage(&report(None, None)),
            format!("limit reached: {reason}")
        );
        let text = usage(&report(Some("weekly"), Some(7200)));
        let line = format!("limit reached: weekly ({reason}), resets in 2 h 0 min");
        assert_eq!(text.lines().last(), Some(&*line));
    }

    #[test]
    fn a_countdown_has_two_digits_for_its_seconds() {
        assert_eq!(countdown(899), "14:59");
        assert_eq!(countdown(5), "0:05");
    }
}
