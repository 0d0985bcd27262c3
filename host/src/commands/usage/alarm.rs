//! Decides, from one report after another, which windows have reached the alarm and which were
//! reset.

use std::collections::BTreeMap;

use chatgpt_oauth::answers::connection::{UsageReport, UsageWindow};

/// How much later the end of a window must be to be the end of another one, in seconds: OpenAI
/// computes it for every answer, from clocks that differ.
const ANOTHER_END: u64 = 60;

/// What happened to a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    /// Its use has reached the alarm.
    Reached,
    /// It was reset.
    Reset,
}

/// What is known about the windows.
pub(super) struct Alarm {
    percent: f64,
    windows: BTreeMap<String, Known>,
}

/// A window in the last report that had it.
struct Known {
    used_percent: f64,
    resets_at: Option<u64>,
    /// Whether the alarm was raised since the last reset.
    is_raised: bool,
}

impl Alarm {
    pub(super) fn at(percent: u8) -> Self {
        Self {
            percent: f64::from(percent),
            windows: BTreeMap::new(),
        }
    }

    /// What the report shows beyond the ones before, `now` in Unix seconds. Each crossing and
    /// each reset is returned once.
    pub(super) fn observe<'a>(
        &mut self,
        report: &'a UsageReport,
        now: u64,
    ) -> Vec<(Event, &'a UsageWindow)> {
        let mut events = Vec::new();
        for window in &report.windows {
            let Some(used_percent) = window.used_percent else {
                continue;
            };
            let before = self.windows.get(&window.name);
            let is_reset = before.is_some_and(|before| before.was_reset(window, now));
            if is_reset {
                events.push((Event::Reset, window));
            }
            let was_raised = !is_reset && before.is_some_and(|before| before.is_raised);
            let is_reached = used_percent >= self.percent;
            if is_reached && !was_raised {
                events.push((Event::Reached, window));
            }
            let known = Known {
                used_percent,
                resets_at: window.resets_at,
                is_raised: was_raised || is_reached,
            };
            self.windows.insert(window.name.clone(), known);
        }
        events
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
