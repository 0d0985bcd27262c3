//! The file of the store, opened by another program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::TestEnv;

/// The store in Python, apart from the program.
pub struct Sql(Child);

impl Sql {
    /// Opens the store. Each line is a statement, and is answered by a line.
    pub fn open(test: &TestEnv) -> Self {
        let script = "import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.stdin:
    print(base.execute(statement).fetchall(), flush=True)";
        let mut python = Command::new("python3");
        python.args(["-c", script]).arg(test.store());
        let piped = python.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(piped.spawn().unwrap())
    }

    pub fn run(&mut self, statement: &str) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{statement}").unwrap();
        let mut answer = String::new();
        // One line comes for each statement, so that the reader keeps nothing back.
        let mut answers = BufReader::new(self.0.stdout.as_mut().unwrap());
        answers.read_line(&mut answer).unwrap();
        assert!(answer.starts_with('['), "{statement}: {answer}");
    }
}

impl Drop for Sql {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        _ = self.0.wait();
    }
}
