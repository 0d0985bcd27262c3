use chatgpt_oauth::answers::connection::Source;

use super::*;

/// The end of the window that the tests begin with.
const END: u64 = 10_000;

fn report(windows: &[(&str, Option<f64>, u64)]) -> UsageReport {
    let window = |(name, used_percent, resets_at): &(&str, Option<f64>, u64)| UsageWindow {
        name: (*name).to_owned(),
        used_percent: *used_percent,
        window_seconds: None,
        resets_at: Some(*resets_at),
        resets_in_seconds: None,
    };
    UsageReport {
        source: Source::Api,
        plan: None,
        windows: windows.iter().map(window).collect(),
        credits: None,
        limit_reached: None,
        limit_reason: None,
        limit_name: None,
        limit_resets_at: None,
        fetched_at: 0,
    }
}

/// What an alarm at 80 % says about one window, seen at these times.
fn events(seen: &[(f64, u64, u64)]) -> Vec<Vec<Event>> {
    let mut alarm = Alarm::at(80);
    let mut observe = |&(used, resets_at, now): &(f64, u64, u64)| {
        let report = report(&[("5 hours", Some(used), resets_at)]);
        let events = alarm.observe(&report, now);
        events.into_iter().map(|(event, _)| event).collect()
    };
    seen.iter().map(&mut observe).collect()
}

#[test]
fn a_crossing_is_returned_once_even_when_the_share_falls_below_the_alarm() {
    let seen = [
        (79.9, END, 100),
        (80.0, END, 160),
        (95.0, END, 220),
        (79.0, END, 280),
        (81.0, END, 340),
    ];
    let expected = [vec![], vec![Event::Reached], vec![], vec![], vec![]];
    assert_eq!(events(&seen), expected);
}

#[test]
fn a_window_that_is_over_the_alarm_from_the_beginning_has_crossed_it() {
    assert_eq!(events(&[(100.0, END, 100)]), [[Event::Reached]]);
}

#[test]
fn a_reset_is_returned_once_and_arms_the_alarm_again() {
    let seen = [
        (90.0, END, 9_000),
        (0.0, 28_100, 10_100),
        (5.0, 28_100, 10_160),
        (85.0, 28_100, 20_000),
    ];
    let expected = [
        vec![Event::Reached],
        vec![Event::Reset],
        vec![],
        vec![Event::Reached],
    ];
    assert_eq!(events(&seen), expected);
}

#[test]
fn a_window_that_is_used_up_right_after_its_reset_is_both() {
    let seen = [(90.0, END, 9_000), (90.0, 28_000, 10_100)];
    let expected = [vec![Event::Reached], vec![Event::Reset, Event::Reached]];
    assert_eq!(events(&seen), expected);
}

#[test]
fn an_early_reset_is_a_reset() {
    let seen = [(90.0, END, 1_000), (0.0, 19_000, 1_060)];
    assert_eq!(events(&seen)[1], [Event::Reset]);
}

#[test]
fn neither_an_unused_window_nor_a_wavering_end_is_a_reset() {
    let unused = [
        (0.0, END, 100),
        (0.0, END + 300, 400),
        (1.0, END + 600, 700),
    ];
    assert!(events(&unused).concat().is_empty());
    let wavering = [
        (50.0, END, 100),
        (49.0, END + 59, 160),
        (50.0, END - 5, 220),
    ];
    assert!(events(&wavering).concat().is_empty());
}

#[test]
fn an_old_report_after_the_end_of_the_window_is_no_reset() {
    let seen = [(50.0, END, 100), (50.0, END, END + 100)];
    assert!(events(&seen).concat().is_empty());
}

#[test]
fn windows_are_told_apart_and_an_unknown_share_says_nothing() {
    let mut alarm = Alarm::at(80);
    let first = report(&[("5 hours", Some(81.0), END), ("weekly", None, END)]);
    let names = |events: Vec<(Event, &UsageWindow)>| -> Vec<_> {
        let names = events.into_iter();
        names
            .map(|(event, window)| (event, window.name.clone()))
            .collect()
    };
    let five_hours = (Event::Reached, "5 hours".to_owned());
    assert_eq!(names(alarm.observe(&first, 100)), [five_hours]);
    // A window that is missing for a while is still known.
    assert!(alarm.observe(&report(&[]), 160).is_empty());
    let third = report(&[("5 hours", Some(82.0), END), ("weekly", Some(90.0), END)]);
    let weekly = (Event::Reached, "weekly".to_owned());
    assert_eq!(names(alarm.observe(&third, 220)), [weekly]);
}
