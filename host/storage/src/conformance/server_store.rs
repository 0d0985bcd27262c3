//! The suite that every store of a server must pass.

use crate::server_store::{Collection, Entry, EntryPlace, Owner, ServerStore};
use crate::{StoreError, Version};

/// Checks a store whose part for a server is empty.
pub async fn check_server_store(store: &dyn ServerStore) {
    an_unknown_entry_is_absent(store).await;
    an_entry_is_read_back_with_its_version_and_owner(store).await;
    a_write_over_another_version_or_owner_is_a_conflict(store).await;
    a_removed_entry_leaves_nothing(store).await;
    collections_share_no_ids(store).await;
    pages_are_in_the_order_of_ids_and_of_one_owner(store).await;
    any_bytes_are_kept(store).await;
    one_of_many_writers_wins(store).await;
    entries_are_no_profiles(store).await;
    assert_eq!(
        list(store, Collection::ApiKeys, None).await,
        [] as [&str; 0]
    );
}

fn profile(name: &str) -> Owner {
    Owner::Profile(name.parse().unwrap())
}

fn key<'a>(owner: &'a Owner, id: &'a str) -> EntryPlace<'a> {
    EntryPlace {
        collection: Collection::ApiKeys,
        owner,
        id,
    }
}

async fn read(store: &dyn ServerStore, id: &str) -> Option<Entry> {
    store.entry(Collection::ApiKeys, id).await.unwrap()
}

async fn list(
    store: &dyn ServerStore,
    collection: Collection,
    owner: Option<&Owner>,
) -> Vec<String> {
    let page = store.entries(collection, owner, None, 1000).await.unwrap();
    page.into_iter().map(|entry| entry.id).collect()
}

async fn create(store: &dyn ServerStore, place: EntryPlace<'_>) -> Version {
    store.swap_entry(place, None, b"1").await.unwrap()
}

async fn an_unknown_entry_is_absent(store: &dyn ServerStore) {
    assert_eq!(read(store, "unknown").await, None);
    for collection in Collection::ALL {
        assert_eq!(list(store, collection, None).await, [] as [&str; 0]);
    }
    let removal = store.remove_entry(key(&Owner::Server, "unknown"), Version(1));
    assert_eq!(removal.await, Err(StoreError::Conflict));
}

async fn an_entry_is_read_back_with_its_version_and_owner(store: &dyn ServerStore) {
    for owner in [Owner::Server, profile("alice")] {
        let place = key(&owner, "written");
        let first = store.swap_entry(place, None, b"1").await.unwrap();
        let second = store.swap_entry(place, Some(first), b"2").await.unwrap();
        assert!(second > first);
        let entry = read(store, "written").await.unwrap();
        assert_eq!(entry.place(), place);
        assert_eq!((entry.version, &entry.value[..]), (second, &b"2"[..]));
        store.remove_entry(place, second).await.unwrap();
    }
}

async fn a_write_over_another_version_or_owner_is_a_conflict(store: &dyn ServerStore) {
    let (alice, bob) = (profile("alice"), profile("bob"));
    let place = key(&alice, "conflict");
    let version = create(store, place).await;
    let (earlier, later) = (Version(version.0 - 1), Version(version.0 + 1));
    for (owner, expected) in [
        (&alice, None),
        (&alice, Some(earlier)),
        (&alice, Some(later)),
        (&bob, None),
        (&bob, Some(version)),
        (&Owner::Server, Some(version)),
    ] {
        let written = store
            .swap_entry(key(owner, "conflict"), expected, b"2")
            .await;
        assert_eq!(written, Err(StoreError::Conflict), "{owner:?} {expected:?}");
        let Some(expected) = expected else { continue };
        if (owner, expected) != (&alice, version) {
            let removed = store.remove_entry(key(owner, "conflict"), expected).await;
            assert_eq!(removed, Err(StoreError::Conflict), "{owner:?} {expected:?}");
        }
    }
    let absent = store.swap_entry(key(&alice, "absent"), Some(version), b"2");
    assert_eq!(absent.await, Err(StoreError::Conflict));
    assert_eq!(read(store, "conflict").await.unwrap().value, b"1");
    store.remove_entry(place, version).await.unwrap();
}

async fn a_removed_entry_leaves_nothing(store: &dyn ServerStore) {
    let alice = profile("alice");
    let place = key(&alice, "removed");
    let version = create(store, place).await;
    store.remove_entry(place, version).await.unwrap();
    assert_eq!(read(store, "removed").await, None);
    let late = store.swap_entry(place, Some(version), b"2").await;
    assert_eq!(late, Err(StoreError::Conflict));
    let again = store.remove_entry(place, version).await;
    assert_eq!(again, Err(StoreError::Conflict));

    let next = create(store, place).await;
    assert!(next > version);
    store.remove_entry(place, next).await.unwrap();
}

