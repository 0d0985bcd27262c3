//! The PostgreSQL store, with a real server.

mod changes;
mod failover;
mod outages;

use std::time::{Duration, Instant};

use postgres_cluster::{Cluster, Database, PgBouncer, Shutdown};

use super::*;
use crate::server_store::{Collection, EntryPlace, Owner};
use crate::{Change, ProfileName, ServerStore, Store, Version, conformance};

const PATIENCE: Duration = Duration::from_secs(60);

fn url(database: &Database) -> PostgresUrl {
    database.url().parse().unwrap()
}

async fn migrate(database: &Database) -> Migrated {
    let url = url(database);
    once_there(async || PostgresStore::migrate(&url, StoreKind::OpenAi).await).await
}

async fn open(database: &Database) -> PostgresStore {
    let url = url(database);
    once_there(async || PostgresStore::open(&url, StoreKind::OpenAi).await).await
}

/// What may be repeated, on a machine so busy that a connection takes longer than a store waits.
async fn once_there<T>(work: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let begun = Instant::now();
    loop {
        match work().await {
            Err(StoreError::Unavailable(_) | StoreError::Busy) if begun.elapsed() < PATIENCE => {}
            done => return done.unwrap(),
        }
    }
}

/// A database with an empty store.
async fn new_store() -> (Database, PostgresStore) {
    let database = Database::new();
    migrate(&database).await;
    let store = open(&database).await;
    (database, store)
}

fn alice() -> ProfileName {
    "alice".parse().unwrap()
}

async fn write(
    store: &PostgresStore,
    expected: Option<Version>,
    value: &[u8],
) -> Result<Version, StoreError> {
    store
        .compare_and_swap(&alice(), "key", expected, Some(value))
        .await
}

