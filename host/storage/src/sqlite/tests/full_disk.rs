//! A disk without room.

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use super::*;

const FULL: &str = "CHATGPT_OAUTH_TEST_FULL";

/// Simulates a full disk: until this is dropped, no file of this process grows beyond a size.
/// The limit is the process's, so each test that uses it runs in another process.
struct NoRoom(Rlimit);

impl NoRoom {
    fn beyond(size: u64) -> Self {
        // With a handler the write fails. Without one the signal would end the process.
        _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).unwrap();
        let before = getrlimit(Resource::Fsize);
        let current = Some(size);
        setrlimit(Resource::Fsize, Rlimit { current, ..before }).unwrap();
        Self(before)
    }
}

impl Drop for NoRoom {
    fn drop(&mut self) {
        setrlimit(Resource::Fsize, self.0).unwrap();
    }
}

#[test]
fn a_write_to_a_full_disk_is_reported_as_failed() {
    if let Some(path) = std::env::var_os(FULL) {
        return run_out_of_room(&PathBuf::from(path));
    }
    let place = place();
    let writer = in_another_process(
        "full_disk::a_write_to_a_full_disk_is_reported_as_failed",
        FULL,
        &place.path,
    );
    assert!(writer.wait_with_output().unwrap().status.success());
    assert_eq!(value_of(&place.path, "key"), b"old");
}

#[tokio::main(flavor = "current_thread")]
async fn run_out_of_room(path: &Path) {
    let store = SqliteStore::open(path, StoreKind::OpenAi).await.unwrap();
    let old = store
        .compare_and_swap(&alice(), "key", None, Some(b"old"))
        .await
        .unwrap();
    let journal = fs::metadata(path.with_extension("db-wal")).unwrap().len();

    let no_room = NoRoom::beyond(journal);
    let write = store
        .compare_and_swap(&alice(), "key", Some(old), Some(b"new"))
        .await;
    let found = store.read(&alice(), "key").await;
    drop(no_room);

    assert!(
        matches!(
            write,
            Err(StoreError::Limited {
                may_pass: false,
                ..
            })
        ),
        "{write:?}"
    );
    let found = found.unwrap().unwrap();
    assert_eq!(
        (found.version, found.value.as_deref()),
        (old, Some(&b"old"[..]))
    );
    let again = store
        .compare_and_swap(&alice(), "other", None, Some(b"1"))
        .await;
    again.unwrap();
}

#[test]
fn opening_read_only_works_on_a_full_disk() {
    if let Some(path) = std::env::var_os(FULL) {
        return open_without_room(&PathBuf::from(path));
    }
    let place = place();
    let reader = in_another_process(
        "full_disk::opening_read_only_works_on_a_full_disk",
        FULL,
        &place.path,
    );
    assert!(reader.wait_with_output().unwrap().status.success());
}

#[tokio::main(flavor = "current_thread")]
async fn open_without_room(path: &Path) {
    let writer = SqliteStore::open(path, StoreKind::OpenAi).await.unwrap();
    writer
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await
        .unwrap();
    close(writer).await;

    // Twice: the first attempt leaves its empty files.
    for _ in 0..2 {
        let no_room = NoRoom::beyond(0);
        let store = SqliteStore::open_read_only(path, StoreKind::OpenAi).await;
        let found = store.unwrap().load(&alice()).await;
        drop(no_room);
        assert_eq!(found.unwrap().len(), 1);
    }
}