async fn collections_share_no_ids(store: &dyn ServerStore) {
    let owner = profile("alice");
    for collection in Collection::ALL {
        let place = EntryPlace {
            collection,
            ..key(&owner, "same")
        };
        let value = collection.as_str().as_bytes();
        store.swap_entry(place, None, value).await.unwrap();
    }
    for collection in Collection::ALL {
        let entry = store.entry(collection, "same").await.unwrap().unwrap();
        assert_eq!(entry.value, collection.as_str().as_bytes());
        assert_eq!(list(store, collection, None).await, ["same"]);
        store
            .remove_entry(entry.place(), entry.version)
            .await
            .unwrap();
    }
}

async fn pages_are_in_the_order_of_ids_and_of_one_owner(store: &dyn ServerStore) {
    let (alice, bob) = (profile("alice"), profile("Alice"));
    let ids = ["0", "B", "a", "a0", "b"];
    let owners = [&alice, &bob, &alice, &Owner::Server, &alice];
    // Written in another order than that of the ids.
    for at in [3, 0, 4, 1, 2] {
        create(store, key(owners[at], ids[at])).await;
    }
    let of = async |owner| list(store, Collection::ApiKeys, owner).await;
    assert_eq!(of(None).await, ids);
    assert_eq!(of(Some(&alice)).await, ["0", "a", "b"]);
    assert_eq!(of(Some(&bob)).await, ["B"]);
    assert_eq!(of(Some(&Owner::Server)).await, ["a0"]);
    assert_eq!(of(Some(&profile("carol"))).await, [] as [&str; 0]);

    let page = async |owner, after, limit| {
        let page = store.entries(Collection::ApiKeys, owner, after, limit);
        let ids = page.await.unwrap().into_iter().map(|entry| entry.id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(page(None, None, 2).await, ["0", "B"]);
    assert_eq!(page(None, Some("B"), 2).await, ["a", "a0"]);
    assert_eq!(page(None, Some("a1"), 9).await, ["b"]);
    assert_eq!(page(None, Some("b"), 9).await, [] as [&str; 0]);
    assert_eq!(page(Some(&alice), Some("0"), 1).await, ["a"]);
    assert_eq!(page(None, None, 0).await, [] as [&str; 0]);
    for id in ids {
        let entry = read(store, id).await.unwrap();
        store
            .remove_entry(entry.place(), entry.version)
            .await
            .unwrap();
    }
}

async fn any_bytes_are_kept(store: &dyn ServerStore) {
    let alice = profile("alice");
    let all: Vec<u8> = (0..=255).cycle().take(64 << 10).collect();
    for (id, value) in [("empty", &[][..]), ("zero", &[0]), ("large", &all)] {
        let place = key(&alice, id);
        let version = store.swap_entry(place, None, value).await.unwrap();
        assert_eq!(read(store, id).await.unwrap().value, value, "{id}");
        store.remove_entry(place, version).await.unwrap();
    }
}

async fn one_of_many_writers_wins(store: &dyn ServerStore) {
    let alice = profile("alice");
    let place = key(&alice, "race");
    let created = tokio::join!(
        store.swap_entry(place, None, b"0"),
        store.swap_entry(place, None, b"1"),
        store.swap_entry(place, None, b"2"),
    );
    let base = one_of(created);
    let written = tokio::join!(
        store.swap_entry(place, Some(base), b"3"),
        store.swap_entry(place, Some(base), b"4"),
        store.swap_entry(place, Some(base), b"5"),
    );
    let version = one_of(written);
    store.remove_entry(place, version).await.unwrap();
}

type Written = Result<Version, StoreError>;

/// The version of the only write that was no conflict.
fn one_of((one, two, three): (Written, Written, Written)) -> Version {
    let won: Vec<_> = [one, two, three]
        .into_iter()
        .filter(|written| *written != Err(StoreError::Conflict))
        .collect();
    assert_eq!(won.len(), 1);
    won[0].clone().unwrap()
}

async fn entries_are_no_profiles(store: &dyn ServerStore) {
    let owner = profile("of-an-entry");
    let place = key(&owner, "id");
    let version = create(store, place).await;
    let Owner::Profile(name) = &owner else {
        unreachable!()
    };
    assert_eq!(store.load(name).await.unwrap(), []);
    assert!(!store.list(None, 1000).await.unwrap().contains(name));
    store.remove_entry(place, version).await.unwrap();
}
