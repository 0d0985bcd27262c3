//! What a hostile guest can do to its host: nothing.
//!
//! Builds `tests/hostile-guest` and asks it for one misdeed after another. Each
//! must end its own call, and only that: the same host then serves others.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chatgpt_oauth::store::{MemoryStore, ProfileName, Row, Store, StoreError, StoreKind, Version};
use chatgpt_oauth::{Error, ErrorCode, Host, Profile};

/// The hostile guest, as a component.
fn guest() -> &'static [u8] {
    static GUEST: OnceLock<Vec<u8>> = OnceLock::new();
    GUEST.get_or_init(build)
}

fn build() -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--profile", "component"])
        .args(["--target", "wasm32-unknown-unknown"])
        .args(["--package", "hostile-guest"])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target_dir)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(built.success());
    let module = target_dir.join("wasm32-unknown-unknown/component/hostile_guest.wasm");
    let module = std::fs::read(module).unwrap();
    let encoder = wit_component::ComponentEncoder::default();
    encoder.module(&module).unwrap().encode().unwrap()
}

/// One host for all tests: they show that it survives.
fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        let host = Host::builder(MemoryStore::new()).component(guest());
        host.build().unwrap()
    })
}

/// A profile that no other test stands in line for.
fn profile(name: &str) -> Profile {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    host().profile(format!("{name}-{number}").parse().unwrap())
}

/// How the host puts an end to a misdeed, having shown that it serves others.
async fn end_of(misdeed: &str) -> Error {
    let culprit = profile("culprit");
    let error = culprit.poll(Some(misdeed)).await.unwrap_err();
    profile("bystander").status().await.unwrap();
    culprit.status().await.unwrap();
    error
}

async fn stopped(misdeed: &str) {
    let error = end_of(misdeed).await;
    assert_eq!(error.code, ErrorCode::Internal, "{misdeed}: {error:?}");
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
}

async fn told(misdeed: &str) -> String {
    let error = end_of(misdeed).await;
    assert_eq!(
        error.code,
        ErrorCode::InvalidArgument,
        "{misdeed}: {error:?}"
    );
    error.message
}

