//! What a person sees while `login` waits: on small terminals, on terminals that change
//! their size, and on terminals that cannot redraw.

#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Fault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::TestEnv;

/// The program on a terminal: `screen.py`.
struct Screen {
    python: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The content of the terminal.
struct Shown {
    rows: Vec<String>,
    /// The lines that were replaced since the last look, with their row.
    redrawn: Vec<(u64, String)>,
    /// Everything that was ever written.
    text: String,
    ended: Option<i64>,
}

impl Screen {
    fn open(test: &TestEnv, columns: u16, rows: u16, term: Option<&str>) -> Self {
        let login = test.command();
        let mut command = Command::new("python3");
        command
            .arg(support::root().join("host/tests/terminal/screen.py"))
            .args([columns.to_string(), rows.to_string()])
            .arg(login.get_program())
            .args(login.get_args())
            .arg("login");
        for (name, value) in login.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        match term {
            Some(term) => command.env("TERM", term),
            None => command.env_remove("TERM"),
        };
        let mut python = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            orders: python.stdin.take(),
            answers: BufReader::new(python.stdout.take().unwrap()),
            python,
        }
    }

    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "{order}").unwrap();
    }

    /// Returns when the terminal has its new size.
    fn resize(&mut self, columns: usize, rows: usize) {
        self.order(&format!("resize {columns} {rows}"));
        self.shown();
    }

    fn shown(&mut self) -> Shown {
        self.order("show");
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |name: &str| answer[name].as_array().unwrap().clone();
        Shown {
            rows: list("rows").iter().map(text).collect(),
            redrawn: list("redrawn")
                .iter()
                .map(|line| (line[0].as_u64().unwrap(), text(&line[1])))
                .collect(),
            text: text(&answer["text"]),
            ended: answer["ended"].as_i64(),
        }
    }

    /// Presses Ctrl-C and returns the content at the end.
    fn interrupt(mut self) -> Shown {
        self.order("interrupt");
        loop {
            let shown = self.shown();
            if shown.ended.is_some() {
                return shown;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.orders.take();
        let _ = self.python.wait();
    }
}

impl Shown {
    fn has(&self, text: &str) -> bool {
        self.rows.concat().contains(text)
    }

    #[track_caller]
    fn redraws_one_row(&self, columns: usize) {
        let lines = self.redrawn.iter().filter(|(_, line)| !line.is_empty());
        assert!(lines.count() >= 2, "{:?}", self.redrawn);
        for (row, line) in &self.redrawn {
            assert_eq!(*row, self.redrawn[0].0, "{:?}", self.redrawn);
            assert!(line.len() < columns, "{line}");
        }
    }
}

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
        assert_eq!(shown.text.matches("trying again").count(), 1);
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
