//! The SQLite store, with real files and processes.

mod full_disk;
mod layouts;
mod locks;
mod race;
mod read_only;

use std::fs;
use std::process::{Child, Command};
use std::sync::Arc;

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
