//! Decides, from one report after another, which limits have reached the alarm and which were
//! reset.

use std::collections::BTreeMap;

use chatgpt_oauth::answers::connection::{UsageReport, UsageWindow};

/// How much later the end of a window must be to be the end of another one, in seconds: OpenAI
/// computes it for every answer, from clocks that differ.
const ANOTHER_END: u64 = 60;

/// What happened to a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    /// Its use has reached the alarm.
    Reached,
    /// It was reset.
    Reset,
}

/// What is known about the limits.
pub(super) struct Alarm {
    percent: f64,
    windows: BTreeMap<String, Known>,
    /// The limit of no window, such as used up credits, while it is reached.
    limit: Option<UsageWindow>,
}

/// A window in the last report that had it.
struct Known {
    used_percent: f64,
    /// Stays known when the window has ended: a report then names no end.
    resets_at: Option<u64>,
    /// Whether the alarm was raised since the last reset.
    is_raised: bool,
}

impl Alarm {
    pub(super) fn at(percent: u8) -> Self {
        Self {
            percent: f64::from(percent),
            windows: BTreeMap::new(),
            limit: None,
        }
    }

    /// What the report shows beyond the ones before. Each crossing and each reset is returned
    /// once. `now`, in Unix seconds, is the time if the report does not tell OpenAI's.
    pub(super) fn observe(&mut self, report: &UsageReport, now: u64) -> Vec<(Event, UsageWindow)> {
        let now = now_of_service(report).unwrap_or(now);
        let mut events = Vec::new();
        for window in &report.windows {
            let of_window = self.observe_window(window, now);
            events.extend(of_window.into_iter().map(|event| (event, window.clone())));
        }
        events.extend(self.observe_limit(report));
        events
    }

    fn observe_window(&mut self, window: &UsageWindow, now: u64) -> Vec<Event> {
        let Some(used_percent) = window.used_percent else {
            return Vec::new();
        };
        let before = self.windows.get(&window.name);
        let is_reset = before.is_some_and(|before| before.was_reset(window, now));
        let was_raised = !is_reset && before.is_some_and(|before| before.is_raised);
        let is_reached = used_percent >= self.percent;
        let known = Known {
            used_percent,
            resets_at: window.resets_at.or(before.and_then(|it| it.resets_at)),
            is_raised: was_raised || is_reached,
        };
        self.windows.insert(window.name.clone(), known);
        let reset = is_reset.then_some(Event::Reset);
        let reached = (is_reached && !was_raised).then_some(Event::Reached);
        reset.into_iter().chain(reached).collect()
    }

    /// A limit that belongs to no window has no percentage: it raises every alarm.
    fn observe_limit(&mut self, report: &UsageReport) -> Option<(Event, UsageWindow)> {
        match (report.limit_reached?, self.limit.take()) {
            (true, None) if report.limit_name.is_none() => {
                let limit = limit_of_no_window(report);
                self.limit = Some(limit.clone());
                Some((Event::Reached, limit))
            }
            (true, known) => {
                self.limit = known;
                None
            }
            (false, known) => Some((Event::Reset, known?)),
        }
    }
}

/// The time at OpenAI when the report was made, if the report tells.
fn now_of_service(report: &UsageReport) -> Option<u64> {
    let mut windows = report.windows.iter();
    windows.find_map(|window| window.resets_at?.checked_sub(window.resets_in_seconds?))
}

fn limit_of_no_window(report: &UsageReport) -> UsageWindow {
    UsageWindow {
        name: report.limit_reason.as_deref().unwrap_or("limit").to_owned(),
        used_percent: None,
        window_seconds: None,
        resets_at: None,
        resets_in_seconds: None,
    }
}

impl Known {
    /// Whether the window ends later than this one, because this one has ended, or because
    /// OpenAI has reset it early. The end of an unused window moves on by itself.
    fn was_reset(&self, window: &UsageWindow, now: u64) -> bool {
        let (Some(end), Some(next_end)) = (self.resets_at, window.resets_at) else {
            return false;
        };
        let is_less = window
            .used_percent
            .is_some_and(|used| used < self.used_percent);
        next_end > end + ANOTHER_END && (now >= end || is_less)
    }
}

#[cfg(test)]
mod tests;
