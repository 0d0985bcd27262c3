//! The SQLite store, with real files and processes.

use std::fs;
use std::os::unix::fs::symlink;
use std::pin::pin;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use super::*;
use crate::server_store::{Collection, EntryPlace, Owner};
use crate::{ProfileName, ServerStore, Store, conformance};

struct Place {
    _root: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("store/openai.db");
    Place { _root: root, path }
}

async fn open(place: &Place) -> SqliteStore {
    SqliteStore::open(&place.path, StoreKind::OpenAi)
        .await
        .unwrap()
}

async fn open_read_only(place: &Place) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_read_only(&place.path, StoreKind::OpenAi).await
}

/// Another connection to the file of a store.
fn raw(place: &Place) -> rusqlite::Connection {
    rusqlite::Connection::open(&place.path).unwrap()
}

/// Closes a store, and waits until it is closed.
async fn close(store: SqliteStore) {
    let closed = store.writer().unwrap().block(|sqlite| {
        *sqlite = rusqlite::Connection::open_in_memory()?;
        Ok(())
    });
    closed.await.unwrap();
}

/// Starts a test of this file in another process, which acts on the variable.
fn in_another_process(test: &str, variable: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .arg("--exact")
        .arg(format!("sqlite::tests::{test}"))
        .env(variable, path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn value_of(path: &Path, key: &str) -> Vec<u8> {
    let store = SqliteStore::open(path, StoreKind::OpenAi).await.unwrap();
    let found = store.read(&alice(), key).await.unwrap().unwrap();
    found.value.unwrap()
}

fn alice() -> ProfileName {
    "alice".parse().unwrap()
}

#[tokio::test]
async fn it_is_a_store() {
    let place = place();
    conformance::check(&open(&place).await).await;
}

#[tokio::test]
async fn it_is_a_store_of_a_server() {
    let place = place();
    conformance::check_server_store(&open(&place).await).await;
}

#[tokio::test]
async fn it_is_a_store_of_links() {
    let place = place();
    conformance::check_links(Arc::new(open(&place).await)).await;
}

#[tokio::test]
async fn it_is_a_schedule() {
    let place = place();
    conformance::check_schedule(&open(&place).await).await;
}

#[tokio::test]
async fn a_value_is_visible_to_other_connections_and_after_a_restart() {
    let place = place();
    let first = open(&place).await;
    let version = first
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await
        .unwrap();
    let second = open(&place).await;
    let found = second.read(&alice(), "key").await.unwrap().unwrap();
    assert_eq!(found.version, version);

    drop((first, second));
    let later = open(&place).await;
    assert_eq!(later.read(&alice(), "key").await.unwrap(), Some(found));
}

#[tokio::test]
async fn files_beside_the_store_are_private_to_the_owner_too() {
    use std::os::unix::fs::MetadataExt;

    let place = place();
    let store = open(&place).await;
    store
        .compare_and_swap(&alice(), "key", None, Some(b"1"))
        .await
        .unwrap();
    let files = fs::read_dir(place.path.parent().unwrap()).unwrap();
    let modes: Vec<_> = files
        .map(|file| file.unwrap().metadata().unwrap().mode() & 0o777)
        .collect();
    assert_eq!(modes, [0o600; 3]);
}

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

#[tokio::test]
async fn a_value_of_another_type_is_damage() {
    for (column, value) in [("key", "x'6b'"), ("value", "'text'"), ("value", "1")] {
        let place = place();
        let store = open(&place).await;
        // A table that is not STRICT.
        let replaced = format!(
            "DROP TABLE record;
             CREATE TABLE record (version INTEGER PRIMARY KEY, profile, key, value);
             INSERT INTO record VALUES (1, 'alice', 'key', x'31');
             UPDATE record SET {column} = {value}"
        );
        raw(&place).execute_batch(&replaced).unwrap();
        let found = store.load(&alice()).await;
        assert_eq!(found, Err(StoreError::Corrupt), "{column} {value}");
    }
}

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

#[tokio::test]
async fn a_damaged_store_is_reported_and_not_changed() {
    let place = place();
    close(open(&place).await).await;
    let garbage = vec![b'x'; 8192];
    fs::write(&place.path, &garbage).unwrap();
    assert_eq!(
        open_read_only(&place).await.unwrap_err(),
        StoreError::Damaged
    );
    let open = SqliteStore::open(&place.path, StoreKind::OpenAi).await;
    assert_eq!(open.unwrap_err(), StoreError::Damaged);
    assert_eq!(fs::read(&place.path).unwrap(), garbage);
}

#[tokio::test]
async fn a_permanent_error_is_not_retryable() {
    use std::os::unix::ffi::OsStrExt;

    let place = place();
    let directory = place.path.parent().unwrap();
    let no_text = directory.join(std::ffi::OsStr::from_bytes(b"\xff.db"));
    let refused = SqliteStore::open(no_text, StoreKind::OpenAi).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, StoreError::Refused { .. }), "{refused:?}");
    assert!(!directory.exists());

    close(open(&place).await).await;
    fs::create_dir(place.path.with_extension("db-wal")).unwrap();
    let closed = open_read_only(&place).await.unwrap_err();
    assert!(matches!(closed, StoreError::Unusable(_)), "{closed:?}");
    assert!(!closed.may_pass(false));
}

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
        "a_write_to_a_full_disk_is_reported_as_failed",
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
    let reader = in_another_process("opening_read_only_works_on_a_full_disk", FULL, &place.path);
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

