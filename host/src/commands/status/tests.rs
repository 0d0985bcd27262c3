use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::connection::{Source, UsageReport, UsageWindow};
use textwrap::core::display_width;

use super::*;

fn connected() -> Status {
    let window = UsageWindow {
        name: "5 hours".to_owned(),
        used_percent: Some(12.0),
        window_seconds: Some(18_000),
        resets_at: Some(1_800_018_000),
        resets_in_seconds: Some(18_000),
    };
    let usage = UsageReport {
        source: Source::Cache,
        plan: Some("plus".to_owned()),
        windows: vec![window],
        credits: None,
        limit_reached: None,
        limit_reason: None,
        limit_name: None,
        limit_resets_at: None,
        fetched_at: 1_800_000_000,
    };
    Status {
        ok: True,
        state: State::Connected,
        connected: true,
        method: None,
        email: Some("ada@example.com".to_owned()),
        account_id: None,
        plan: Some("plus".to_owned()),
        expires_at: Some(1_800_864_000),
        expires_in_seconds: Some(864_000),
        updated_at: None,
        models_count: Some(7),
        models_fetched_at: None,
        default_model_id: Some("openai-codex/gpt-6-astra".to_owned()),
        available_models: None,
        usage: Some(usage),
        usage_fetched_at: None,
        pending: None,
        hint: None,
    }
}

#[test]
fn a_terminal_shows_a_card() {
    let card = to_text(&connected(), Some(39), &Clock::of_tests()).join();
    let expected = "\
╭─ connected ─────────────────────────╮
│ account: ada@example.com            │
│ plan: plus                          │
│ token expires: 25 Jan 2027 09:00,   │
│ in 10 days 0 h                      │
│ models: 7                           │
│ default model:                      │
│ openai-codex/gpt-6-astra            │
│                                     │
│ 5 hours                   12 % used │
│ ████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │
│ resets 14:00, in 5 h 00 min         │
╰─────────────────────────────────────╯";
    assert_eq!(card, expected);
}

#[test]
fn the_card_fits_the_terminal() {
    for columns in [59, 79] {
        let card = to_text(&connected(), Some(columns), &Clock::of_tests()).join();
        for row in card.lines() {
            assert_eq!(display_width(row), columns.min(64), "{card}");
        }
    }
}

#[test]
fn a_card_that_does_not_fit_becomes_lines() {
    let lines = to_text(&connected(), Some(19), &Clock::of_tests()).join();
    assert!(lines.starts_with("state: connected\n"), "{lines}");
    assert!(!lines.contains('│'), "{lines}");
}

#[test]
fn a_pipe_gets_one_line_for_each_fact() {
    let lines = to_text(&connected(), None, &Clock::of_tests()).join();
    let expected = "\
        state: connected\naccount: ada@example.com\nplan: plus\n\
        token expires: 25 Jan 2027 09:00, in 10 days 0 h\nmodels: 7\n\
        default model: openai-codex/gpt-6-astra\n\
        5 hours: 12 % used, resets 14:00, in 5 h 00 min";
    assert_eq!(lines, expected);
}
