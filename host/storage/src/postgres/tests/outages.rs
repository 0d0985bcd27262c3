//! Servers that restart, stop, disappear or take no writes.

use super::*;

/// Faults: G34
#[tokio::test]
async fn reads_and_writes_succeed_after_a_restart_of_the_server() {
    let cluster = std::sync::Arc::new(Cluster::new());
    let database = cluster.database();
    migrate(&database).await;
    let store = open(&database).await;
    let mut version = write(&store, None, b"1").await.unwrap();
    for shutdown in [Shutdown::Immediate, Shutdown::Fast] {
        fill_pool(&store).await;
        cluster.restart(shutdown);
        let row = store.read(&alice(), "key").await.unwrap().unwrap();
        assert_eq!(
            (row.version, row.value.as_deref()),
            (version, Some(&b"1"[..]))
        );
        fill_pool(&store).await;
        cluster.restart(shutdown);
        version = write(&store, Some(version), b"1").await.unwrap();
        fill_pool(&store).await;
        cluster.restart(shutdown);
        version = store
            .swap_unless_suspected(&alice(), "key", Some(version), Some(b"1"))
            .await
            .unwrap();
    }
}

/// Makes as many idle connections as the pool holds.
async fn fill_pool(store: &PostgresStore) {
    let mut held = Vec::new();
    for _ in 0..super::connection::most_connections() {
        held.push(once_there(async || store.acquire().await).await);
    }
    let count = held.len();
    drop(held);
    wait_for_idle(store, count).await;
}

/// The pool takes connections back in tasks of its own, and makes others until then.
async fn wait_for_idle(store: &PostgresStore, count: usize) {
    until(async || store.pool.num_idle() >= count).await;
}

/// Faults: G34 G35
#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_no_write_is_repeated() {
    let cluster = std::sync::Arc::new(Cluster::new());
    let database = cluster.database();
    migrate(&database).await;
    let store = open(&database).await;
    let version = write(&store, None, b"1").await.unwrap();
    cluster.stop(Shutdown::Fast);
    for outcome in [
        store.read(&alice(), "key").await.map(drop),
        write(&store, Some(version), b"2").await.map(drop),
        PostgresStore::open(&url(&database), StoreKind::OpenAi)
            .await
            .map(drop),
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }
    cluster.start();
    let row = store.read(&alice(), "key").await.unwrap().unwrap();
    assert_eq!(row.version, version);
}

/// Faults: G36
#[tokio::test]
async fn a_server_that_takes_no_writes_is_not_used() {
    let (database, store) = new_store().await;
    let version = write(&store, None, b"1").await.unwrap();
    let name = database.query("SELECT current_database()");
    let set = |state| {
        // From a database that takes writes.
        let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {state}");
        database.cluster().query("postgres", &set)
    };
    set("on");
    let opened = PostgresStore::open(&url(&database), StoreKind::OpenAi).await;
    assert!(
        matches!(opened, Err(StoreError::Unavailable(_))),
        "{opened:?}"
    );
    set("off");
    wait_for_idle(&store, 1).await;
    // What an earlier connection says once its server has been demoted.
    let set = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
    let mut connection = store.acquire().await.unwrap();
    let set = connection.fetch_all(sqlx::query(set)).await;
    set.unwrap().unwrap();
    drop(connection);
    wait_for_idle(&store, 1).await;
    let refused = write(&store, Some(version), b"2").await;
    assert_eq!(refused, Err(StoreError::ReadOnly));
    write(&store, Some(version), b"3").await.unwrap();
}

#[tokio::test]
async fn a_write_whose_caller_goes_away_leaves_a_usable_connection() {
    let (_database, store) = new_store().await;
    for _ in 0..20 {
        let soon = Duration::from_micros(300);
        _ = tokio::time::timeout(soon, write(&store, None, b"1")).await;
    }
    let found = store.load(&alice()).await.unwrap();
    assert!(found.len() <= 1, "{found:?}");
    let owner = Owner::Profile(alice());
    let place = EntryPlace {
        collection: Collection::Links,
        owner: &owner,
        id: "later",
    };
    store.swap_entry(place, None, b"1").await.unwrap();
}

/// A way to the server that can stop to forward, as when a machine disappears.
struct Relay {
    address: std::net::SocketAddr,
    forwards: tokio::sync::watch::Sender<bool>,
}

impl Relay {
    async fn to_database(database: &Database) -> Self {
        let directory = database.query("SHOW unix_socket_directories");
        let port = database.query("SHOW port");
        Self::to(format!("{directory}/.s.PGSQL.{port}").into()).await
    }

    /// The store in this database.
    async fn open(&self, database: &Database) -> PostgresStore {
        let name = database.query("SELECT current_database()");
        let url = format!("postgres://tests@{}/{name}", self.address);
        let url = url.parse().unwrap();
        once_there(async || PostgresStore::open(&url, StoreKind::OpenAi).await).await
    }

    async fn to(socket: std::path::PathBuf) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (forwards, seen) = tokio::sync::watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (socket, mut seen) = (socket.clone(), seen.clone());
                tokio::spawn(async move {
                    let mut far = tokio::net::UnixStream::connect(socket).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
                        _ = seen.wait_for(|forwards| !forwards) => {}
                    }
                    // The connection stays open, and silent.
                    std::future::pending::<()>().await;
                });
            }
        });
        Self { address, forwards }
    }
}

/// Faults: G34 G35
#[tokio::test]
async fn a_server_that_disappears_holds_no_connection() {
    let database = Database::new();
    migrate(&database).await;
    let relay = Relay::to_database(&database).await;
    let store = std::sync::Arc::new(relay.open(&database).await);
    store.load(&alice()).await.unwrap();
    relay.forwards.send(false).unwrap();
    let calls = (0..2 * super::connection::most_connections()).map(|number| {
        let store = std::sync::Arc::clone(&store);
        tokio::spawn(async move {
            match number % 2 {
                // Callers that wait, and callers that go away.
                0 => _ = store.load(&alice()).await,
                _ => {
                    let soon = Duration::from_millis(50);
                    _ = tokio::time::timeout(soon, store.load(&alice())).await;
                }
            }
        })
    });
    let calls: Vec<_> = calls.collect();
    for call in calls {
        call.await.unwrap();
    }
    assert!(store.load(&alice()).await.is_err());
    relay.forwards.send(true).unwrap();
    once_there(async || store.load(&alice()).await).await;
}

/// Faults: G34 G35
#[tokio::test]
async fn a_write_takes_no_connection_whose_server_has_disappeared() {
    let database = Database::new();
    migrate(&database).await;
    let relay = Relay::to_database(&database).await;
    let store = relay.open(&database).await;
    let version = write(&store, None, b"1").await.unwrap();
    fill_pool(&store).await;
    a_minute_passes(&store);
    relay.forwards.send(false).unwrap();
    // The connections are silent from now on, and others are forwarded.
    tokio::time::sleep(Duration::from_millis(10)).await;
    relay.forwards.send(true).unwrap();
    write(&store, Some(version), b"2").await.unwrap();
    store.load(&alice()).await.unwrap();
}
