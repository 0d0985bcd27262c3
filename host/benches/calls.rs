//! The time of a call inside one process: `cargo bench`. docs/performance.md explains
//! the figures.

use std::cell::Cell;
use std::hint::black_box;
use std::num::NonZero;
use std::process::Command;
use std::time::Duration;

use chatgpt_oauth::store::{MemoryStore, SqliteStore, Store, StoreKind, Version};
use chatgpt_oauth::types::{ConnectionState, LoginStatus};
use chatgpt_oauth::{Host, HostBuilder, Keys, Profile, ProfileName};
use criterion::{Criterion, criterion_group, criterion_main};
use openai_simulator::Simulator;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// How many calls a server runs at a time.
const CALLS: NonZero<u32> = NonZero::new(64).unwrap();

fn calls(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let simulator = Simulator::builder()
        .interval(1)
        .start()
        .expect("a simulator");
    // Not in /tmp, which may be in memory and not on a disk.
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = directory.path().join("store/test.db");

    let host = Host::builder(MemoryStore::new()).build().expect("a host");
    let signed_out = host.profile("bench".parse().expect("a name"));
    criterion.bench_function("sandbox: status when signed out, memory store", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| status(&signed_out, ConnectionState::NotConnected));
    });

    let pooled = Host::builder(MemoryStore::new()).concurrent_calls(CALLS);
    let signed_out = pooled
        .build()
        .expect("a host")
        .profile("bench".parse().expect("a name"));
    criterion.bench_function("sandbox from a pool: status when signed out", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| status(&signed_out, ConnectionState::NotConnected));
    });

    let memory = signed_in(
        &runtime,
        &simulator,
        Host::builder(MemoryStore::of_kind(StoreKind::Test)),
    );
    criterion.bench_function("status, memory store", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| status(&memory, ConnectionState::Connected));
    });
    criterion.bench_function("authorize with a live token, memory store", |bench| {
        bench.to_async(&runtime).iter(|| authorize(&memory));
    });

    let sqlite = runtime
        .block_on(SqliteStore::open(&file, StoreKind::Test))
        .expect("a store");
    let host = Host::builder(sqlite).keys(Keys::of_store(&file));
    let host = host.build().expect("a host");
    let signed_out = host.profile("signed-out".parse().expect("a name"));
    criterion.bench_function("sandbox: status when signed out, SQLite", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| status(&signed_out, ConnectionState::NotConnected));
    });
    let sqlite = runtime
        .block_on(SqliteStore::open(&file, StoreKind::Test))
        .expect("a store");
    let sqlite = Host::builder(sqlite).keys(Keys::of_store(&file));
    let sqlite = signed_in(&runtime, &simulator, sqlite);
    criterion.bench_function("status, SQLite", |bench| {
        bench
            .to_async(&runtime)
            .iter(|| status(&sqlite, ConnectionState::Connected));
    });
    criterion.bench_function("authorize with a live token, SQLite", |bench| {
        bench.to_async(&runtime).iter(|| authorize(&sqlite));
    });

    let record = runtime.block_on(Record::of(&file));
    criterion.bench_function(
        "what a refresh writes: intent and new tokens, SQLite",
        |bench| {
            bench.to_async(&runtime).iter(|| async {
                record.write().await;
                record.read().await;
                record.write().await;
            });
        },
    );
    criterion.bench_function("of this the intent: a write, a read, SQLite", |bench| {
        bench.to_async(&runtime).iter(|| async {
            record.write().await;
            record.read().await;
        });
    });

    criterion.bench_function("engine start from the embedded component", |bench| {
        bench.iter(|| black_box(Host::builder(MemoryStore::new()).build().expect("a host")));
    });

    criterion.bench_function("whole process: status", |bench| {
        bench.iter(|| whole_process(&simulator, &file));
    });
}

/// A profile with a login from the simulator.
fn signed_in(runtime: &Runtime, simulator: &Simulator, host: HostBuilder) -> Profile {
    let mut builder = host.root_certificates(simulator.ca_pem());
    for connect_to in simulator.connect_to() {
        builder = builder.connect_to(connect_to.parse().expect("host:port:address:port"));
    }
    let profile = builder
        .build()
        .expect("a host")
        .profile("bench".parse().expect("a name"));
    runtime.block_on(async {
        let prompt = profile.start().await.expect("a code");
        simulator
            .approve(&prompt.pending.user_code)
            .expect("a code that waits");
        let progress = profile.poll(None).await.expect("an answer");
        assert_eq!(progress.status, LoginStatus::Connected);
    });
    profile
}

/// The record of a login; the benchmark writes it as a refresh does.
struct Record {
    store: SqliteStore,
    profile: ProfileName,
    value: Vec<u8>,
    version: Cell<Version>,
}

impl Record {
    async fn of(file: &std::path::Path) -> Self {
        let store = SqliteStore::open(file, StoreKind::Test).await;
        let store = store.expect("a store");
        let profile: ProfileName = "bench".parse().expect("a name");
        let row = store.read(&profile, "credential").await.expect("a read");
        let row = row.expect("a login");
        Self {
            store,
            profile,
            value: row.value.expect("a value"),
            version: Cell::new(row.version),
        }
    }

    async fn read(&self) {
        let row = self.store.read(&self.profile, "credential").await;
        black_box(row.expect("a read"));
    }

    /// Durable when it returns.
    async fn write(&self) {
        let (expected, value) = (Some(self.version.get()), Some(&*self.value));
        let written = self
            .store
            .compare_and_swap(&self.profile, "credential", expected, value);
        self.version.set(written.await.expect("a write"));
    }
}

async fn status(profile: &Profile, expected: ConnectionState) {
    let status = profile.status().await.expect("a status");
    assert_eq!(status.state, expected);
}

async fn authorize(profile: &Profile) {
    black_box(profile.authorize(None).await.expect("a live token"));
}

fn whole_process(simulator: &Simulator, file: &std::path::Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    command.args([
        "--json",
        "--profile",
        "bench",
        "--store",
        &format!("sqlite:{}", file.display()),
    ]);
    for connect_to in simulator.connect_to() {
        command.args(["--connect-to", &connect_to]);
    }
    let output = command.arg("status").output().expect("the program runs");
    assert!(output.status.success());
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    targets = calls
}
criterion_main!(benches);
