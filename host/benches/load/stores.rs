//! Stores with many people who have signed in.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use chatgpt_oauth::store::{PostgresStore, ServerStore, SqliteStore, StoreKind};
use chatgpt_oauth::{Host, Keys};
use chatgpt_oauth_storage::sealed_store::SealedStore;
use postgres_cluster::{Cluster, Database};
use tempfile::TempDir;

use crate::logins::{self, Login};
use crate::place::Place;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A store of a size.
pub struct SizedStore {
    pub size: usize,
    /// For `--store`.
    pub location: String,
    /// A program that embeds the library.
    pub host: Host,
    _database: Option<Database>,
}

/// The login of which the others are copies, with its copies of models and usage.
pub async fn login(place: &Place) -> Login {
    let location = place.file("first");
    place.run(&location, &["login"]);
    let file = place.path("first/test.db");
    let store = SqliteStore::open(file, StoreKind::Test).await;
    let sealed = sealed(place, store.expect("a store"));
    Login::of(&sealed, "bench".parse().expect("a name")).await
}

impl SizedStore {
    pub async fn new(
        place: &Place,
        cluster: Option<&Arc<Cluster>>,
        login: &Arc<Login>,
        size: usize,
    ) -> Self {
        let database = cluster.map(Cluster::database);
        let (location, store) = match &database {
            None => sqlite(place, login, size).await,
            Some(database) => postgres(place, database, login, size).await,
        };
        let mut host = Host::builder(store).keys(Keys::in_file(place.key_file()));
        for connect_to in place.connect_to() {
            host = host.connect_to(connect_to.parse().expect("host:port:address:port"));
        }
        Self {
            size,
            location,
            host: host.build().expect("a host"),
            _database: database,
        }
    }
}

/// A file, written in memory: on a disk every row would wait for it.
async fn sqlite(place: &Place, login: &Arc<Login>, size: usize) -> (String, Arc<dyn ServerStore>) {
    let directory = TempDir::new_in("/dev/shm").expect("a directory in memory");
    let memory = directory.path().join("store");
    let store = SqliteStore::open(memory.join("test.db"), StoreKind::Test).await;
    let sealed = sealed(place, store.expect("a store"));
    logins::write(&sealed, 0..size, |_| Arc::clone(login)).await;
    drop(sealed);
    let name = format!("sqlite-{size}");
    copy_files(&memory, &place.path(&name));
    let store = SqliteStore::open(place.path(&name).join("test.db"), StoreKind::Test).await;
    (place.file(&name), Arc::new(store.expect("a store")))
}

fn copy_files(from: &Path, to: &Path) {
    let created = DirBuilder::new().mode(0o700).create(to);
    created.expect("a directory");
    for file in std::fs::read_dir(from).expect("a directory") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
    }
}

async fn postgres(
    place: &Place,
    database: &Database,
    login: &Arc<Login>,
    size: usize,
) -> (String, Arc<dyn ServerStore>) {
    let url = database.url().parse().expect("a URL");
    let migrated = PostgresStore::migrate(&url, StoreKind::Test).await;
    migrated.expect("a layout");
    let open = || PostgresStore::open(&url, StoreKind::Test);
    let sealed = sealed(place, open().await.expect("a store"));
    logins::write(&sealed, 0..size, |_| Arc::clone(login)).await;
    // As autovacuum does after some time.
    database.query("VACUUM ANALYZE");
    (database.url(), Arc::new(open().await.expect("a store")))
}

fn sealed(place: &Place, store: impl ServerStore) -> SealedStore {
    SealedStore {
        store: Arc::new(store),
        keys: Some(Keys::in_file(place.key_file())),
        marks: None,
    }
}
