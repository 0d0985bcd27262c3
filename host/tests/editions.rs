//! The host runs an edition over either draft of the store, and only the one that
//! was asked for.

mod support;

use std::sync::Arc;

use chatgpt_oauth::artifact::{EDITIONS, Edition, PLATFORM};
use chatgpt_oauth::contract::{ConnectionState, LogoutStatus};
use chatgpt_oauth::store::{MemoryStore, ProfileName, Store, StoreKind};
use chatgpt_oauth::{Digest, ErrorCode, Host, Profile};
use support::{World, sign_in};

const DRAFTS: [&str; 2] = ["platform", "platform-draft2"];

fn component(name: &str) -> &'static [u8] {
    Edition::named(name).unwrap().component
}

/// Ada's connection, by this edition, over this store.
fn ada(world: &World, edition: &str, store: &Arc<MemoryStore>) -> Profile {
    let host = world.builder(store.clone()).component(component(edition));
    host.build().unwrap().profile(name())
}

fn name() -> ProfileName {
    "ada".parse().unwrap()
}

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::of_kind(StoreKind::Test))
}

#[tokio::test]
async fn a_login_lives_the_same_life_over_either_draft() {
    for edition in DRAFTS {
        let world = World::new();
        let ada = ada(&world, edition, &store());
        let progress = sign_in(&world, &ada).await;
        assert_eq!(progress.email.as_deref(), Some("ada@example.com"));
        world.pass(20 * 24 * 3600);
        let headers = ada.authorize(None).await.unwrap();
        assert_eq!(headers.base_url(), "https://chatgpt.com/backend-api/codex");
        assert_eq!(world.presentations(), [1, 0], "{edition}");
        assert!(ada.models(true).await.unwrap().count > 0);
        assert!(!ada.usage(true).await.unwrap().windows.is_empty());
        let logout = ada.logout(false).await.unwrap();
        assert_eq!(logout.status, LogoutStatus::Disconnected);
        let state = ada.status().await.unwrap().state;
        assert_eq!(state, ConnectionState::NotConnected, "{edition}");
    }
}

#[tokio::test]
async fn a_login_made_over_one_draft_is_refreshed_over_the_other() {
    let world = World::new();
    let store = store();
    let [first, second] = DRAFTS.map(|edition| ada(&world, edition, &store));
    sign_in(&world, &first).await;
    for profile in [&second, &first, &second] {
        world.pass(20 * 24 * 3600);
        profile.authorize(None).await.unwrap();
    }
    assert_eq!(world.presentations(), [1, 1, 1, 0]);
}

#[tokio::test]
async fn both_drafts_race_for_one_refresh_and_one_of_them_has_it() {
    let world = World::new();
    let store = store();
    let [first, second] = DRAFTS.map(|edition| ada(&world, edition, &store));
    sign_in(&world, &first).await;
    for _ in 0..10 {
        world.pass(20 * 24 * 3600);
        let (one, other) = tokio::join!(first.authorize(None), second.authorize(None));
        assert_eq!(one.unwrap().fingerprint(), other.unwrap().fingerprint());
    }
    assert!(world.presentations().iter().all(|&times| times <= 1));
    assert_eq!(store.list().await.unwrap(), [name()]);
}

#[test]
fn an_edition_without_credentials_or_over_files_is_refused() {
    for edition in EDITIONS.iter().filter(|it| !DRAFTS.contains(&it.name)) {
        let host = Host::builder(MemoryStore::new()).component(edition.component);
        let error = host.build().unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument, "{}", edition.name);
    }
}

#[test]
fn m01_a_component_that_is_not_the_pinned_one_is_refused() {
    let pinned: Digest = PLATFORM.digest.parse().unwrap();
    let host = || Host::builder(MemoryStore::new()).component_digest(pinned);
    host().build().unwrap();
    host().component(PLATFORM.component).build().unwrap();

    let other = component("platform-draft2");
    let refused = host().component(other).build().unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidArgument);
    assert!(refused.message.contains(&Digest::of(other).to_string()));

    let embedded = Host::builder(MemoryStore::new()).component_digest(Digest::of(other));
    let refused = embedded.build().unwrap_err();
    assert!(refused.message.contains(PLATFORM.digest));

    // One bit makes another component.
    let mut changed = PLATFORM.component.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert!(host().component(changed).build().is_err());
}
