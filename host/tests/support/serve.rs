//! `serve` as a process, and requests to it.

#![allow(dead_code, reason = "each test binary uses its part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Free ports, and a key as quick as the machine is.
const FOR_TESTS: [&str; 6] = [
    "--listen",
    "127.0.0.1:0",
    "--admin-listen",
    "127.0.0.1:0",
    "--key-rate",
    "100000",
];

/// A server that runs.
pub struct Serve {
    pub child: Child,
    /// None if it is discarded.
    log: Option<BufReader<ChildStderr>>,
    /// What it said until it served.
    pub beginning: Vec<Value>,
    pub public: String,
    pub admin: String,
}

impl Serve {
    /// Starts the program by this command, at free ports.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_with(command, &[])
    }

    /// The same with more options of `serve`.
    #[track_caller]
    pub fn start_with(command: Command, options: &[&str]) -> Self {
        Self::try_start(command, options).expect("the server starts")
    }

    /// The same; none if the program ends before it serves.
    pub fn try_start(mut command: Command, options: &[&str]) -> Option<Self> {
        command.arg("serve").args(FOR_TESTS).args(options);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let Some(beginning) = until(&mut log, "serving") else {
            child.wait().unwrap();
            return None;
        };
        let serving = beginning.last().unwrap();
        let address = |name: &str| serving[name].as_str().unwrap().to_owned();
        Some(Self {
            public: address("public"),
            admin: address("admin"),
            beginning,
            child,
            log: Some(log),
        })
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// The next lines of the log, up to the one with this message.
    #[track_caller]
    pub fn until(&mut self, message: &str) -> Vec<Value> {
        let log = self.log.as_mut().expect("a log");
        until(log, message).expect("lines of JSON up to this message")
    }

    /// Reads the log and drops it, in a thread: a server keeps the lines that are not read.
    pub fn discard_log(&mut self) {
        let mut log = self.log.take().expect("a log");
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The next lines of a log, up to the one with this message; none if the log ends before, or
/// holds something else.
fn until(log: &mut impl BufRead, message: &str) -> Option<Vec<Value>> {
    let mut lines = Vec::new();
    loop {
        lines.push(next(log)?);
        if lines.last().unwrap()["message"] == message {
            return Some(lines);
        }
    }
}

/// The next line of a log, if it is one JSON object.
fn next(log: &mut impl BufRead) -> Option<Value> {
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    serde_json::from_str(&line).ok()
}

/// The answer to a request without a body, as text.
pub fn get(address: &str, path: &str, key: &str) -> String {
    send(address, "GET", path, key)
}

/// The same for another method.
pub fn send(address: &str, method: &str, path: &str, key: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    // A server that is killed closes the connection in its own way.
    _ = stream.read_to_string(&mut answer);
    answer
}
