//! The host itself: dropped calls, a host that ends, a store that panics, a refresh for which
//! other calls wait, and components that do not fit.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use chatgpt_oauth::store::{MemoryStore, ProfileName, Row, Store, StoreError, StoreKind, Version};
use chatgpt_oauth::{ErrorCode, Host};

use crate::guest::{guest, host, profile};

/// Faults: H08
#[tokio::test]
pub async fn a_call_whose_caller_has_gone_comes_to_its_end() {
    let culprit = profile("culprit");
    let poll = culprit.poll(Some("compute forever"));
    let gone = tokio::time::timeout(Duration::from_millis(100), poll).await;
    assert!(gone.is_err());
    // The dropped call still has its turn.
    let started = Instant::now();
    culprit.start().await.unwrap_err();
    assert!(started.elapsed() > Duration::from_secs(1));
}

/// Faults: H10
#[tokio::test]
pub async fn a_host_that_drains_lets_its_calls_end_and_begins_none() {
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

    fn is_persistent(&self) -> bool {
        self.0.is_persistent()
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

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        self.0.list(after, limit).await
    }

    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        self.0.quarantine(profile, key, now).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.0.check_writable().await
    }
}

/// Faults: H11
#[tokio::test]
pub async fn a_panic_of_the_store_ends_its_own_call_and_no_other() {
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
pub async fn a_call_that_finds_a_refresh_waits_for_its_end() {
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
pub async fn it_waits_forty_seconds_at_most() {
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
pub fn the_embedded_component_loads_beside_a_compiler() {
    Host::builder(MemoryStore::new()).build().unwrap();
}

#[test]
pub fn bytes_that_are_no_component_are_refused() {
    let host = Host::builder(MemoryStore::new()).component(*b"\0asm");
    assert_eq!(host.build().unwrap_err().code, ErrorCode::InvalidArgument);
}
