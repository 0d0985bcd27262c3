//! API keys in a store.

use std::sync::Arc;

use super::*;
use crate::sealed_entries::SealedEntries;
use crate::server_store::{Collection, EntryPlace, Owner};
use crate::{Keys, MemoryStore, ProfileName, ServerStore, StoreError};

const NOW: u64 = 1_795_000_000;
const DAY: u64 = 24 * 60 * 60;

fn keys(store: &Arc<MemoryStore>) -> ApiKeys {
    let sealing = Keys::provided([7; 32], None);
    ApiKeys::new(SealedEntries::new(store.clone(), Some(sealing)))
}

fn new_keys() -> ApiKeys {
    keys(&Arc::new(MemoryStore::new()))
}

fn name(name: &str) -> ProfileName {
    name.parse().unwrap()
}

fn of(profile: &str) -> NewApiKey {
    NewApiKey {
        permission: Permission::Profile {
            profile: name(profile),
            scopes: Scopes::default(),
        },
        label: Label::default(),
        expires_at: None,
    }
}

fn of_admin() -> NewApiKey {
    NewApiKey {
        permission: Permission::Admin,
        ..of("alice")
    }
}

async fn create(keys: &ApiKeys, new: NewApiKey) -> CreatedApiKey {
    keys.create(new, NOW).await.unwrap()
}

async fn find(keys: &ApiKeys, id: &ApiKeyId) -> ApiKeyRecord {
    keys.find(id).await.unwrap().unwrap()
}

fn ids(listed: &[ListedApiKey]) -> Vec<&str> {
    listed.iter().map(|key| key.id.as_str()).collect()
}

#[tokio::test]
async fn a_new_key_is_found_by_its_id_and_admits_its_caller() {
    let keys = new_keys();
    for new in [of("alice"), of_admin()] {
        let created = create(&keys, new.clone()).await;
        let found = find(&keys, created.key.id()).await;
        assert_eq!(found, created.record);
        assert_eq!(found.permission, new.permission);
        assert_eq!(created.key.is_admin(), new.permission.is_admin());
        assert!(found.admits(&created.key, NOW));
    }
    let unknown = "0123456789".parse().unwrap();
    assert_eq!(keys.find(&unknown).await, Ok(None));
}

