use chatgpt_oauth::answers::connection::{Source, UsageCredits};
use textwrap::core::display_width;

use super::*;

fn window(name: &str, used_percent: Option<f64>, resets_in_seconds: Option<u64>) -> UsageWindow {
    UsageWindow {
        name: name.to_owned(),
        used_percent,
        window_seconds: Some(18_000),
        resets_at: Some(1_799_999_000),
        resets_in_seconds,
    }
}

fn report(windows: Vec<UsageWindow>) -> UsageReport {
    UsageReport {
        source: Source::Api,
        plan: None,
        windows,
        credits: None,
        limit_reached: None,
        limit_reason: None,
        limit_name: None,
        limit_resets_at: None,
        fetched_at: 0,
    }
}

/// The rows at this width, as a terminal without colors shows them.
fn rows(report: &UsageReport, columns: usize) -> Vec<String> {
    let text = to_text(report, Some(columns), &Clock::of_tests());
    let rows = text.wrap(Some(columns));
    let rows = anstream::adapter::strip_str(&rows).to_string();
    rows.lines().map(str::to_owned).collect()
}

#[test]
fn a_window_has_a_bar_its_share_its_reset_and_its_pace() {
    let used = report(vec![window("5 hours", Some(50.0), Some(14_400))]);
    let expected = [
        "5 hours                       50 % used",
        "███████████████████░░░░░░░░░░░░░░░░░░░░",
        "resets 13:00, in 4 h 00 min",
        "at this rate used up by 10:00",
    ];
    assert_eq!(rows(&used, 39)[..4], expected);
    let lines = to_text(&used, None, &Clock::of_tests()).join();
    let expected = "5 hours: 50 % used, resets 13:00, in 4 h 00 min, at this rate used up by 10:00";
    assert_eq!(lines, expected);
}

#[test]
fn no_row_is_wider_than_the_terminal() {
    let name = "a limit with a name of several words, weekly";
    let mut used = report(vec![
        window(name, Some(99.9), Some(14_400)),
        window("5 hours", None, Some(0)),
    ]);
    used.limit_reached = Some(true);
    used.limit_name = Some(name.to_owned());
    used.limit_reason = Some("credits".to_owned());
    for columns in [19, 39, 59, 79] {
        for row in rows(&used, columns) {
            assert!(display_width(&row) <= columns, "{columns}: {row}");
        }
    }
}

#[test]
fn a_bar_is_full_or_empty_only_when_that_is_exact() {
    let filled = |percent| {
        let mut text = Text::default();
        text.push(bar(percent, 20));
        text.join().matches('█').count()
    };
    let shares = [(0.0, 0), (0.1, 1), (50.0, 10), (99.9, 19), (100.0, 20)];
    assert_eq!(
        shares.map(|(percent, _)| filled(percent)),
        shares.map(|(_, n)| n)
    );
}

/// Faults: F2
#[test]
fn a_reached_limit_is_shown_with_its_reason_and_its_reset() {
    let reason = "workspace_owner_credits_depleted";
    let mut reached = report(Vec::new());
    reached.limit_reached = Some(true);
    reached.limit_reason = Some(reason.to_owned());
    let shown = |report: &UsageReport| to_text(report, None, &Clock::of_tests()).join();
    assert_eq!(shown(&reached), format!("limit reached: {reason}"));
    reached.windows = vec![window("weekly", Some(100.0), Some(7200))];
    reached.limit_name = Some("weekly".to_owned());
    let line = format!("limit reached: weekly ({reason}), resets 11:00, in 2 h 00 min");
    assert_eq!(shown(&reached).lines().last(), Some(&*line));
}

#[test]
fn a_window_that_ended_since_the_report_says_so() {
    let old = report(vec![window("5 hours", Some(12.0), Some(0))]);
    let shown = to_text(&old, None, &Clock::of_tests()).join();
    assert!(shown.contains("12 % used, has reset 08:43"), "{shown}");
}

#[test]
fn credits_and_missing_limits_are_named() {
    let mut none = report(Vec::new());
    none.credits = Some(UsageCredits {
        has_credits: Some(true),
        unlimited: Some(false),
        balance: Some("12.5".to_owned()),
    });
    let shown = to_text(&none, None, &Clock::of_tests()).join();
    assert_eq!(shown, "no limits reported\ncredits: 12.5");
}
