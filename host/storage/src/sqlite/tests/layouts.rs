//! Stores of other kinds and layouts.

use super::*;

#[tokio::test]
async fn a_store_of_the_other_kind_or_of_a_newer_version_is_not_opened() {
    let place = place();
    let _store = open(&place).await;
    let wrong = SqliteStore::open(&place.path, StoreKind::Test)
        .await
        .unwrap_err();
    assert!(matches!(wrong, StoreError::WrongKind { .. }));

    let newer = "PRAGMA user_version = 99";
    raw(&place).execute_batch(newer).unwrap();
    assert_eq!(open_read_only(&place).await.unwrap_err(), StoreError::Newer);
    let open = SqliteStore::open(&place.path, StoreKind::OpenAi).await;
    assert_eq!(open.unwrap_err(), StoreError::Newer);
}

/// Faults: S03
#[tokio::test]
async fn a_store_of_an_older_version_is_upgraded_by_a_writer_with_its_values() {
    let place = place();
    let store = open(&place).await;
    let written = store
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await;
    written.unwrap();
    close(store).await;
    let older = "DROP TABLE due; DROP TABLE pause;
                 DROP TRIGGER moved; DROP TABLE entry; DROP TABLE aside; DROP TABLE store;
                 PRAGMA user_version = 1";
    raw(&place).execute_batch(older).unwrap();

    assert_eq!(
        open_read_only(&place).await.unwrap_err(),
        StoreError::NeedsUpgrade
    );
    let upgraded = open(&place).await;
    let found = upgraded.read(&alice(), "key").await.unwrap().unwrap();
    assert_eq!(found.value.as_deref(), Some(&b"1"[..]));
    assert!(upgraded.identity().is_some());
    open_read_only(&place).await.unwrap();
}

/// Faults: S03
#[tokio::test]
async fn a_store_without_entries_is_read_as_it_is_and_a_writer_adds_them() {
    let place = place();
    let store = open(&place).await;
    let name = store.identity().unwrap().to_owned();
    let written = store
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await;
    written.unwrap();
    close(store).await;
    let older = "DROP TABLE due; DROP TABLE pause;
                 DROP TRIGGER moved; DROP TABLE entry; ALTER TABLE store DROP COLUMN moved_to;
                 PRAGMA user_version = 2";
    raw(&place).execute_batch(older).unwrap();

    let reader = open_read_only(&place).await.unwrap();
    assert_eq!(reader.load(&alice()).await.unwrap().len(), 1);
    assert_eq!(reader.identity(), Some(&*name));
    let keys = Collection::ApiKeys;
    assert_eq!(reader.entries(keys, None, None, 9).await.unwrap(), []);
    assert_eq!(reader.entry(keys, "id").await.unwrap(), None);
    let version = || -> i64 {
        let version = "PRAGMA user_version";
        raw(&place)
            .query_row(version, (), |row| row.get(0))
            .unwrap()
    };
    assert_eq!(version(), 2);

    let writer = open(&place).await;
    assert_eq!(version(), 4);
    assert_eq!(writer.identity(), Some(&*name));
    assert_eq!(writer.load(&alice()).await.unwrap().len(), 1);
    conformance::check_server_store(&writer).await;
}
