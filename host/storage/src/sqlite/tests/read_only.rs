//! A store that is only read.

use std::os::unix::fs::symlink;

use super::*;

#[tokio::test]
async fn a_missing_store_opened_read_only_is_empty_and_is_not_created() {
    let place = place();
    let store = open_read_only(&place).await.unwrap();
    assert_eq!(store.load(&alice()).await.unwrap(), []);
    assert_eq!(store.list(None, 10).await.unwrap(), []);
    let write = store
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await;
    assert_eq!(write, Err(StoreError::ReadOnly));
    assert!(!place.path.parent().unwrap().exists());
}

#[tokio::test]
async fn opening_read_only_right_after_the_last_writer_writes_nothing() {
    let place = place();
    let writer = open(&place).await;
    let version = writer
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await
        .unwrap();
    close(writer).await;
    assert!(!place.path.with_extension("db-wal").exists());
    let before = fs::read(&place.path).unwrap();

    let store = open_read_only(&place).await.unwrap();
    assert_eq!(store.load(&alice()).await.unwrap().len(), 1);
    let write = store
        .compare_and_swap(&alice(), "key", Some(version), None)
        .await;
    assert_eq!(write, Err(StoreError::ReadOnly));
    drop(store);
    assert_eq!(fs::read(&place.path).unwrap(), before);
}

#[tokio::test]
async fn opening_read_only_works_without_the_files_beside_the_store() {
    let place = place();
    let writer = open(&place).await;
    let version = writer
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await
        .unwrap();
    close(writer).await;
    // SQLite follows no link: this fails as on a read-only file system, for root too.
    let shared_memory = place.path.with_extension("db-shm");
    symlink("nowhere", &shared_memory).unwrap();

    let store = open_read_only(&place).await.unwrap();
    assert_eq!(store.load(&alice()).await.unwrap().len(), 1);
    assert_eq!(store.list(None, 10).await.unwrap(), [alice()]);
    let write = store
        .compare_and_swap(&alice(), "key", Some(version), None)
        .await;
    assert_eq!(write, Err(StoreError::ReadOnly));

    fs::remove_file(&shared_memory).unwrap();
    let writer = open(&place).await;
    writer
        .compare_and_swap(&alice(), "key", Some(version), Some(b"2"))
        .await
        .unwrap();
    let found = store.read(&alice(), "key").await.unwrap().unwrap();
    assert_eq!(found.value.as_deref(), Some(&b"2"[..]));
}

#[tokio::test]
async fn a_journal_with_content_is_not_ignored() {
    let place = place();
    let writer = open(&place).await;
    writer
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await
        .unwrap();
    let [journal, shared_memory] =
        ["db-wal", "db-shm"].map(|beside| place.path.with_extension(beside));
    let content = fs::read(&journal).unwrap();
    close(writer).await;
    fs::write(&journal, content).unwrap();
    symlink("nowhere", &shared_memory).unwrap();
    assert!(open_read_only(&place).await.is_err());
}
