//! A store that another connection has locked, and callers that go away.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::*;

#[tokio::test]
async fn reading_does_not_wait_for_another_process_that_writes() {
    let place = place();
    let _writer = open(&place).await;
    let busy = raw(&place);
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    let store = open_read_only(&place).await.unwrap();
    assert_eq!(store.load(&alice()).await.unwrap(), []);
}

/// A store that takes a lock for every read, as one in WAL mode does only for the first read
/// after a crash.
async fn without_wal_mode(place: &Place) {
    close(open(place).await).await;
    raw(place)
        .execute_batch("PRAGMA journal_mode = DELETE")
        .unwrap();
}

/// Runs this while another connection holds an exclusive lock. Releases the lock after some
/// ticks of another task.
async fn while_locked<T>(place: &Place, work: impl Future<Output = T>) -> T {
    let other = raw(place);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let release = async {
        for _ in 0..20 {
            sleep(Duration::from_millis(5)).await;
        }
        other.execute_batch("COMMIT").unwrap();
    };
    let mut work = pin!(work);
    tokio::select! {
        biased;
        _ = &mut work => panic!("the lock was in nothing's way"),
        () = release => work.await,
    }
}

#[tokio::test]
async fn a_read_during_an_exclusive_lock_waits_and_blocks_no_other_task() {
    let place = place();
    without_wal_mode(&place).await;
    let store = open(&place).await;
    let found = while_locked(&place, store.load(&alice())).await;
    assert_eq!(found, Ok(Vec::new()));
}

#[tokio::test]
async fn opening_during_an_exclusive_lock_waits_and_blocks_no_other_task() {
    let place = place();
    without_wal_mode(&place).await;
    while_locked(&place, open(&place)).await;
    while_locked(&place, open_read_only(&place)).await.unwrap();
}

#[tokio::test]
async fn a_write_is_finished_though_its_caller_goes_away() {
    let place = place();
    let store = open(&place).await;
    let other = raw(&place);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (profile, soon) = (alice(), Duration::from_millis(20));
    let write = store.compare_and_swap(&profile, "key", None, Some(b"1"));
    timeout(soon, write).await.unwrap_err();
    other.execute_batch("COMMIT").unwrap();

    // Writes are in order.
    store.check_writable().await.unwrap();
    let found = store.read(&alice(), "key").await.unwrap().unwrap();
    assert_eq!(found.value.as_deref(), Some(&b"1"[..]));
}
