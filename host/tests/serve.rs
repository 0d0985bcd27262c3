//! `serve`, as a process: what it prints, and how it ends.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use chatgpt_oauth::Keys;
use chatgpt_oauth::api_keys::{ApiKeys, NewApiKey, Permission, Scope, Scopes};
use chatgpt_oauth::store::{SealedEntries, SqliteStore, StoreKind};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::TestEnv;

/// A server that runs.
struct Serve {
    child: Child,
    log: BufReader<ChildStderr>,
    /// What it said until it served.
    beginning: Vec<Value>,
    public: String,
    admin: String,
}

impl Serve {
    fn start(env: &TestEnv) -> Self {
        Self::start_by(env.command())
    }

    /// Starts the program by this command.
    fn start_by(mut command: Command) -> Self {
        let listen = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        command.arg("serve").args(listen);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let beginning = until(&mut log, "serving");
        let serving = beginning.last().unwrap();
        let address = |name: &str| serving[name].as_str().unwrap().to_owned();
        Self {
            public: address("public"),
            admin: address("admin"),
            beginning,
            child,
            log,
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// The next lines of the log, up to the one with this message.
    fn until(&mut self, message: &str) -> Vec<Value> {
        until(&mut self.log, message)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The next lines of a log, up to the one with this message.
#[track_caller]
fn until(log: &mut impl BufRead, message: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        lines.push(next(log));
        if lines.last().unwrap()["message"] == message {
            return lines;
        }
    }
}

/// The next line of a log, which is one JSON object.
#[track_caller]
fn next(log: &mut impl BufRead) -> Value {
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

/// A key in the store of this environment.
fn key(env: &TestEnv, permission: Permission) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let store = SqliteStore::open(env.store(), StoreKind::Test)
            .await
            .unwrap();
        let keys = Keys::of_store(env.store());
        let entries = SealedEntries::new(std::sync::Arc::new(store), Some(keys));
        let new = NewApiKey {
            permission,
            label: "test".parse().unwrap(),
            expires_at: None,
        };
        let created = ApiKeys::new(entries).create(new, 1).await.unwrap();
        created.key.reveal().to_owned()
    })
}

/// The answer to a request, as text.
fn get(address: &str, path: &str, key: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Faults: G45
#[test]
fn a_server_answers_for_a_person_and_ends_at_sigterm() {
    let env = TestEnv::new();
    env.sign_in();
    let scopes = Scopes::new(Scope::ALL).unwrap();
    let profile = "default".parse().unwrap();
    let person = key(&env, Permission::Profile { profile, scopes });
    let administrator = key(&env, Permission::Admin);
    let mut serve = Serve::start(&env);
    let status = get(&serve.public, "/api/v1/me/status", &person);
    let (_, status) = status.split_once("\r\n\r\n").unwrap();
    let status: Value = serde_json::from_str(status).unwrap();
    assert_eq!(status["state"], "connected", "{status}");
    assert_eq!(status["email"], env.ask(&["status"])["email"]);
    let lines = serve.until("request");
    let line = lines.last().unwrap();
    assert_eq!(line["route"], "/api/v1/me/status", "{line}");
    assert_eq!(line["key"], person[5..15], "{line}");
    let page = get(&serve.admin, "/api/v1/profiles", &administrator);
    assert!(page.contains(r#""profiles":["default"]"#), "{page}");

    let begun = Instant::now();
    serve.signal(Signal::TERM);
    serve.until("drained");
    assert!(serve.child.wait().unwrap().success());
    assert!(
        begun.elapsed() >= Duration::from_secs(5),
        "load balancers have their time"
    );
}

#[test]
fn a_server_without_a_key_says_how_to_make_one() {
    let env = TestEnv::new();
    let hints = |serve: &Serve| {
        let messages = serve.beginning.iter().map(|line| line["message"].as_str());
        let hints = messages.filter(|message| message.is_some_and(|it| it.contains("keys create")));
        hints.count()
    };
    assert_eq!(hints(&Serve::start(&env)), 1);
    key(&env, Permission::Admin);
    assert_eq!(hints(&Serve::start(&env)), 0);
}

#[test]
fn a_second_signal_ends_a_server_at_once_and_sighup_does_not() {
    let env = TestEnv::new();
    let mut serve = Serve::start(&env);
    serve.signal(Signal::HUP);
    serve.until("there is no certificate to read again");
    let begun = Instant::now();
    serve.signal(Signal::INT);
    serve.until("draining");
    serve.signal(Signal::TERM);
    serve.until("drained");
    assert!(serve.child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// Faults: G18
#[test]
fn a_key_that_another_process_revokes_ends_within_a_second() {
    let env = TestEnv::new();
    let administrator = key(&env, Permission::Admin);
    let serve = Serve::start(&env);
    let status = || get(&serve.admin, "/api/v1/profiles", &administrator)[9..12].to_owned();
    assert_eq!(status(), "200");
    let id = administrator[5..15].parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let store = SqliteStore::open(env.store(), StoreKind::Test)
            .await
            .unwrap();
        let keys = Keys::of_store(env.store());
        let entries = SealedEntries::new(std::sync::Arc::new(store), Some(keys));
        ApiKeys::new(entries).revoke(&id, 2).await.unwrap();
    });
    let revoked = Instant::now();
    while status() == "200" {
        assert!(revoked.elapsed() < Duration::from_secs(1));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Faults: G39
#[test]
fn a_server_without_the_key_of_its_store_answers_503_until_it_is_back() {
    let env = TestEnv::new();
    let administrator = key(&env, Permission::Admin);
    let key_file = env.store().with_file_name("test.db.key");
    let right = std::fs::read(&key_file).unwrap();
    std::fs::write(&key_file, "ab".repeat(32)).unwrap();
    let mut serve = Serve::start(&env);
    for _ in 0..2 {
        let answer = get(&serve.admin, "/api/v1/profiles", &administrator);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("store_unavailable"), "{answer}");
    }
    std::fs::write(&key_file, right).unwrap();
    let answer = get(&serve.admin, "/api/v1/profiles", &administrator);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let lines = serve.until("the store answers again");
    let failures = lines.iter().filter(|line| line["level"] == "ERROR").count();
    assert_eq!(failures, 1, "{lines:?}");
}

/// Faults: G21
#[test]
fn a_server_that_others_could_reach_in_the_clear_does_not_start() {
    let env = TestEnv::new();
    let answer = env.ask(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(answer["code"], "invalid-argument", "{answer}");
    let hint = answer["hint"].as_str().unwrap();
    assert!(
        hint.contains("--tls-cert") && hint.contains("--behind-proxy"),
        "{hint}"
    );
}

/// Faults: G43
#[test]
fn a_server_without_a_free_file_waits_for_one_and_goes_on() {
    let env = TestEnv::new();
    let limited = ["sh", "-c", "ulimit -n 48; exec \"$0\" \"$@\""];
    let mut serve = Serve::start_by(env.wrapped(&limited));
    let held: Vec<_> = (0..60)
        .map(|_| TcpStream::connect(&serve.public).unwrap())
        .collect();
    serve.until("cannot accept connections");
    drop(held);
    let health = get(&serve.public, "/healthz", "");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    serve.signal(Signal::INT);
    serve.signal(Signal::INT);
    serve.until("drained");
    assert!(serve.child.wait().unwrap().success());
}
