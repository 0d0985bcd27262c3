//! The entries of a server, sealed: as [`sealed_store`](crate::sealed_store) does with the
//! rows of a profile.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::seal::{self, KeyId, Keyring, Keys, Place};
use crate::sealed_store::sealed_before;
use crate::server_store::{Collection, Entry, EntryPlace, Owner, all_entries};
use crate::{ServerStore, Store, StoreError, Version};

/// How often the entries of an owner are read again after a conflict.
const MAX_ATTEMPTS: u32 = 8;

/// A store of entries, and its keys. Cheap to clone.
#[derive(Clone)]
pub struct SealedEntries {
    store: Arc<dyn ServerStore>,
    keys: Option<Keys>,
}

impl SealedEntries {
    /// The entries of this store. Without keys values are not sealed, as in a store in memory.
    #[must_use]
    pub fn new(store: Arc<dyn ServerStore>, keys: Option<Keys>) -> Self {
        Self { store, keys }
    }

    /// The store, whose values are sealed.
    #[must_use]
    pub fn store(&self) -> &dyn ServerStore {
        &*self.store
    }

    /// The entry with this id, sealed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn read(
        &self,
        collection: Collection,
        id: &str,
    ) -> Result<Option<Entry>, StoreError> {
        self.store.entry(collection, id).await
    }

    /// One page of entries, sealed, as of [`ServerStore::entries`].
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn page(
        &self,
        collection: Collection,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.store.entries(collection, owner, after, limit).await
    }

    /// The value of an entry.
    ///
    /// # Errors
    ///
    /// [`KeyUnknown`](StoreError::KeyUnknown), [`Corrupt`](StoreError::Corrupt),
    /// [`Newer`](StoreError::Newer), and [`NoKey`](StoreError::NoKey).
    pub fn decrypt(&self, entry: &Entry) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let value = match &self.keys {
            Some(keys) => keys.open(self.place(entry.place()), &entry.value)?,
            None => entry.value.clone(),
        };
        Ok(Zeroizing::new(value))
    }

    /// Seals a value and writes it over the version `expected`.
    ///
    /// # Errors
    ///
    /// Those of [`ServerStore::swap_entry`] and of the keys.
    pub async fn write(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
        value: &[u8],
    ) -> Result<Version, StoreError> {
        let Some(keys) = &self.keys else {
            return self.store.swap_entry(place, expected, value).await;
        };
        let store: Arc<dyn Store> = self.store.clone();
        let sealed_before = async |ring: Option<&Keyring>| sealed_before(&store, None, ring).await;
        let sealed = keys.seal(self.place(place), value, sealed_before).await?;
        self.store.swap_entry(place, expected, &sealed).await
    }

    /// Removes an entry of this version.
    ///
    /// # Errors
    ///
    /// Those of [`ServerStore::remove_entry`].
    pub async fn remove(&self, place: EntryPlace<'_>, expected: Version) -> Result<(), StoreError> {
        self.store.remove_entry(place, expected).await
    }

    /// Removes all entries of an owner from a collection, and returns their number.
    ///
    /// # Errors
    ///
    /// Those of the store; [`Busy`](StoreError::Busy) when other processes keep writing.
    pub async fn remove_all(
        &self,
        collection: Collection,
        owner: &Owner,
    ) -> Result<usize, StoreError> {
        let mut count = 0;
        for _ in 0..MAX_ATTEMPTS {
            let entries = all_entries(self.store(), collection, Some(owner)).await?;
            if entries.is_empty() {
                return Ok(count);
            }
            for entry in entries {
                match self.remove(entry.place(), entry.version).await {
                    Ok(()) => count += 1,
                    // The entry is read again.
                    Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Err(StoreError::Busy)
    }

    /// Seals an entry with the key of this id, unless that key seals it already or another
    /// process has written it. Returns whether it was sealed.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt) and [`write`](Self::write).
    pub async fn reseal(&self, entry: &Entry, sealing: KeyId) -> Result<bool, StoreError> {
        if seal::key_of(&entry.value)? == sealing {
            return Ok(false);
        }
        let value = self.decrypt(entry)?;
        match self.write(entry.place(), Some(entry.version), &value).await {
            // The other process has sealed it with the current key.
            Err(StoreError::Conflict) => Ok(false),
            written => written.map(|_| true),
        }
    }

    fn place<'a>(&self, place: EntryPlace<'a>) -> Place<'a> {
        Place::of_entry(self.store.kind(), place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::sealed_store::{LoginWrite, SealedStore};

    fn entries(store: &Arc<MemoryStore>, key: u8) -> SealedEntries {
        SealedEntries::new(store.clone(), Some(Keys::provided([key; 32], None)))
    }

    fn place<'a>(owner: &'a Owner, id: &'a str) -> EntryPlace<'a> {
        EntryPlace {
            collection: Collection::Links,
            owner,
            id,
        }
    }

    #[tokio::test]
    async fn a_value_is_sealed_in_the_store_and_opens_with_its_keys() {
        let store = Arc::new(MemoryStore::new());
        let place = place(&Owner::Server, "one");
        let entries = entries(&store, 1);
        let version = entries.write(place, None, b"CANARY").await.unwrap();
        let found = entries.read(Collection::Links, "one").await.unwrap();
        let found = found.unwrap();
        assert_eq!(found.version, version);
        assert!(!found.value.windows(6).any(|bytes| bytes == b"CANARY"));
        assert_eq!(**entries.decrypt(&found).unwrap(), *b"CANARY");
        let page = entries.page(Collection::Links, None, None, 9).await;
        assert_eq!(page.unwrap(), [found]);
    }

    #[tokio::test]
    async fn an_entry_that_was_moved_to_another_owner_does_not_open() {
        let store = Arc::new(MemoryStore::new());
        let alice = Owner::Profile("alice".parse().unwrap());
        let entries = entries(&store, 1);
        entries
            .write(place(&alice, "one"), None, b"x")
            .await
            .unwrap();
        let found = entries.read(Collection::Links, "one").await.unwrap();
        let moved = Entry {
            owner: Owner::Server,
            ..found.unwrap()
        };
        assert_eq!(entries.decrypt(&moved), Err(StoreError::Corrupt));
    }

    #[tokio::test]
    async fn keys_that_open_neither_an_entry_nor_a_login_seal_nothing() {
        let (of_entries, of_logins) = (Arc::<MemoryStore>::default(), Arc::default());
        write(&of_entries, 1, "one").await.unwrap();
        for (store, key, outcome) in [
            (&of_logins, 1, Ok(())),
            (&of_entries, 2, Err(StoreError::KeyUnknown)),
        ] {
            let sealed = SealedStore {
                store: store.clone(),
                keys: Some(Keys::provided([key; 32], None)),
                marks: None,
            };
            let alice = sealed.profile("alice".parse().unwrap(), LoginWrite::Update);
            let written = alice.write("models", None, Some(b"x")).await;
            assert_eq!(written.map(drop), outcome);
        }
        for store in [&of_entries, &of_logins] {
            let wrong = write(store, 2, "two").await;
            assert_eq!(wrong, Err(StoreError::KeyUnknown));
            write(store, 1, "two").await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_note_of_a_lost_key_keeps_no_other_key_from_sealing() {
        let store = Arc::new(MemoryStore::new());
        let note = EntryPlace {
            collection: Collection::TakenOver,
            ..place(&Owner::Server, "note")
        };
        entries(&store, 1).write(note, None, b"x").await.unwrap();
        write(&store, 2, "one").await.unwrap();
    }

    #[tokio::test]
    async fn a_resealed_entry_opens_with_the_new_key_alone() {
        let store = Arc::new(MemoryStore::new());
        write(&store, 1, "one").await.unwrap();
        let keys = Keys::provided([2; 32], Some([1; 32]));
        let sealing = keys.ids().unwrap()[0];
        let both = SealedEntries::new(store.clone(), Some(keys));
        let read = async || both.read(Collection::Links, "one").await.unwrap().unwrap();
        let before = read().await;
        assert_eq!(both.reseal(&before, sealing).await, Ok(true));
        assert_eq!(both.reseal(&read().await, sealing).await, Ok(false));
        assert_eq!(both.reseal(&before, sealing).await, Ok(false));
        let found = read().await;
        assert_eq!(**entries(&store, 2).decrypt(&found).unwrap(), *b"x");
        let with_previous = entries(&store, 1).decrypt(&found);
        assert_eq!(with_previous, Err(StoreError::KeyUnknown));
    }

    async fn write(store: &Arc<MemoryStore>, key: u8, id: &str) -> Result<Version, StoreError> {
        let entries = entries(store, key);
        entries.write(place(&Owner::Server, id), None, b"x").await
    }
}