#[tokio::test]
async fn h03_a_guest_that_computes_forever_is_stopped_after_two_seconds() {
    host();
    for misdeed in [
        "compute forever",
        "look at the clock forever",
        "poll forever",
    ] {
        let started = Instant::now();
        let error = end_of(misdeed).await;
        assert_eq!(
            error.message, "the call took too long and was stopped",
            "{misdeed}"
        );
        assert!(error.retryable);
        let seconds = started.elapsed().as_secs_f32();
        assert!((1.9..6.0).contains(&seconds), "{misdeed}: {seconds} s");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn others_get_their_turn_while_a_guest_computes() {
    let culprit = profile("culprit");
    let misdeed = tokio::spawn(async move { culprit.poll(Some("compute forever")).await });
    let served = tokio::spawn(async move {
        let mut served = 0;
        while !misdeed.is_finished() {
            profile("bystander").status().await.unwrap();
            served += 1;
        }
        served
    });
    let served = served.await.unwrap();
    assert!(served > 20, "{served}");
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_waits_forever_is_stopped_when_its_call_is_over() {
    for misdeed in ["sleep forever", "write a body that nobody reads"] {
        let started = tokio::time::Instant::now();
        let error = end_of(misdeed).await;
        assert_eq!(
            error.message, "the call took too long and was stopped",
            "{misdeed}"
        );
        assert_eq!(started.elapsed().as_secs(), 100, "{misdeed}");
    }
}

#[tokio::test]
async fn h04_h05_a_guest_that_takes_too_much_is_stopped() {
    stopped("take all memory").await;
    stopped("overflow the stack").await;
    stopped("hold handles").await;
    stopped("hold pollables").await;
    stopped("flood headers").await;
    stopped("ask for a megabyte of random bytes").await;
    stopped("ask for all random bytes").await;
    stopped("return too much").await;
    stopped("write a huge value").await;
    stopped("panic").await;
}

#[tokio::test]
async fn m19_a_guest_opens_no_bucket_but_its_own() {
    assert_eq!(
        told("open other buckets").await,
        "[false, false, false, false]"
    );
}

#[tokio::test]
async fn m03_a_guest_reaches_no_address_outside_of_the_policy() {
    let denied = |answer: &str| answer.contains("Denied") || answer.starts_with("no such");
    let outcomes = told("reach for other hosts").await;
    let outcomes: Vec<&str> = outcomes.trim_matches(['[', ']']).split(", ").collect();
    for outcome in outcomes {
        let outcome = outcome.trim_matches('"');
        let invalid = outcome.contains("UriInvalid") || outcome.contains("HttpProtocolError");
        assert!(denied(outcome) || invalid, "{outcome}");
    }
}

#[tokio::test]
async fn h08_a_call_whose_caller_has_gone_comes_to_its_end() {
    let culprit = profile("culprit");
    let poll = culprit.poll(Some("compute forever"));
    let gone = tokio::time::timeout(Duration::from_millis(100), poll).await;
    assert!(gone.is_err());
    // It still stands at the head of the line.
    let started = Instant::now();
    culprit.start().await.unwrap_err();
    assert!(started.elapsed() > Duration::from_secs(1));
}

#[tokio::test]
async fn h10_a_host_that_drains_lets_its_calls_end_and_begins_none() {
    let host = Host::builder(MemoryStore::new()).component(guest());
    let host = host.build().unwrap();
    let culprit = host.profile("culprit".parse().unwrap());
    let under_way = culprit.clone();
    let under_way = tokio::spawn(async move { under_way.poll(Some("compute forever")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let in_line = tokio::spawn(async move { culprit.start().await });

    let draining = host.clone();
    let draining = tokio::spawn(async move { draining.drain().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let refused = host.profile("other".parse().unwrap()).status().await;
    assert!(refused.unwrap_err().message.contains("is ending"));
    assert!(!draining.is_finished() && !under_way.is_finished());

    draining.await.unwrap();
    let ended = under_way.await.unwrap().unwrap_err();
    assert_eq!(ended.message, "the call took too long and was stopped");
    let refused = in_line.await.unwrap().unwrap_err();
    assert!(refused.message.contains("is ending"), "{refused:?}");
}

/// Panics when one profile is read.
struct Panicking(MemoryStore);

#[async_trait]
impl Store for Panicking {
    fn kind(&self) -> StoreKind {
        self.0.kind()
    }

    fn outlives_program(&self) -> bool {
        self.0.outlives_program()
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        assert_ne!(profile.as_str(), "unlucky", "CANARY");
        self.0.load(profile).await
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        self.0.read(profile, key).await
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        self.0.compare_and_swap(profile, key, expected, value).await
    }

    async fn list(&self) -> Result<Vec<ProfileName>, StoreError> {
        self.0.list().await
    }

    async fn set_aside(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        self.0.set_aside(profile, key, now).await
    }

    async fn try_write(&self) -> Result<(), StoreError> {
        self.0.try_write().await
    }
}

#[tokio::test]
async fn h11_a_panic_of_the_store_ends_its_own_call_and_no_other() {
    let host = Host::builder(Panicking(MemoryStore::new()))
        .build()
        .unwrap();
    let unlucky = host.profile("unlucky".parse().unwrap());
    let bystander = host.profile("bystander".parse().unwrap());
    for _ in 0..2 {
        let error = unlucky.logout(false).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal);
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
        bystander.logout(false).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_that_finds_a_refresh_waits_for_its_end() {
    let waiting = profile("waiting");
    let (store, name) = (host().store(), waiting.name().clone());
    let written = store
        .compare_and_swap(&name, "refreshing", None, Some(b""))
        .await;
    let models = tokio::spawn(async move { waiting.models(false).await.unwrap_err() });
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(!models.is_finished());
    let deleted = store
        .compare_and_swap(&name, "refreshing", written.ok(), None)
        .await;
    deleted.unwrap();
    assert_eq!(models.await.unwrap().message, "refreshed");
}

#[tokio::test(start_paused = true)]
async fn it_waits_forty_seconds_at_most() {
    let waiting = profile("waiting");
    let store = host().store();
    let written = store
        .compare_and_swap(waiting.name(), "refreshing", None, Some(b""))
        .await;
    written.unwrap();
    let started = tokio::time::Instant::now();
    let error = waiting.models(false).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RefreshInProgress);
    assert!((39..=40).contains(&started.elapsed().as_secs()));
}

#[test]
fn the_embedded_component_loads_beside_a_compiler() {
    Host::builder(MemoryStore::new()).build().unwrap();
}

#[test]
fn bytes_that_are_no_component_are_refused() {
    let host = Host::builder(MemoryStore::new()).component(*b"\0asm");
    assert_eq!(host.build().unwrap_err().code, ErrorCode::InvalidArgument);
}

#[test]
fn a_component_that_exports_no_credentials_is_refused() {
    let onboarding = chatgpt_oauth::artifact::ONBOARDING.component;
    let host = Host::builder(MemoryStore::new()).component(onboarding);
    assert_eq!(host.build().unwrap_err().code, ErrorCode::InvalidArgument);
}
