//! Formats time spans and numbers for people.

/// A time span in its two largest units: `9 days 23 h`, `2 h 05 min`.
pub(crate) fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes:02} min"),
        (1, _, _) => format!("1 day {hours} h"),
        _ => format!("{days} days {hours} h"),
    }
}

/// A countdown: `14:59`.
pub(crate) fn countdown(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A number in groups of three digits: `272,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A percentage, rounded down: `100 %` means that nothing is left, and `0 %` that
/// nothing is used.
pub(crate) fn full_percent(percent: f64) -> String {
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
            (3661, "1 h 01 min"),
            (90_000, "1 day 1 h"),
            (863_999, "9 days 23 h"),
        ];
        for (seconds, words) in spans {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn a_large_number_has_groups_of_three_digits() {
        let numbers = [0, 999, 1000, 272_000, 1_050_000].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "272,000", "1,050,000"]);
    }

    #[test]
    fn a_countdown_has_two_digits_for_its_seconds() {
        assert_eq!(countdown(899), "14:59");
        assert_eq!(countdown(5), "0:05");
    }
}