#[tokio::test]
async fn keys_are_listed_by_owner_in_pages() {
    let keys = new_keys();
    for new in [of("alice"), of("alice"), of("alice"), of("bob"), of_admin()] {
        create(&keys, new).await;
    }
    let alice = Owner::Profile(name("alice"));
    let of_alice = keys.list(Some(&alice), None, 9).await.unwrap();
    assert_eq!(of_alice.len(), 3);
    assert!(
        of_alice
            .iter()
            .all(|key| key.owner == alice && key.record.is_ok())
    );
    assert_eq!(
        keys.list(Some(&Owner::Server), None, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(keys.list(None, None, 9).await.unwrap().len(), 5);

    let first = keys.list(Some(&alice), None, 2).await.unwrap();
    let rest = keys
        .list(Some(&alice), Some(&first[1].id), 2)
        .await
        .unwrap();
    assert_eq!([ids(&first), ids(&rest)].concat(), ids(&of_alice));
}

#[tokio::test]
async fn a_revoked_key_is_listed_and_admits_no_caller() {
    let keys = new_keys();
    let CreatedApiKey { key, .. } = create(&keys, of("alice")).await;
    assert_eq!(keys.revoke(key.id(), NOW + 1).await, Ok(true));
    let found = find(&keys, key.id()).await;
    assert_eq!(found.revoked_at, Some(NOW + 1));
    assert!(!found.admits(&key, NOW + 1));
    assert_eq!(keys.revoke(key.id(), NOW + 2).await, Ok(false));
    assert_eq!(find(&keys, key.id()).await.revoked_at, Some(NOW + 1));

    let unknown = "0123456789".parse().unwrap();
    assert_eq!(keys.revoke(&unknown, NOW).await, Err(ApiKeyError::Unknown));
}

#[tokio::test]
async fn a_rotated_key_is_valid_for_a_day_beside_its_successor() {
    let keys = new_keys();
    let new = NewApiKey {
        label: "laptop".parse().unwrap(),
        expires_at: Some(NOW + 30 * DAY),
        ..of("alice")
    };
    let old = create(&keys, new.clone()).await;
    let later = NOW + 10 * DAY;
    let rotation = keys.rotate(old.key.id(), later).await.unwrap();
    assert_eq!(rotation.previous_expires_at, later + DAY);
    let next = rotation.created;
    assert_eq!(next.record.permission, new.permission);
    assert_eq!(next.record.label, new.label);
    assert_eq!(next.record.expires_at, Some(later + 30 * DAY));
    let rotated = find(&keys, old.key.id()).await;
    assert!(rotated.admits(&old.key, later + DAY - 1));
    assert!(!rotated.admits(&old.key, later + DAY));
    assert!(!next.record.admits(&old.key, later));

    let ended = keys.rotate(old.key.id(), later + DAY).await;
    assert_eq!(ended.unwrap_err(), ApiKeyError::Ended);
    let unknown = keys.rotate(&"0123456789".parse().unwrap(), later).await;
    assert_eq!(unknown.unwrap_err(), ApiKeyError::Unknown);
}

#[tokio::test]
async fn a_rotation_does_not_lengthen_the_life_of_the_previous_key() {
    let keys = new_keys();
    let short = NewApiKey {
        expires_at: Some(NOW + 60),
        ..of("alice")
    };
    let old = create(&keys, short).await;
    let rotation = keys.rotate(old.key.id(), NOW + 30).await.unwrap();
    assert_eq!(rotation.previous_expires_at, NOW + 60);
    assert_eq!(rotation.created.record.expires_at, Some(NOW + 90));
    assert_eq!(find(&keys, old.key.id()).await.expires_at, Some(NOW + 60));
}

#[tokio::test]
async fn a_use_is_stored_at_most_once_in_five_minutes() {
    let keys = new_keys();
    let CreatedApiKey { key, .. } = create(&keys, of("alice")).await;
    for (at, stored) in [(0, true), (299, false), (300, true), (0, false)] {
        let noted = keys.note_use(key.id(), NOW + at).await;
        assert_eq!(noted, Ok(stored), "{at}");
    }
    let found = find(&keys, key.id()).await;
    assert_eq!(found.last_used_at, Some(NOW + 300));
    assert!(found.admits(&key, NOW));
}

#[tokio::test]
async fn the_keys_of_a_removed_profile_are_gone_and_no_others() {
    let keys = new_keys();
    let alices = [
        create(&keys, of("alice")).await,
        create(&keys, of("alice")).await,
    ];
    let bobs = create(&keys, of("bob")).await;
    let alice = Owner::Profile(name("alice"));
    assert_eq!(keys.remove_all(&alice).await, Ok(2));
    for created in alices {
        assert_eq!(keys.find(created.key.id()).await, Ok(None));
    }
    assert!(find(&keys, bobs.key.id()).await.admits(&bobs.key, NOW));
    assert_eq!(keys.remove_all(&alice).await, Ok(0));
}

/// Faults: G15
#[tokio::test]
async fn a_key_that_was_given_to_another_profile_in_the_store_does_not_open() {
    let store = Arc::new(MemoryStore::new());
    let keys = keys(&store);
    let CreatedApiKey { key, .. } = create(&keys, of("eve")).await;
    let id = key.id().as_str();
    let entry = store.entry(Collection::ApiKeys, id).await.unwrap().unwrap();
    store
        .remove_entry(entry.place(), entry.version)
        .await
        .unwrap();
    for owner in [Owner::Profile(name("alice")), Owner::Server] {
        let stolen = EntryPlace {
            owner: &owner,
            ..entry.place()
        };
        let version = store.swap_entry(stolen, None, &entry.value).await.unwrap();
        assert_eq!(keys.find(key.id()).await, Err(StoreError::Corrupt));
        let listed = keys.list(Some(&owner), None, 9).await.unwrap();
        assert_eq!(listed[0].record, Err(StoreError::Corrupt));
        store.remove_entry(stolen, version).await.unwrap();
    }
}

#[tokio::test]
async fn an_unreadable_key_is_removed_when_it_is_revoked() {
    let store = Arc::new(MemoryStore::new());
    let keys = keys(&store);
    let owner = Owner::Profile(name("alice"));
    let place = EntryPlace {
        collection: Collection::ApiKeys,
        owner: &owner,
        id: "0123456789",
    };
    store.swap_entry(place, None, b"damaged").await.unwrap();
    let id = place.id.parse().unwrap();
    assert_eq!(keys.find(&id).await, Err(StoreError::Corrupt));
    assert_eq!(keys.revoke(&id, NOW).await, Ok(true));
    assert_eq!(keys.find(&id).await, Ok(None));
}

/// Faults: G28
#[tokio::test]
async fn the_store_holds_no_secret_and_nothing_shows_it() {
    let store = Arc::new(MemoryStore::new());
    let keys = ApiKeys::new(SealedEntries::new(store.clone(), None));
    let created = create(&keys, of("alice")).await;
    let secret = &created.key.reveal()[15..48];
    let entry = store.entry(Collection::ApiKeys, created.key.id().as_str());
    let value = entry.await.unwrap().unwrap().value;
    assert!(!String::from_utf8(value).unwrap().contains(secret));
    let listed = keys.list(None, None, 9).await.unwrap();
    assert!(!format!("{created:?} {listed:?}").contains(secret));
}
