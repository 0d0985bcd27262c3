//! The environment of a test: the simulator, a directory, and a clock that only the test
//! advances.

#![allow(dead_code, reason = "each test binary uses its part of it")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use chatgpt_oauth::store::{MemoryStore, Store, StoreKind};
use chatgpt_oauth::types::{LoginProgress, LoginStatus};
use chatgpt_oauth::{Host, HostBuilder, Keys, Profile};
use openai_simulator::{Builder, Simulator};
use tempfile::TempDir;

/// The time at which every test begins, Unix seconds.
pub const BEGINNING: u64 = 1_800_000_000;

/// The simulator, a directory for the store, and the clock.
pub struct TestEnv {
    pub simulator: Simulator,
    pub directory: TempDir,
    now: AtomicU64,
}

impl TestEnv {
    pub fn new() -> Self {
        Self::with(|settings| settings)
    }

    /// An environment with other settings of the simulator.
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

    /// Advances the clocks of the simulator and of the host.
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

    /// How often each refresh token was presented, the oldest first.
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

    pub fn clock(&self) -> PathBuf {
        self.path("clock")
    }

    /// The file of the store that the program uses.
    pub fn store(&self) -> PathBuf {
        self.path("store/test.db")
    }

    /// A host in this process, connected to the simulator.
    pub fn host(&self, store: impl Store) -> Host {
        self.builder(store).build().unwrap()
    }

    /// The builder of such a host.
    pub fn builder(&self, store: impl Store) -> HostBuilder {
        let is_sealed = store.is_persistent();
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

    /// A person's connection in this process, not signed in.
    pub fn profile(&self) -> Profile {
        let host = self.host(MemoryStore::of_kind(StoreKind::Test));
        host.profile("ada".parse().unwrap())
    }
}

/// Signs in as the first person of the simulator.
pub async fn sign_in(world: &TestEnv, profile: &Profile) -> LoginProgress {
    let prompt = profile.start().await.unwrap();
    world.simulator.approve(&prompt.pending.user_code).unwrap();
    let progress = profile.poll(None).await.unwrap();
    assert_eq!(progress.status, LoginStatus::Connected);
    progress
}
