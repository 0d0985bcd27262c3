//! What a test happens in: OpenAI's side, a directory, and a clock that stands
//! still until the test lets time pass.

#![allow(dead_code, reason = "each test binary uses its part of it")]

pub mod proxy;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use chatgpt_oauth::contract::{LoginProgress, LoginStatus};
use chatgpt_oauth::store::{MemoryStore, Store, StoreKind};
use chatgpt_oauth::{Host, HostBuilder, Keys, Profile};
use openai_simulator::{Builder, Simulator};
use serde_json::Value;
use tempfile::TempDir;

/// When every test begins, Unix seconds.
pub const BEGINNING: u64 = 1_800_000_000;

/// OpenAI's side, a directory for the store, and the time.
pub struct World {
    pub simulator: Simulator,
    directory: TempDir,
    now: AtomicU64,
}

impl World {
    pub fn new() -> Self {
        Self::with(|settings| settings)
    }

    /// A world with other settings of OpenAI's side.
    pub fn with(settings: impl FnOnce(Builder) -> Builder) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = directory.path().join("clock");
        std::fs::write(&clock, BEGINNING.to_string()).unwrap();
        let simulator = settings(Simulator::builder().interval(1).clock_file(&clock));
        let simulator = simulator.start().unwrap();
        simulator.write_ca(directory.path().join("ca.pem")).unwrap();
        let now = AtomicU64::new(BEGINNING);
        Self {
            simulator,
            directory,
            now,
        }
    }

    /// Lets time pass, for OpenAI's side and for ours.
    pub fn pass(&self, seconds: u64) {
        let now = self.now.fetch_add(seconds, Ordering::Relaxed) + seconds;
        let next = self.directory.path().join("clock.next");
        std::fs::write(&next, now.to_string()).unwrap();
        std::fs::rename(next, self.clock()).unwrap();
    }

    /// Unix seconds.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// How often the refresh tokens were presented, the oldest first.
    pub fn presentations(&self) -> Vec<usize> {
        let tokens = self.simulator.presentations();
        tokens
            .iter()
            .map(|token| token.presentations.len())
            .collect()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn clock(&self) -> PathBuf {
        self.path("clock")
    }

    /// The file of the store that [`command`](Self::command) uses.
    pub fn store(&self) -> PathBuf {
        self.path("store/test.db")
    }

    /// A host in this process, led to the simulator.
    pub fn host(&self, store: impl Store) -> Host {
        self.builder(store).build().unwrap()
    }

    /// What makes such a host.
    pub fn builder(&self, store: impl Store) -> HostBuilder {
        let is_sealed = store.outlives_program();
        let mut host = Host::builder(store)
            .root_certificates(self.simulator.ca_pem())
            .wall_clock_file(self.clock());
        if is_sealed {
            host = host.keys(Keys::of_store(self.store()));
        }
        for connect_to in self.simulator.connect_to() {
            host = host.connect_to(connect_to.parse().unwrap());
        }
        host
    }

    /// A person's connection in this process, nobody signed in.
    pub fn profile(&self) -> Profile {
        let host = self.host(MemoryStore::of_kind(StoreKind::Test));
        host.profile("ada".parse().unwrap())
    }

    /// The program with the options that lead it here, and nothing of the
    /// environment's own.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
        command
            .env_remove("CHATGPT_OAUTH_PROFILE")
            .env_remove("CHATGPT_OAUTH_KEY_FILE")
            .env_remove("CREDENTIALS_DIRECTORY")
            .env("CHATGPT_OAUTH_TEST_CLOCK", self.clock())
            .env("XDG_STATE_HOME", self.path("state"))
            // To read the machine's own roots takes longer than a request.
            .env("SSL_CERT_FILE", "/dev/null")
            .args(self.options());
        command
    }

    /// The same, started by another program: its name and first arguments.
    pub fn wrapped(&self, by: &[&str]) -> Command {
        let program = self.command();
        let mut command = Command::new(by[0]);
        command
            .args(&by[1..])
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Makes everything here another user's.
    pub fn give_to(&self, user: u32) {
        let mut chown = Command::new("chown");
        let chown = chown.args(["-R", &format!("{user}:{user}")]);
        assert!(chown.arg(self.directory.path()).status().unwrap().success());
    }

    /// The options that lead the program here.
    pub fn options(&self) -> Vec<String> {
        let [auth, backend] = self.simulator.connect_to();
        let store = format!("sqlite:{}", self.store().display());
        let ca = self.path("ca.pem").display().to_string();
        let options = [
            ["--store", &store],
            ["--cacert", &ca],
            ["--connect-to", &auth],
            ["--connect-to", &backend],
        ];
        options.concat().into_iter().map(str::to_owned).collect()
    }

    /// Signs in by two processes and returns the answer of the second.
    #[track_caller]
    pub fn sign_in(&self) -> Value {
        let prompt = self.ask(&["start"]);
        let code = prompt["user_code"].as_str().unwrap();
        self.simulator.approve(code).unwrap();
        let progress = self.ask(&["poll", prompt["pending_id"].as_str().unwrap()]);
        assert_eq!(progress["status"], "connected", "{progress}");
        progress
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Runs a command with `--json` and returns what it printed, which must be
    /// one JSON object and nothing else.
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.command().arg("--json").args(arguments).output();
        json(&output.unwrap())
    }
}

/// The one JSON object on standard output.
#[track_caller]
pub fn json(output: &Output) -> Value {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        panic!("{error}: {text:?}, and on standard error: {stderr}")
    });
    assert!(value.is_object(), "{value}");
    value
}

/// Signs in as the simulator's first person.
pub async fn sign_in(world: &World, profile: &Profile) -> LoginProgress {
    let prompt = profile.start().await.unwrap();
    world.simulator.approve(&prompt.pending.user_code).unwrap();
    let progress = profile.poll(None).await.unwrap();
    assert_eq!(progress.status, LoginStatus::Connected);
    progress
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
