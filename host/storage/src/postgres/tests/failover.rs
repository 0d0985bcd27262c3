//! Failovers and restores, with real servers.

use std::sync::Arc;

use postgres_cluster::{Cluster, Database, Shutdown};

use super::*;

/// A cluster of its own, with a store that has one value.
async fn new_cluster() -> (Arc<Cluster>, Database, PostgresStore, Version) {
    let cluster = Arc::new(Cluster::new());
    let database = cluster.database();
    migrate(&database).await;
    let store = open(&database).await;
    let version = write(&store, None, b"1").await.unwrap();
    (cluster, database, store, version)
}

/// A write that begins a refresh.
async fn refresh(store: &PostgresStore, expected: Version) -> Result<Version, StoreError> {
    store
        .swap_unless_suspected(&alice(), "key", Some(expected), Some(b"refreshing"))
        .await
}

async fn version(store: &PostgresStore) -> Version {
    let row = once_there(async || store.read(&alice(), "key").await).await;
    row.unwrap().version
}

/// Faults: G37 S19
#[tokio::test]
async fn a_promoted_standby_that_lacks_a_write_begins_no_refresh_until_a_person_accepts_that() {
    let (cluster, database, store, version) = new_cluster().await;
    // A process without a connection.
    let idle = open(&database).await;
    let standby = cluster.standby();
    standby.stop(Shutdown::Fast);
    let lost = write(&store, Some(version), b"2").await.unwrap();
    cluster.stop(Shutdown::Immediate);
    standby.start();
    standby.promote();
    cluster.lead_to(&standby);

    assert_eq!(refresh(&idle, version).await, Err(StoreError::Failover));
    assert_eq!(self::version(&store).await, version);
    assert_ne!(version, lost);
    assert_eq!(refresh(&store, version).await, Err(StoreError::Failover));
    let login = write(&store, Some(version), b"3").await.unwrap();

    let other = open(&database).await;
    assert!(other.history().is_suspected);
    assert_eq!(refresh(&other, login).await, Err(StoreError::Failover));
    assert_eq!(other.accept_failover().await, Ok(true));
    assert_eq!(other.accept_failover().await, Ok(false));
    let login = refresh(&other, login).await.unwrap();

    // A process looks again before it begins a refresh.
    refresh(&store, login).await.unwrap();
    assert_eq!(store.history(), other.history());
    assert!(store.history().era > 0);
}

/// Faults: S19 S20
#[tokio::test]
async fn a_promoted_synchronous_standby_goes_on() {
    let (cluster, database, store, version) = new_cluster().await;
    let standby = cluster.standby();
    cluster.query(
        "postgres",
        "ALTER SYSTEM SET synchronous_standby_names = '*'",
    );
    cluster.query("postgres", "SELECT pg_reload_conf()");
    let state = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    until(async || cluster.query("postgres", state) == "1").await;
    // Each process of the server reads its settings when it gets to it.
    until(async || {
        a_minute_passes(&store);
        self::version(&store).await;
        database.query("SELECT synchronous FROM chatgpt_oauth.store") == "t"
    })
    .await;
    let version = write(&store, Some(version), b"2").await.unwrap();
    let sent = "SELECT bool_and(flush_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication";
    until(async || cluster.query("postgres", sent) == "t").await;
    cluster.stop(Shutdown::Immediate);
    standby.promote();
    cluster.lead_to(&standby);
    for store in [&store, &open(&database).await] {
        assert_eq!(self::version(store).await, version);
        assert!(!store.history().is_suspected);
    }
    refresh(&store, version).await.unwrap();
    let timeline = database.query("SELECT timeline FROM chatgpt_oauth.store");
    assert_eq!(timeline, "2");
}

/// Faults: G34
#[tokio::test]
async fn a_restart_is_no_failover() {
    let (cluster, _database, store, mut version) = new_cluster().await;
    for shutdown in [Shutdown::Immediate, Shutdown::Fast, Shutdown::Immediate] {
        version = refresh(&store, version).await.unwrap();
        a_minute_passes(&store);
        self::version(&store).await;
        cluster.restart(shutdown);
        assert_eq!(self::version(&store).await, version);
        assert!(!store.history().is_suspected, "{shutdown:?}");
    }
}

/// Faults: G37 S29
#[tokio::test]
async fn a_restored_dump_is_suspected_in_another_cluster_and_in_another_database() {
    let (cluster, database, _store, version) = new_cluster().await;
    let elsewhere = Arc::new(Cluster::new());
    for restored in [elsewhere.database(), cluster.database()] {
        database.restore_in(&restored);
        let store = open(&restored).await;
        assert_eq!(refresh(&store, version).await, Err(StoreError::Failover));
        assert_eq!(self::version(&store).await, version);
    }
    assert!(!open(&database).await.history().is_suspected);
}

/// Faults: G37 S29
#[tokio::test]
async fn a_restored_snapshot_is_suspected_by_a_process_that_has_seen_later_writes() {
    let (cluster, _database, store, version) = new_cluster().await;
    cluster.stop(Shutdown::Fast);
    cluster.take_snapshot();
    cluster.start();
    let mut lost = version;
    for _ in 0..20 {
        lost = write(&store, Some(lost), &[0; 6000]).await.unwrap();
    }
    a_minute_passes(&store);
    self::version(&store).await;
    cluster.stop(Shutdown::Fast);
    cluster.restore_snapshot();
    cluster.start();
    assert_eq!(self::version(&store).await, version);
    assert_eq!(refresh(&store, version).await, Err(StoreError::Failover));
}

/// Faults: G40
#[tokio::test]
async fn a_machine_that_is_an_hour_behind_the_database_lives_in_its_time() {
    let (database, store) = new_store().await;
    let ahead = |store: &PostgresStore| store.clock_offset().unwrap().microseconds() / 1_000_000;
    assert!((-60..=60).contains(&ahead(&store)), "{}", ahead(&store));
    database.put_clock_forward("1 hour");
    // The settings of a database are those of new connections.
    let store = open(&database).await;
    assert!((3540..=3660).contains(&ahead(&store)), "{}", ahead(&store));
}

/// Faults: G40
#[tokio::test]
async fn no_refresh_begins_right_after_a_clock_was_set() {
    let (database, store) = new_store().await;
    let version = write(&store, None, b"1").await.unwrap();
    let version = refresh(&store, version).await.unwrap();
    database.put_clock_forward("1 minute");
    database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let Err(StoreError::Unavailable(reason)) = refresh(&store, version).await else {
        panic!("a refresh begins")
    };
    assert!(reason.contains("clock was set"), "{reason}");
    // The answer to a refresh is stored.
    write(&store, Some(version), b"2").await.unwrap();
}
