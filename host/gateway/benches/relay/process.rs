//! The other processes of a measurement: this program, with a role.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

const ROLE: &str = "RELAY_BENCH_ROLE";
const ORDER: &str = "RELAY_BENCH_ORDER";

/// What this process does, if another one started it.
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// What the process that started this one wants.
pub fn order() -> Value {
    let order = std::env::var(ORDER).expect("an order");
    serde_json::from_str(&order).expect("JSON")
}

/// Another process, until it is dropped.
pub struct Process {
    child: Child,
    /// The process ends with its input.
    _stdin: ChildStdin,
    /// What it has announced.
    pub announced: Value,
}

impl Process {
    pub fn start(role: &str, order: &Value) -> Self {
        let program = std::env::current_exe().expect("a path");
        let mut child = Command::new(program)
            .env(ROLE, role)
            .env(ORDER, order.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("an announcement");
        Self {
            _stdin: child.stdin.take().expect("its input"),
            child,
            announced: serde_json::from_str(&line).expect("JSON"),
        }
    }

    /// The resident memory of the process, in KiB.
    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The resident memory of the process with this id, in KiB.
pub fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"));
    let status = status.expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.expect("a size").parse().expect("a number")
}

/// Tells the process that started this one what it needs, and waits for its end.
pub fn announce(value: &Value) {
    println!("{value}");
    _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// Raises the limit of open handles as far as it goes.
pub fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("a higher limit of open handles");
}
