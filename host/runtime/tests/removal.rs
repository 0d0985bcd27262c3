//! A removed profile stays removed, even while another process is logging in or refreshing.
//!
//! A second host over the same store stands for the other process.

use std::sync::Arc;
use std::time::Duration;

use chatgpt_oauth::store::{MemoryStore, Store, StoreKind};
use chatgpt_oauth::types::{ConnectionState, LoginStatus};
use chatgpt_oauth::{ErrorCode, Host, Profile};
use openai_simulator::{Endpoint, Fault, Gate, Simulator};
use serde_json::Value;

struct TestEnv {
    simulator: Simulator,
    store: Arc<MemoryStore>,
}

impl TestEnv {
    fn new() -> Self {
        // `TestEnv` starts a runtime, which is not possible inside another one.
        let simulator = std::thread::spawn(Simulator::start).join().unwrap();
        Self {
            simulator: simulator.unwrap(),
            store: Arc::new(MemoryStore::of_kind(StoreKind::Test)),
        }
    }

    /// Another host, with its own queues.
    fn host(&self) -> Host {
        let mut host = Host::builder(self.store.clone()).root_certificates(self.simulator.ca_pem());
        for connect_to in self.simulator.connect_to() {
            host = host.connect_to(connect_to.parse().unwrap());
        }
        host.build().unwrap()
    }

    fn alice(&self) -> Profile {
        self.host().profile("alice".parse().unwrap())
    }

    async fn begin(&self) {
        let prompt = self.alice().start().await.unwrap();
        self.simulator.approve(&prompt.pending.user_code).unwrap();
    }

    async fn sign_in(&self) {
        self.begin().await;
        let progress = self.alice().poll(None).await.unwrap();
        assert_eq!(progress.status, LoginStatus::Connected);
    }

    /// Makes the login an hour older, so that it may be refreshed.
    async fn age(&self) {
        let alice = "alice".parse().unwrap();
        let row = self.store.read(&alice, "credential").await.unwrap();
        let row = row.unwrap();
        let mut login: Value = serde_json::from_slice(&row.value.unwrap()).unwrap();
        login["received_at"] = (login["received_at"].as_u64().unwrap() - 3600).into();
        let aged = login.to_string().into_bytes();
        let version = Some(row.version);
        let written = self
            .store
            .compare_and_swap(&alice, "credential", version, Some(&aged));
        written.await.unwrap();
    }

    /// Holds the next answer with tokens until the gate opens.
    fn hold_tokens(&self) -> Gate {
        self.simulator.clear_requests();
        let gate = Gate::default();
        let held = Fault::normal().gate(&gate);
        self.simulator.fault(Endpoint::Token, held);
        gate
    }

    async fn until_tokens_are_asked_for(&self) {
        let asked = async {
            while self.simulator.requests_to(Endpoint::Token).is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let asked = tokio::time::timeout(Duration::from_secs(60), asked).await;
        asked.expect("a request for tokens");
    }

    async fn state(&self) -> ConnectionState {
        self.alice().status().await.unwrap().state
    }

    /// All stored values, as text.
    async fn stored(&self) -> String {
        let rows = self.store.load(&"alice".parse().unwrap()).await.unwrap();
        let values = rows.into_iter().filter_map(|row| row.value);
        values
            .map(|value| String::from_utf8(value).unwrap())
            .collect()
    }

    async fn assert_holds_no_secret(&self) {
        let stored = self.stored().await;
        for secret in self.simulator.secrets() {
            assert!(!stored.contains(&secret.value), "{:?}", secret.kind);
        }
    }
}

#[tokio::test]
async fn a_login_that_finishes_later_does_not_bring_it_back() {
    let world = TestEnv::new();
    world.begin().await;
    let held = world.hold_tokens();
    let login = world.alice();
    let login = tokio::spawn(async move { login.poll(None).await });
    world.until_tokens_are_asked_for().await;

    world.alice().remove(false).await.unwrap();
    held.open();

    let error = login.await.unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::LoginSuperseded);
    assert_eq!(world.state().await, ConnectionState::NotConnected);
    world.assert_holds_no_secret().await;
}

#[tokio::test]
async fn a_refresh_that_ends_later_does_not_bring_it_back() {
    let world = TestEnv::new();
    world.sign_in().await;
    world.age().await;
    let held = world.hold_tokens();
    let refresh = world.alice();
    let refresh = tokio::spawn(async move { refresh.refresh().await });
    world.until_tokens_are_asked_for().await;

    world.alice().remove(false).await.unwrap();
    held.open();

    let error = refresh.await.unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::NotConnected);
    assert_eq!(world.state().await, ConnectionState::NotConnected);
    world.assert_holds_no_secret().await;
}

#[tokio::test]
async fn a_login_after_it_is_not_disturbed_by_what_comes_late() {
    let world = TestEnv::new();
    world.begin().await;
    let held = world.hold_tokens();
    let late = world.alice();
    let late = tokio::spawn(async move { late.poll(None).await });
    world.until_tokens_are_asked_for().await;

    world.alice().remove(false).await.unwrap();
    world.sign_in().await;
    let before = world.alice().authorize(None).await.unwrap();
    held.open();

    late.await.unwrap().unwrap_err();
    let after = world.alice().authorize(None).await.unwrap();
    assert_eq!(before.fingerprint(), after.fingerprint());
}

#[tokio::test]
async fn nothing_of_it_is_left_but_that_it_was_signed_out() {
    let world = TestEnv::new();
    world.sign_in().await;
    let host = world.host();
    let alice = "alice".parse().unwrap();
    assert_eq!(host.profiles().await.unwrap(), [alice]);

    world.alice().remove(false).await.unwrap();
    world.alice().remove(false).await.unwrap();

    assert_eq!(host.profiles().await.unwrap(), []);
    let stored = world.stored().await;
    assert!(
        stored.starts_with('{') && stored.contains("logged-out"),
        "{stored}"
    );
    assert!(!stored.contains('@'), "{stored}");
    world.assert_holds_no_secret().await;
}

#[tokio::test]
async fn one_that_cannot_be_read_is_removed_only_on_demand() {
    let world = TestEnv::new();
    let alice = world.alice();
    let write = world
        .store
        .compare_and_swap(alice.name(), "credential", None, Some(b"garbage"));
    write.await.unwrap();
    assert_eq!(world.host().profiles().await.unwrap().len(), 1);

    let refused = alice.remove(false).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::RecordCorrupt);
    assert_eq!(world.stored().await, "garbage");

    alice.remove(true).await.unwrap();
    assert_eq!(world.stored().await, "");
    assert_eq!(world.host().profiles().await.unwrap(), []);
    world.sign_in().await;
}
