use chatgpt_oauth::answers::connection::Source;

use super::*;

/// The end of the window that the tests begin with.
const END: Option<u64> = Some(10_000);

/// A window: its name, its share and its end.
type Window = (&'static str, Option<f64>, Option<u64>);

fn report(windows: &[Window]) -> UsageReport {
    let window = |&(name, used_percent, resets_at): &Window| UsageWindow {
        name: name.to_owned(),
        used_percent,
        window_seconds: None,
        resets_at,
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
fn events(seen: &[(f64, Option<u64>, u64)]) -> Vec<Vec<Event>> {
    let mut alarm = Alarm::at(80);
    let mut observe = |&(used, resets_at, now): &(f64, Option<u64>, u64)| {
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
        (0.0, Some(28_100), 10_100),
        (5.0, Some(28_100), 10_160),
        (85.0, Some(28_100), 20_000),
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
    let seen = [(90.0, END, 9_000), (90.0, Some(28_000), 10_100)];
    let expected = [vec![Event::Reached], vec![Event::Reset, Event::Reached]];
    assert_eq!(events(&seen), expected);
}

#[test]
fn an_early_reset_is_a_reset() {
    let seen = [(90.0, END, 1_000), (0.0, Some(19_000), 1_060)];
    assert_eq!(events(&seen)[1], [Event::Reset]);
}

#[test]
fn neither_an_unused_window_nor_a_wavering_end_is_a_reset() {
    let unused = [
        (0.0, END, 100),
        (0.0, Some(10_300), 400),
        (1.0, Some(10_600), 700),
    ];
    assert!(events(&unused).concat().is_empty());
    let wavering = [
        (50.0, END, 100),
        (49.0, Some(10_059), 160),
        (50.0, Some(9_995), 220),
    ];
    assert!(events(&wavering).concat().is_empty());
}

#[test]
fn an_old_report_after_the_end_of_the_window_is_no_reset() {
    // A window that has ended has no end in a report.
    for end in [END, None] {
        let seen = [(50.0, END, 100), (50.0, end, 10_100)];
        assert!(events(&seen).concat().is_empty());
    }
}

#[test]
fn a_reset_after_a_report_of_the_ended_window_is_returned() {
    let seen = [
        (90.0, END, 100),
        (90.0, None, 10_100),
        (0.0, Some(28_100), 10_160),
    ];
    let expected = [vec![Event::Reached], vec![], vec![Event::Reset]];
    assert_eq!(events(&seen), expected);
}

#[test]
fn the_end_of_a_window_counts_by_the_clock_of_its_report() {
    let mut alarm = Alarm::at(80);
    let mut observe = |resets_at, resets_in_seconds, now| {
        let mut report = report(&[("5 hours", Some(0.0), Some(resets_at))]);
        report.windows[0].resets_in_seconds = Some(resets_in_seconds);
        alarm.observe(&report, now).len()
    };
    // This machine's clock is fast. The window is unused, and its end moves on.
    assert_eq!(observe(10_000, 9_900, 20_000), 0);
    assert_eq!(observe(10_300, 9_900, 20_300), 0);
    // It is slow, and the window has ended.
    assert_eq!(observe(28_400, 18_000, 100), 1);
}

/// What an alarm at 80 % says about these limits, one after another: whether one is reached,
/// why, and which window it is.
fn events_of_limits(
    limits: &[(Option<bool>, Option<&str>, Option<&str>)],
) -> Vec<Vec<(Event, String)>> {
    let mut alarm = Alarm::at(80);
    let mut observe = |&(reached, reason, window): &(Option<bool>, Option<&str>, Option<&str>)| {
        let mut report = report(&[("5 hours", Some(10.0), END)]);
        report.limit_reached = reached;
        report.limit_reason = reason.map(str::to_owned);
        report.limit_name = window.map(str::to_owned);
        let events = alarm.observe(&report, 100).into_iter();
        events.map(|(event, window)| (event, window.name)).collect()
    };
    limits.iter().map(&mut observe).collect()
}

#[test]
fn a_limit_of_no_window_reaches_every_alarm_once_until_it_is_reset() {
    let depleted = "workspace_owner_credits_depleted";
    let reached = (Some(true), Some(depleted), None);
    let seen = [
        reached,
        reached,
        (None, None, None),
        (Some(false), None, None),
        reached,
    ];
    let event = |event| vec![(event, depleted.to_owned())];
    let expected = [
        event(Event::Reached),
        vec![],
        vec![],
        event(Event::Reset),
        event(Event::Reached),
    ];
    assert_eq!(events_of_limits(&seen), expected);
}

#[test]
fn a_limit_of_a_window_is_that_of_the_window() {
    let window = (Some(true), Some("rate_limit_reached"), Some("5 hours"));
    let seen = [window, (Some(false), None, None)];
    assert!(events_of_limits(&seen).concat().is_empty());
}

#[test]
fn windows_are_told_apart_and_an_unknown_share_says_nothing() {
    let mut alarm = Alarm::at(80);
    let first = report(&[("5 hours", Some(81.0), END), ("weekly", None, END)]);
    let names = |events: Vec<(Event, UsageWindow)>| -> Vec<_> {
        let names = events.into_iter();
        names.map(|(event, window)| (event, window.name)).collect()
    };
    let five_hours = (Event::Reached, "5 hours".to_owned());
    assert_eq!(names(alarm.observe(&first, 100)), [five_hours]);
    // A window that is missing for a while is still known.
    assert!(alarm.observe(&report(&[]), 160).is_empty());
    let third = report(&[("5 hours", Some(82.0), END), ("weekly", Some(90.0), END)]);
    let weekly = (Event::Reached, "weekly".to_owned());
    assert_eq!(names(alarm.observe(&third, 220)), [weekly]);
}
