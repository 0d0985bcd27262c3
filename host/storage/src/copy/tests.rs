//! Stores in files, moved into a real server.

use std::sync::Arc;

use postgres_cluster::Database;

use super::*;
use crate::api_keys::{ApiKeys, Label, NewApiKey, Permission};
use crate::sealed_store::{CREDENTIAL, LoginWrite, SealedStore};
use crate::server_store::{Collection, EntryPlace, Owner};
use crate::{Keys, PostgresUrl, ProfileName, ServerStore, StoreKind};

const NOW: u64 = 1_795_000_000;

struct Place {
    root: tempfile::TempDir,
    database: Database,
}

impl Place {
    async fn new() -> Self {
        let place = Self {
            root: tempfile::tempdir().unwrap(),
            database: Database::new(),
        };
        let url = place.url();
        PostgresStore::migrate(&url, StoreKind::OpenAi)
            .await
            .unwrap();
        place
    }

    fn url(&self) -> PostgresUrl {
        self.database.url().parse().unwrap()
    }

    async fn file(&self, name: &str) -> SqliteStore {
        let path = self.root.path().join("store").join(name);
        SqliteStore::open(path, StoreKind::OpenAi).await.unwrap()
    }

    async fn target(&self) -> PostgresStore {
        PostgresStore::open(&self.url(), StoreKind::OpenAi)
            .await
            .unwrap()
    }
}

fn name(number: usize) -> ProfileName {
    format!("p{number:04}").parse().unwrap()
}

fn sealed(store: Arc<dyn Store>) -> SealedStore {
    SealedStore {
        store,
        keys: Some(Keys::provided([7; 32], None)),
        marks: None,
    }
}

async fn write(
    store: &dyn Store,
    profile: &ProfileName,
    value: Option<&[u8]>,
) -> Result<crate::Version, StoreError> {
    let row = store.read(profile, CREDENTIAL).await?;
    let version = row.map(|row| row.version);
    store
        .compare_and_swap(profile, CREDENTIAL, version, value)
        .await
}

#[tokio::test]
async fn a_thousand_logins_and_a_key_move_with_their_versions_and_identity() {
    let place = Place::new().await;
    let file = Arc::new(place.file("a.db").await);
    let store = sealed(file.clone());
    for number in 0..1000 {
        let profile = store.profile(name(number), LoginWrite::Update);
        let value = format!("login {number}");
        let written = profile.write(CREDENTIAL, None, Some(value.as_bytes()));
        written.await.unwrap();
    }
    write(&*file, &name(1), None).await.unwrap();
    file.quarantine(&name(2), CREDENTIAL, NOW).await.unwrap();
    let keys = ApiKeys::new(store.entries().unwrap());
    let new = NewApiKey {
        permission: Permission::Admin,
        label: Label::default(),
        expires_at: None,
    };
    let key = keys.create(new, NOW).await.unwrap().key;

    let copied = copy(&file, &place.target().await).await.unwrap();
    assert_eq!((copied.rows, copied.entries), (1000, 1));
    let target = Arc::new(place.target().await);
    assert_eq!(target.identity(), file.identity());
    for number in 0..1000 {
        let profile = name(number);
        let (before, after) = (file.load(&profile).await, target.load(&profile).await);
        assert_eq!(after, before, "{profile}");
    }
    let aside = "SELECT profile, since FROM chatgpt_oauth.aside";
    assert_eq!(place.database.query(aside), format!("p0002|{NOW}"));

    let moved = sealed(target.clone());
    let profile = moved.profile(name(7), LoginWrite::Update);
    let row = profile.read(CREDENTIAL).await.unwrap().unwrap();
    assert_eq!(profile.open(&row).unwrap().unwrap(), b"login 7");
    let found = ApiKeys::new(moved.entries().unwrap()).find(key.id()).await;
    assert!(found.unwrap().unwrap().admits(&key, NOW));
    let highest = file.load(&name(2)).await.unwrap()[0].version;
    let next = write(&*target, &name(7), Some(b"next")).await.unwrap();
    assert!(next > highest);
}

