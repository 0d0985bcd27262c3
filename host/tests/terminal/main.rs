//! What a person sees: while `login` waits, on small terminals, on terminals that change
//! their size, and on terminals that cannot redraw; and what the other commands draw.

mod drawing;
mod endings;
mod screen;
#[path = "../support/mod.rs"]
mod support;
mod watching;

use std::process::Stdio;
use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Fault};
use rustix::process::{Pid, Signal, kill_process};
use screen::Screen;
use support::TestEnv;

/// Waits until the program has polled `polls` times more.
fn wait_for_polls(test: &TestEnv, polls: usize) {
    let asked = || test.simulator.requests_to(Endpoint::DevicePoll).len();
    for _ in 0..polls {
        let (before, began) = (asked(), Instant::now());
        test.pass(2);
        while asked() == before {
            assert!(began.elapsed() < Duration::from_secs(60), "no poll");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn code(test: &TestEnv) -> String {
    test.simulator.pending_codes().remove(0)
}

/// Faults: F7
#[test]
fn the_code_stays_on_a_small_screen_while_login_waits() {
    for (columns, rows) in [(40, 12), (20, 5), (80, 24)] {
        let test = TestEnv::new();
        let mut screen = Screen::open(&test, columns, rows, Some("xterm"));
        wait_for_polls(&test, 4);
        let shown = screen.shown();
        shown.redraws_one_row(columns.into());
        let above = &shown.rows[..shown.rows.len() - 1];
        assert!(above.concat().contains(&code(&test)), "{:?}", shown.rows);
        let end = screen.interrupt();
        assert_eq!(end.ended, Some(130));
        assert!(end.has(&code(&test)), "{:?}", end.rows);
    }
}

/// Faults: F7
#[test]
fn the_countdown_takes_one_row_on_a_tiny_screen() {
    for columns in [1, 2, 10] {
        let test = TestEnv::new();
        let mut screen = Screen::open(&test, columns, 3, Some("xterm"));
        wait_for_polls(&test, 2);
        let shown = screen.shown();
        let first = shown.redrawn[0].0;
        assert!(
            shown.redrawn.iter().all(|(row, _)| *row == first),
            "{:?}",
            shown.redrawn
        );
    }
}

/// Faults: F7
#[test]
fn the_countdown_follows_the_width_and_leaves_nothing_behind() {
    let test = TestEnv::new();
    let mut screen = Screen::open(&test, 80, 24, Some("xterm"));
    wait_for_polls(&test, 2);
    screen.shown().redraws_one_row(80);
    for columns in [30, 20, 60] {
        screen.resize(columns, 12);
        // By then, a new line replaces the one that was drawn for the old width.
        wait_for_polls(&test, 2);
        screen.shown();
        wait_for_polls(&test, 2);
        let shown = screen.shown();
        shown.redraws_one_row(columns);
        assert!(shown.has(&code(&test)), "{:?}", shown.rows);
        assert!(!shown.has("waiting for the approval, "), "{:?}", shown.rows);
        let left = shown.rows.iter().filter(|row| row.contains("14:"));
        assert!(left.count() <= 1, "{:?}", shown.rows);
    }
}

/// Faults: F7
#[test]
fn a_terminal_that_cannot_redraw_gets_one_plain_line() {
    for term in [Some("dumb"), Some(""), None] {
        let test = TestEnv::new();
        let mut screen = Screen::open(&test, 40, 12, term);
        wait_for_polls(&test, 3);
        let shown = screen.shown();
        assert!(!shown.text.contains('\u{1b}'), "{term:?}: {:?}", shown.text);
        assert_eq!(shown.text.matches("waiting for the approval").count(), 1);
        assert!(shown.has(&code(&test)), "{:?}", shown.rows);
        assert!(!screen.interrupt().text.contains('\u{1b}'));
    }
}

/// Faults: F7
#[test]
fn an_outage_does_not_scroll_the_code_off_the_screen() {
    for term in ["xterm", "dumb"] {
        let test = TestEnv::new();
        let outage = Fault::status(503).header("retry-after", "1");
        test.simulator.fault_always(Endpoint::DevicePoll, outage);
        let mut screen = Screen::open(&test, 40, 12, Some(term));
        wait_for_polls(&test, 3);
        let shown = screen.shown();
        let words: Vec<_> = shown.text.split_whitespace().collect();
        assert_eq!(words.join(" ").matches("trying again").count(), 1);
        assert!(shown.has(&code(&test)), "{:?}", shown.rows);
    }
}

/// Faults: F7
#[test]
fn without_a_terminal_login_prints_the_code_and_no_countdown() {
    let test = TestEnv::new();
    let mut command = test.command();
    command.arg("login").env("TERM", "xterm");
    let login = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let login = login.unwrap();
    wait_for_polls(&test, 2);
    let code = code(&test);
    kill_process(Pid::from_child(&login), Signal::INT).unwrap();
    let said = login.wait_with_output().unwrap().stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(&code), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    assert!(!said.contains("waiting for the approval"), "{said}");
}