/// Waits until a condition holds.
async fn until(condition: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// After a minute a store looks again what the database holds.
fn a_minute_passes(store: &PostgresStore) {
    *store.checked.lock().unwrap() -= Duration::from_secs(61);
}

#[tokio::test]
async fn it_is_a_store() {
    let (_database, store) = new_store().await;
    conformance::check(&store).await;
}

#[tokio::test]
async fn it_is_a_store_of_a_server() {
    let (_database, store) = new_store().await;
    conformance::check_server_store(&store).await;
}

#[tokio::test]
async fn it_is_a_store_of_links() {
    let (_database, store) = new_store().await;
    conformance::check_links(Arc::new(store)).await;
}

#[tokio::test]
async fn it_is_a_schedule() {
    let (_database, store) = new_store().await;
    conformance::check_schedule(&store).await;
}

#[tokio::test]
async fn a_migration_makes_the_store_once_and_keeps_its_identity() {
    let database = Database::new();
    let before = PostgresStore::open(&url(&database), StoreKind::OpenAi).await;
    assert_eq!(before.unwrap_err(), StoreError::NeedsMigration);
    assert_eq!(migrate(&database).await, Migrated { from: 0, to: 3 });
    let first = open(&database).await;
    assert_eq!(first.identity().unwrap().len(), 32);
    assert_eq!(migrate(&database).await, Migrated { from: 3, to: 3 });
    assert_eq!(open(&database).await.identity(), first.identity());
    let (_other, other) = new_store().await;
    assert_ne!(other.identity(), first.identity());
}

#[tokio::test]
async fn of_several_processes_that_migrate_at_once_one_makes_the_store() {
    let database = Database::new();
    let url = url(&database);
    let migrate = || PostgresStore::migrate(&url, StoreKind::OpenAi);
    let (one, two, three) = tokio::join!(migrate(), migrate(), migrate());
    let made = [one, two, three].map(Result::unwrap);
    let made = made.iter().filter(|migrated| migrated.from == 0).count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_migration_waits_for_another_that_takes_longer_than_a_statement_may() {
    let database = Database::new();
    let url = url(&database);
    let mut other = once_there(async || connection::connect(&url).await).await;
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(schema::MIGRATION_LOCK);
    lock.execute(&mut other).await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        drop(other);
    };
    let migrate = PostgresStore::migrate(&url, StoreKind::OpenAi);
    let (migrated, ()) = tokio::join!(migrate, release);
    migrated.unwrap();
}

/// Faults: G38
#[tokio::test]
async fn a_store_of_the_other_kind_or_of_a_newer_layout_is_not_opened() {
    let (database, store) = new_store().await;
    let wrong = PostgresStore::open(&url(&database), StoreKind::Test).await;
    assert!(matches!(wrong, Err(StoreError::WrongKind { .. })));
    let wrong = PostgresStore::migrate(&url(&database), StoreKind::Test).await;
    assert!(matches!(wrong, Err(StoreError::WrongKind { .. })));

    database.query("UPDATE chatgpt_oauth.store SET layout = 99");
    assert_eq!(open(&database).await.identity(), store.identity());
    database.query("UPDATE chatgpt_oauth.store SET readable_from = 99");
    let newer = PostgresStore::open(&url(&database), StoreKind::OpenAi).await;
    assert_eq!(newer.unwrap_err(), StoreError::Newer);
    let newer = PostgresStore::migrate(&url(&database), StoreKind::OpenAi).await;
    assert_eq!(newer.unwrap_err(), StoreError::Newer);
    database.query("UPDATE chatgpt_oauth.store SET layout = 0, readable_from = 0");
    let older = PostgresStore::open(&url(&database), StoreKind::OpenAi).await;
    assert_eq!(older.unwrap_err(), StoreError::NeedsMigration);
}

#[tokio::test]
async fn of_many_connections_that_swap_one_version_one_wins_and_versions_rise() {
    let (_database, store) = new_store().await;
    let store = std::sync::Arc::new(store);
    let mut version = write(&store, None, b"0").await.unwrap();
    for _ in 0..20 {
        let swaps: Vec<_> = (0..6)
            .map(|_| {
                let store = std::sync::Arc::clone(&store);
                tokio::spawn(async move { write(&store, Some(version), b"1").await })
            })
            .collect();
        let mut won = Vec::new();
        for swap in swaps {
            match swap.await.unwrap() {
                Ok(version) => won.push(version),
                Err(error) => assert_eq!(error, StoreError::Conflict),
            }
        }
        assert_eq!(won.len(), 1);
        assert!(won[0] > version);
        version = won[0];
    }
}

#[tokio::test]
async fn a_quarantined_value_is_kept_for_thirty_days() {
    const DAY: u64 = 24 * 60 * 60;
    let (database, store) = new_store().await;
    let mut version = None;
    for (day, kept) in [(0, "1"), (30, "2"), (31, "2")] {
        write(&store, version, b"1").await.unwrap();
        assert!(store.quarantine(&alice(), "key", day * DAY).await.unwrap());
        let row = store.read(&alice(), "key").await.unwrap();
        version = row.map(|row| row.version);
        let count = database.query("SELECT count(*) FROM chatgpt_oauth.aside");
        assert_eq!(count, kept, "day {day}");
    }
}

/// Faults: G35
#[tokio::test]
async fn a_row_that_another_transaction_locks_makes_the_store_busy() {
    let (_database, store) = new_store().await;
    let version = write(&store, None, b"1").await.unwrap();
    let mut other = store.pool.begin().await.unwrap();
    let lock = "SET LOCAL idle_in_transaction_session_timeout = 0;
                SELECT FROM chatgpt_oauth.record FOR UPDATE";
    sqlx::raw_sql(lock).execute(&mut *other).await.unwrap();
    let busy = write(&store, Some(version), b"2").await;
    assert_eq!(busy, Err(StoreError::Busy));
    other.rollback().await.unwrap();
    write(&store, Some(version), b"2").await.unwrap();
}

#[tokio::test]
async fn a_value_of_another_type_or_a_missing_table_is_reported() {
    let (database, store) = new_store().await;
    write(&store, None, b"1").await.unwrap();
    database.query("ALTER TABLE chatgpt_oauth.record ALTER COLUMN value TYPE text USING 'x'");
    let (_other, other) = new_store().await;
    drop(other);
    let reopened = open(&database).await;
    assert_eq!(reopened.load(&alice()).await, Err(StoreError::Corrupt));
    database.query("DROP TABLE chatgpt_oauth.record");
    let missing = open(&database).await.load(&alice()).await;
    assert!(
        matches!(missing, Err(StoreError::Unusable(_))),
        "{missing:?}"
    );
}

#[tokio::test]
async fn a_database_or_a_user_that_is_not_there_needs_a_person() {
    let (database, _store) = new_store().await;
    for (from, to) in [("/d", "/missing"), ("user=tests", "user=stranger")] {
        let url = database.url().replacen(from, to, 1).parse().unwrap();
        let opened = PostgresStore::open(&url, StoreKind::OpenAi).await;
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Unusable(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_session_has_the_settings_that_bound_a_call() {
    let (_database, store) = new_store().await;
    let mut connection = store.acquire().await.unwrap();
    for (setting, expected) in [
        ("statement_timeout", "5s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("synchronous_commit", "on"),
        ("application_name", "chatgpt-oauth"),
    ] {
        let show = sqlx::query("SELECT current_setting($1)").bind(setting);
        let shown = connection.fetch_all(show).await.unwrap().unwrap();
        let shown: &str = sqlx::Row::try_get(&shown[0], 0).unwrap();
        assert_eq!(shown, expected, "{setting}");
    }
}

/// Faults: G38
#[tokio::test]
async fn a_store_that_becomes_another_one_is_used_no_longer() {
    let (database, store) = new_store().await;
    write(&store, None, b"1").await.unwrap();
    database.query("UPDATE chatgpt_oauth.store SET readable_from = 9");
    a_minute_passes(&store);
    assert_eq!(store.load(&alice()).await, Err(StoreError::Newer));
    let written = write(&store, None, b"2").await;
    assert_eq!(written, Err(StoreError::Newer));
    database.query("UPDATE chatgpt_oauth.store SET readable_from = 1");
    store.load(&alice()).await.unwrap();
    database.query("UPDATE chatgpt_oauth.store SET identity = 'x'");
    a_minute_passes(&store);
    let other = store.load(&alice()).await;
    assert!(matches!(other, Err(StoreError::Unusable(_))), "{other:?}");
}

#[tokio::test]
async fn it_is_a_store_by_way_of_pgbouncer_too() {
    let (database, _store) = new_store().await;
    let pgbouncer = PgBouncer::before(&database);
    let url = pgbouncer.url().parse().unwrap();
    let store = PostgresStore::open(&url, StoreKind::OpenAi).await.unwrap();
    conformance::check(&store).await;
    let mut changes = store.changes().unwrap();
    assert_eq!(changes.next().await, Some(Change::All));
    store.announce(&Change::Profile(alice())).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Profile(alice())));
}

/// A page costs the same wherever it begins: it reads the index from there, and sorts nothing.
#[tokio::test]
async fn a_page_of_profiles_reads_the_index_from_its_beginning() {
    let database = Database::new();
    migrate(&database).await;
    database.query(
        "INSERT INTO chatgpt_oauth.record
         SELECT 'p' || to_char(number, 'FM000000'), key, number, ''
         FROM generate_series(1, 10000) number, unnest(ARRAY['credential', 'models']) key;
         ANALYZE chatgpt_oauth.record",
    );
    for plan in ["force_custom_plan", "force_generic_plan"] {
        for after in ["", "p000001", "p009000"] {
            let explained = database.query(&format!(
                "SET plan_cache_mode = {plan};
                 PREPARE page(text, bigint) AS {};
                 EXPLAIN (COSTS OFF) EXECUTE page('{after}', 100)",
                super::operations::LIST
            ));
            let reads_the_index = explained.contains("Index Cond: (profile >");
            let sorts = explained.contains("Sort") || explained.contains("Seq Scan");
            assert!(reads_the_index && !sorts, "{plan}, {after}: {explained}");
        }
    }
}