const RACE: &str = "CHATGPT_OAUTH_TEST_RACE";
const RACERS: usize = 8;
const LAPS: usize = 10;

#[test]
fn eight_processes_may_make_a_store_at_once_and_lose_no_write() {
    if let Some(path) = std::env::var_os(RACE) {
        return run_laps(&PathBuf::from(path));
    }
    let place = place();
    let racer = || {
        in_another_process(
            "eight_processes_may_make_a_store_at_once_and_lose_no_write",
            RACE,
            &place.path,
        )
    };
    let racers: Vec<_> = (0..RACERS).map(|_| racer()).collect();
    for mut racer in racers {
        assert!(racer.wait().unwrap().success());
    }
    assert_eq!(value_of(&place.path, "count").len(), RACERS * LAPS);
}

/// One process of the race.
#[tokio::main(flavor = "current_thread")]
async fn run_laps(path: &Path) {
    let store = SqliteStore::open(path, StoreKind::OpenAi).await.unwrap();
    let mut laps = 0;
    while laps < LAPS {
        let found = store.read(&alice(), "count").await.unwrap();
        let version = found.as_ref().map(|row| row.version);
        let mut value = found.and_then(|row| row.value).unwrap_or_default();
        value.push(b'x');
        match store
            .compare_and_swap(&alice(), "count", version, Some(&value))
            .await
        {
            Ok(_) => laps += 1,
            Err(StoreError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_quarantined_value_is_kept_for_thirty_days() {
    const DAY: u64 = 24 * 60 * 60;
    let place = place();
    let store = open(&place).await;
    let quarantined = || {
        let count = "SELECT count(*) FROM aside";
        raw(&place).query_row(count, (), |row| row.get(0)).unwrap()
    };
    let mut row = None;
    for (day, kept) in [(0, 1), (30, 2), (31, 2)] {
        let written = store
            .compare_and_swap(&alice(), "key", row, Some(b"1"))
            .await;
        written.unwrap();
        store.quarantine(&alice(), "key", day * DAY).await.unwrap();
        let tombstone = store.read(&alice(), "key").await.unwrap();
        row = tombstone.map(|row| row.version);
        let found: i64 = quarantined();
        assert_eq!(found, kept, "day {day}");
    }
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

#[tokio::test]
async fn the_change_number_changes_with_the_writes_of_others() {
    let place = place();
    let (reader, writer) = (open(&place).await, open(&place).await);
    let number = async || reader.change_number().await.unwrap().unwrap();
    let before = number().await;
    assert_eq!(number().await, before);
    let entry = EntryPlace {
        collection: Collection::ApiKeys,
        owner: &Owner::Server,
        id: "id",
    };
    writer.swap_entry(entry, None, b"1").await.unwrap();
    assert_ne!(number().await, before);
    assert!(
        reader
            .entry(entry.collection, "id")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn every_store_has_a_name_of_its_own_and_keeps_it() {
    let (one, other) = (place(), place());
    let name = |store: SqliteStore| store.identity().unwrap().to_owned();
    let first = name(open(&one).await);
    assert_eq!(first.len(), 32);
    assert_eq!(name(open(&one).await), first);
    assert_eq!(name(open_read_only(&one).await.unwrap()), first);
    assert_ne!(name(open(&other).await), first);
}

/// A page costs the same wherever it begins: it reads the index from there, and sorts nothing.
#[tokio::test]
async fn a_page_of_profiles_reads_the_index_from_its_beginning() {
    let place = place();
    drop(open(&place).await);
    let sqlite = raw(&place);
    let explain = format!("EXPLAIN QUERY PLAN {}", operations::LIST);
    let mut plan = sqlite.prepare(&explain).unwrap();
    let steps = plan.query_map(("p5", 100), |row| row.get(3)).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(
        steps[0].starts_with("SEARCH record USING INDEX"),
        "{steps:?}"
    );
    assert!(steps[0].ends_with("(profile>?)"), "{steps:?}");
}
