//! The suites that every store must pass: [`check`], and [`check_server_store`],
//! [`check_links`] and [`check_schedule`] if a server can use the store.

mod links;
mod schedule;
mod server_store;

pub use links::check_links;
pub use schedule::check_schedule;
pub use server_store::check_server_store;

use crate::{ProfileName, Store, StoreError, Version, sealed_store};

/// Checks a store, which must be empty.
pub async fn check(store: &dyn Store) {
    an_unknown_profile_is_empty(store).await;
    a_write_is_read_back_with_its_version(store).await;
    a_write_over_another_version_is_a_conflict(store).await;
    a_deletion_leaves_a_tombstone(store).await;
    profiles_share_nothing(store).await;
    a_profile_that_was_emptied_leaves_nothing_to_write_over(store).await;
    a_quarantined_value_is_not_visible(store).await;
    any_bytes_are_kept(store).await;
    one_of_many_writers_wins(store).await;
}

fn name(name: &str) -> ProfileName {
    name.parse().unwrap()
}

async fn empty(store: &dyn Store, profile: &ProfileName) {
    sealed_store::clear(store, profile, None).await.unwrap();
}

async fn an_unknown_profile_is_empty(store: &dyn Store) {
    let unknown = name("unknown");
    assert_eq!(store.load(&unknown).await.unwrap(), []);
    assert_eq!(store.read(&unknown, "key").await.unwrap(), None);
    assert_eq!(store.list(None, 1000).await.unwrap(), []);
    empty(store, &unknown).await;
}

async fn a_write_is_read_back_with_its_version(store: &dyn Store) {
    let alice = name("written");
    let first = store
        .compare_and_swap(&alice, "key", None, Some(b"1"))
        .await
        .unwrap();
    let second = store
        .compare_and_swap(&alice, "key", Some(first), Some(b"2"))
        .await
        .unwrap();
    assert!(second > first);

    let row = store.read(&alice, "key").await.unwrap().unwrap();
    assert_eq!(
        (row.version, row.value.as_deref()),
        (second, Some(&b"2"[..]))
    );
    assert_eq!(store.load(&alice).await.unwrap(), [row]);
    assert_eq!(
        store.list(None, 1000).await.unwrap(),
        std::slice::from_ref(&alice)
    );
    empty(store, &alice).await;
}

async fn a_write_over_another_version_is_a_conflict(store: &dyn Store) {
    let alice = name("conflict");
    let version = store
        .compare_and_swap(&alice, "key", None, Some(b"1"))
        .await
        .unwrap();
    for expected in [
        None,
        Some(Version(version.0 + 1)),
        Some(Version(version.0 - 1)),
    ] {
        let write = store
            .compare_and_swap(&alice, "key", expected, Some(b"2"))
            .await;
        assert_eq!(write, Err(StoreError::Conflict), "{expected:?}");
    }
    let absent = store
        .compare_and_swap(&alice, "other", Some(version), Some(b"2"))
        .await;
    assert_eq!(absent, Err(StoreError::Conflict));
    let row = store.read(&alice, "key").await.unwrap().unwrap();
    assert_eq!(row.value.as_deref(), Some(&b"1"[..]));
    empty(store, &alice).await;
}

async fn a_deletion_leaves_a_tombstone(store: &dyn Store) {
    let alice = name("tombstone");
    let written = store
        .compare_and_swap(&alice, "key", None, Some(b"1"))
        .await
        .unwrap();
    let deleted = store
        .compare_and_swap(&alice, "key", Some(written), None)
        .await
        .unwrap();
    assert!(deleted > written);

    let row = store.read(&alice, "key").await.unwrap().unwrap();
    assert_eq!((row.version, &row.value), (deleted, &None));
    assert_eq!(store.load(&alice).await.unwrap(), [row]);
    assert_eq!(store.list(None, 1000).await.unwrap(), []);
    let unaware = store
        .compare_and_swap(&alice, "key", None, Some(b"2"))
        .await;
    assert_eq!(unaware, Err(StoreError::Conflict));
    store
        .compare_and_swap(&alice, "key", Some(deleted), Some(b"2"))
        .await
        .unwrap();
    empty(store, &alice).await;
}