#[tokio::test]
async fn a_moved_file_takes_no_write_in_any_process_and_is_still_read() {
    let place = Place::new().await;
    let (file, other) = (place.file("a.db").await, place.file("a.db").await);
    write(&file, &name(1), Some(b"1")).await.unwrap();
    let owner = Owner::Server;
    let entry = EntryPlace {
        collection: Collection::ApiKeys,
        owner: &owner,
        id: "id",
    };
    let stored = EntryPlace {
        id: "stored",
        ..entry
    };
    let version = file.swap_entry(stored, None, b"1").await.unwrap();
    copy(&file, &place.target().await).await.unwrap();
    for store in [&file, &other, &place.file("a.db").await] {
        assert_eq!(store.load(&name(1)).await.unwrap().len(), 1);
        for value in [Some(&b"2"[..]), None] {
            let written = write(store, &name(1), value).await;
            assert_eq!(written, Err(StoreError::Moved));
        }
        let written = write(store, &name(2), Some(b"2")).await;
        assert_eq!(written, Err(StoreError::Moved));
        let written = store.swap_entry(entry, None, b"2").await;
        assert_eq!(written, Err(StoreError::Moved));
        let removed = store.remove_entry(stored, version).await;
        assert_eq!(removed, Err(StoreError::Moved));
        assert_eq!(store.check_writable().await, Err(StoreError::Moved));
    }
}

#[tokio::test]
async fn a_copy_that_is_made_again_is_found() {
    let place = Place::new().await;
    let file = place.file("a.db").await;
    write(&file, &name(1), Some(b"1")).await.unwrap();
    assert_eq!(copy(&file, &place.target().await).await.unwrap().rows, 1);
    let target = place.target().await;
    write(&target, &name(1), Some(b"2")).await.unwrap();
    let again = copy(&file, &target).await;
    assert_eq!(again, Ok(Copied::default()));
    let row = target.read(&name(1), CREDENTIAL).await.unwrap().unwrap();
    assert_eq!(row.value.as_deref(), Some(&b"2"[..]));
}

#[tokio::test]
async fn a_moved_file_is_moved_into_no_second_database() {
    let (place, other) = (Place::new().await, Place::new().await);
    let file = place.file("a.db").await;
    write(&file, &name(1), Some(b"1")).await.unwrap();
    copy(&file, &place.target().await).await.unwrap();
    let refused = copy(&file, &other.target().await).await;
    assert!(
        matches!(refused, Err(StoreError::Refused { .. })),
        "{refused:?}"
    );
    assert_eq!(other.target().await.list(None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn an_interrupted_copy_is_continued_by_the_next() {
    let place = Place::new().await;
    let file = place.file("a.db").await;
    write(&file, &name(1), Some(b"1")).await.unwrap();
    // What a process leaves that ends between the mark and the commit.
    let target = place.target().await;
    let mark = target.import().await.unwrap().place().await.unwrap();
    file.mark_moved(Some(&mark)).await.unwrap();
    let written = write(&file, &name(1), Some(b"2")).await;
    assert_eq!(written, Err(StoreError::Moved));
    assert_eq!(copy(&file, &place.target().await).await.unwrap().rows, 1);
    assert_eq!(place.target().await.identity(), file.identity());
}

#[tokio::test]
async fn a_database_in_use_is_refused_and_the_file_stays_in_use() {
    let place = Place::new().await;
    let (first, second) = (place.file("a.db").await, place.file("b.db").await);
    for store in [&first, &second] {
        write(store, &name(1), Some(b"1")).await.unwrap();
    }
    copy(&first, &place.target().await).await.unwrap();
    let refused = copy(&second, &place.target().await).await;
    assert!(
        matches!(refused, Err(StoreError::Refused { .. })),
        "{refused:?}"
    );
    write(&second, &name(1), Some(b"2")).await.unwrap();
    assert_eq!(place.target().await.identity(), first.identity());
}

#[tokio::test]
async fn a_copy_that_fails_leaves_the_file_in_use_and_the_database_empty() {
    let place = Place::new().await;
    let file = place.file("a.db").await;
    write(&file, &name(1), Some(b"1")).await.unwrap();
    place
        .database
        .query("ALTER TABLE chatgpt_oauth.record ADD CHECK (length(value) > 1)");
    let target = place.target().await;
    assert!(copy(&file, &target).await.is_err());
    write(&file, &name(1), Some(b"22")).await.unwrap();
    assert_eq!(target.list(None, 9).await.unwrap(), []);
    assert_eq!(copy(&file, &target).await.unwrap().rows, 1);
}

#[tokio::test]
async fn a_store_of_the_other_kind_is_not_moved() {
    let place = Place::new().await;
    let path = place.root.path().join("store/test.db");
    let file = SqliteStore::open(path, StoreKind::Test).await.unwrap();
    let moved = copy(&file, &place.target().await).await;
    assert!(
        matches!(moved, Err(StoreError::WrongKind { .. })),
        "{moved:?}"
    );
    write(&file, &name(1), Some(b"1")).await.unwrap();
}
