//! [`Screen`]: the program on a terminal of this process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{self, TestEnv};

/// The program on a terminal: `screen.py`.
pub struct Screen {
    python: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The content of the terminal.
pub struct Shown {
    pub rows: Vec<String>,
    /// The lines that the program wrote, of any length.
    pub lines: Vec<String>,
    /// The lines that were replaced since the last look, with their row.
    pub redrawn: Vec<(u64, String)>,
    /// Everything that was ever written.
    pub text: String,
    pub ended: Option<i64>,
}

impl Screen {
    /// Runs `login`.
    pub fn open(test: &TestEnv, columns: u16, rows: u16, term: Option<&str>) -> Self {
        let mut login = test.command();
        login.arg("login");
        match term {
            Some(term) => login.env("TERM", term),
            None => login.env_remove("TERM"),
        };
        Self::run(&login, columns, rows)
    }

    pub fn run(program: &Command, columns: u16, rows: u16) -> Self {
        let mut command = Command::new("python3");
        command
            .arg(support::root().join("host/tests/terminal/screen.py"))
            .args([columns.to_string(), rows.to_string()])
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
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
    pub fn resize(&mut self, columns: usize, rows: usize) {
        self.order(&format!("resize {columns} {rows}"));
        self.shown();
    }

    pub fn shown(&mut self) -> Shown {
        self.order("show");
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |name: &str| answer[name].as_array().unwrap().clone();
        Shown {
            rows: list("rows").iter().map(text).collect(),
            lines: list("lines").iter().map(text).collect(),
            redrawn: list("redrawn")
                .iter()
                .map(|line| (line[0].as_u64().unwrap(), text(&line[1])))
                .collect(),
            text: text(&answer["text"]),
            ended: answer["ended"].as_i64(),
        }
    }

    /// Presses Ctrl-C and returns the content at the end.
    pub fn interrupt(mut self) -> Shown {
        self.order("interrupt");
        self.end()
    }

    /// Waits until the program has ended and returns the content.
    pub fn end(mut self) -> Shown {
        self.wait_until(|shown| shown.ended.is_some())
    }

    /// Waits until the terminal shows something.
    #[track_caller]
    pub fn wait_until(&mut self, is_so: impl Fn(&Shown) -> bool) -> Shown {
        let began = Instant::now();
        loop {
            let shown = self.shown();
            if is_so(&shown) {
                return shown;
            }
            let waited = began.elapsed();
            assert!(waited < Duration::from_secs(60), "{:?}", shown.rows);
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
    pub fn has(&self, text: &str) -> bool {
        self.rows.concat().contains(text)
    }

    #[track_caller]
    pub fn redraws_one_row(&self, columns: usize) {
        let lines = self.redrawn.iter().filter(|(_, line)| !line.is_empty());
        assert!(lines.count() >= 2, "{:?}", self.redrawn);
        for (row, line) in &self.redrawn {
            assert_eq!(*row, self.redrawn[0].0, "{:?}", self.redrawn);
            assert!(line.len() < columns, "{line}");
        }
    }
}
