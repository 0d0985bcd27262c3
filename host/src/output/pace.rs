//! How long a window lasts at the rate at which it is used.

use chatgpt_oauth::answers::connection::UsageWindow;

/// The part of a window that must have passed: before that, a single call looks like a rate.
const MEANINGFUL_AFTER: f64 = 0.05;

/// What the rate of use leads to.
#[derive(Debug, PartialEq)]
pub(super) enum Pace {
    /// The window is used up in so many seconds, before it resets.
    UsedUpIn(u64),
    /// The window resets before it is used up.
    Enough,
}

/// The pace of a window: what is used, divided by the part of the window that has passed.
/// `None` while that says little, when nothing or everything is used, and when the window has
/// ended.
pub(super) fn of(window: &UsageWindow) -> Option<Pace> {
    let used = window
        .used_percent
        .filter(|used| *used > 0.0 && *used < 100.0)?;
    let (length, left) = (
        window.window_seconds? as f64,
        window.resets_in_seconds? as f64,
    );
    let elapsed = length - left;
    if left <= 0.0 || elapsed <= 0.0 || elapsed < length * MEANINGFUL_AFTER {
        return None;
    }
    let lasts = elapsed / used * (100.0 - used);
    Some(match lasts < left {
        true => Pace::UsedUpIn(lasts as u64),
        false => Pace::Enough,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(used: Option<f64>, resets_in_seconds: u64) -> UsageWindow {
        UsageWindow {
            name: "5 hours".to_owned(),
            used_percent: used,
            window_seconds: Some(18_000),
            resets_at: None,
            resets_in_seconds: Some(resets_in_seconds),
        }
    }

    #[test]
    fn the_pace_is_shown_after_a_twentieth_of_the_window() {
        let cases = [
            // An hour of five.
            (Some(50.0), 14_400, Some(Pace::UsedUpIn(3600))),
            (Some(20.0), 14_400, Some(Pace::Enough)),
            (Some(90.0), 17_101, None),
            (Some(90.0), 17_100, Some(Pace::UsedUpIn(100))),
            // Nothing and everything have no rate, and an unknown share has none.
            (Some(0.0), 3600, None),
            (Some(100.0), 3600, None),
            (None, 3600, None),
            (Some(50.0), 0, None),
            // The clocks disagree.
            (Some(50.0), 20_000, None),
        ];
        for (used, left, pace) in cases {
            assert_eq!(of(&window(used, left)), pace, "{used:?} {left}");
        }
    }
}
