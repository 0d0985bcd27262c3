//! What every store must do, run against each of them.

use super::{ProfileName, Store, StoreError, Version};

/// Checks an empty store.
pub(crate) async fn check(store: &dyn Store) {
    an_unknown_profile_is_empty(store).await;
    a_write_is_read_back_with_its_version(store).await;
    a_write_over_another_version_is_a_conflict(store).await;
    a_deletion_leaves_a_tombstone(store).await;
    profiles_share_nothing(store).await;
    versions_never_repeat(store).await;
    any_bytes_are_kept(store).await;
    one_of_many_writers_wins(store).await;
}

fn name(name: &str) -> ProfileName {
    name.parse().unwrap()
}

async fn an_unknown_profile_is_empty(store: &dyn Store) {
    let nobody = name("nobody");
    assert_eq!(store.load(&nobody).await.unwrap(), []);
    assert_eq!(store.read(&nobody, "key").await.unwrap(), None);
    assert_eq!(store.list().await.unwrap(), []);
    store.remove(&nobody).await.unwrap();
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
    assert_eq!(store.list().await.unwrap(), std::slice::from_ref(&alice));
    store.remove(&alice).await.unwrap();
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
    store.remove(&alice).await.unwrap();
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
    assert_eq!(store.list().await.unwrap(), []);
    let unaware = store
        .compare_and_swap(&alice, "key", None, Some(b"2"))
        .await;
    assert_eq!(unaware, Err(StoreError::Conflict));
    store
        .compare_and_swap(&alice, "key", Some(deleted), Some(b"2"))
        .await
        .unwrap();
    store.remove(&alice).await.unwrap();
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
    assert_eq!(store.list().await.unwrap(), [upper.clone(), lower.clone()]);

    store.remove(&upper).await.unwrap();
    assert_eq!(store.list().await.unwrap(), std::slice::from_ref(&lower));
    store.remove(&lower).await.unwrap();
}

async fn versions_never_repeat(store: &dyn Store) {
    let alice = name("versions");
    let before = store
        .compare_and_swap(&alice, "key", None, Some(b"1"))
        .await
        .unwrap();
    store.remove(&alice).await.unwrap();
    let after = store
        .compare_and_swap(&alice, "key", None, Some(b"1"))
        .await
        .unwrap();
    assert!(after > before);
    store.remove(&alice).await.unwrap();
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
    store.remove(&alice).await.unwrap();
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
    store.remove(&alice).await.unwrap();
}
