//! The line that a watch prints when the usage has changed.

use chatgpt_oauth::answers::connection::{UsageReport, UsageWindow};

use crate::output::{Clock, Text, format, usage};

/// What a person sees of a report: the share of each window, the limit that is reached, and
/// the credits.
pub(super) fn facts(report: &UsageReport) -> String {
    let credits = report.credits.as_ref().and_then(|it| it.balance.as_ref());
    let credits = credits.map(|balance| format!("credits {balance}"));
    let further = usage::limit(report).into_iter().chain(credits);
    let facts = report.windows.iter().map(share).chain(further);
    facts.collect::<Vec<_>>().join(", ")
}

/// The facts in one line, with the time: `14:30  5 hours 12 %, weekly 31 %`.
pub(super) fn line(report: &UsageReport, clock: &Clock) -> Text {
    Text::from(format!("{}  {}", clock.after(0), facts(report)))
}

fn share(window: &UsageWindow) -> String {
    let used = window.used_percent.map(format::full_percent);
    format!("{} {}", window.name, used.as_deref().unwrap_or("unknown"))
}

#[cfg(test)]
mod tests {
    use chatgpt_oauth::answers::connection::{Source, UsageCredits};

    use super::*;

    fn report() -> UsageReport {
        let window = |name: &str, used_percent| UsageWindow {
            name: name.to_owned(),
            used_percent,
            window_seconds: None,
            resets_at: None,
            resets_in_seconds: None,
        };
        UsageReport {
            source: Source::Api,
            plan: None,
            windows: vec![window("5 hours", Some(12.0)), window("weekly", None)],
            credits: None,
            limit_reached: Some(false),
            limit_reason: None,
            limit_name: None,
            limit_resets_at: None,
            fetched_at: 0,
        }
    }

    #[test]
    fn a_line_has_the_time_and_the_share_of_each_window() {
        let shown = line(&report(), &Clock::of_tests()).join();
        assert_eq!(shown, "09:00  5 hours 12 %, weekly unknown");
    }

    #[test]
    fn a_limit_and_the_credits_are_facts_too() {
        let mut changed = report();
        changed.limit_reached = Some(true);
        changed.limit_reason = Some("workspace_owner_credits_depleted".to_owned());
        changed.credits = Some(UsageCredits {
            has_credits: Some(false),
            unlimited: Some(false),
            balance: Some("0".to_owned()),
        });
        assert_eq!(
            facts(&changed),
            "5 hours 12 %, weekly unknown, limit reached: workspace_owner_credits_depleted, credits 0"
        );
    }
}