async fn profiles_share_nothing(store: &dyn Store) {
    let (lower, upper) = (name("shared"), name("Shared"));
    store
        .compare_and_swap(&lower, "key", None, Some(b"1"))
        .await
        .unwrap();
    assert_eq!(store.read(&upper, "key").await.unwrap(), None);
    store
        .compare_and_swap(&upper, "key", None, Some(b"2"))
        .await
        .unwrap();
    assert_eq!(
        store.list(None, 1000).await.unwrap(),
        [upper.clone(), lower.clone()]
    );

    empty(store, &upper).await;
    assert_eq!(
        store.list(None, 1000).await.unwrap(),
        std::slice::from_ref(&lower)
    );
    empty(store, &lower).await;
}

async fn a_profile_that_was_emptied_leaves_nothing_to_write_over(store: &dyn Store) {
    let alice = name("emptied");
    let before = store
        .compare_and_swap(&alice, "key", None, Some(b"1"))
        .await
        .unwrap();
    empty(store, &alice).await;
    assert!(!store.list(None, 1000).await.unwrap().contains(&alice));
    for expected in [None, Some(before)] {
        let late = store
            .compare_and_swap(&alice, "key", expected, Some(b"2"))
            .await;
        assert_eq!(late, Err(StoreError::Conflict), "{expected:?}");
    }
    let row = store.read(&alice, "key").await.unwrap().unwrap();
    assert!(row.version > before);
    assert_eq!(row.value, None);
}

async fn a_quarantined_value_is_not_visible(store: &dyn Store) {
    let (alice, bob) = (name("quarantined"), name("other"));
    for profile in [&alice, &bob] {
        for key in ["one", "two"] {
            let written = store.compare_and_swap(profile, key, None, Some(b"1")).await;
            written.unwrap();
        }
    }
    let before = store.load(&alice).await.unwrap();
    for (key, moved) in [
        ("one", true),
        ("one", false),
        ("two", true),
        ("three", false),
    ] {
        assert_eq!(
            store.quarantine(&alice, key, 0).await.unwrap(),
            moved,
            "{key}"
        );
    }

    let highest = before.iter().map(|row| row.version).max();
    for row in store.load(&alice).await.unwrap() {
        assert_eq!(row.value, None);
        assert!(Some(row.version) > highest);
    }
    assert_eq!(
        store.list(None, 1000).await.unwrap(),
        std::slice::from_ref(&bob)
    );
    assert_eq!(store.load(&bob).await.unwrap().len(), 2);
    store.check_writable().await.unwrap();
    empty(store, &bob).await;
}

async fn any_bytes_are_kept(store: &dyn Store) {
    let alice = name("bytes");
    let all: Vec<u8> = (0..=255).cycle().take(256 << 10).collect();
    for (key, value) in [("empty", &[][..]), ("zero", &[0]), ("large", &all)] {
        store
            .compare_and_swap(&alice, key, None, Some(value))
            .await
            .unwrap();
        let row = store.read(&alice, key).await.unwrap().unwrap();
        assert_eq!(row.value.as_deref(), Some(value), "{key}");
    }
    empty(store, &alice).await;
}

async fn one_of_many_writers_wins(store: &dyn Store) {
    let alice = name("race");
    let base = store
        .compare_and_swap(&alice, "key", None, Some(b"0"))
        .await
        .unwrap();
    let (one, two, three) = tokio::join!(
        store.compare_and_swap(&alice, "key", Some(base), Some(b"1")),
        store.compare_and_swap(&alice, "key", Some(base), Some(b"2")),
        store.compare_and_swap(&alice, "key", Some(base), Some(b"3")),
    );
    let won = [one, two, three].into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
    empty(store, &alice).await;
}
