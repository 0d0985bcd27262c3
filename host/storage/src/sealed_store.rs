//! A store with sealed values: seals values when writing, and decrypts them when reading. A
//! login that looks restored from a backup is not written over.
//!
//! A host has one [`SealedStore`] for all profiles, and a call has one [`SealedProfile`].

use std::sync::Arc;

use crate::rollback::{self, HighWaterMarks};
use crate::seal::{self, KeyId, Keyring, Keys, Place, SealedBefore};
use crate::sealed_entries::SealedEntries;
use crate::server_store::Collection;
use crate::{ProfileName, Row, Store, StoreError, Version};

/// The key of the login: its value may exist nowhere else once the service has
/// answered.
pub const CREDENTIAL: &str = "credential";
/// The key of a pending login, likewise.
pub const PENDING: &str = "pending";

/// How many profiles are read, beside the written one, to find out which keys the values of a
/// store are sealed with.
const SAMPLE: usize = 64;
/// How often rows are read again after a conflict.
const MAX_ATTEMPTS: u32 = 8;

/// A store, its keys, and the marks against restored backups.
#[derive(Clone)]
pub struct SealedStore {
    /// The rows.
    pub store: Arc<dyn Store>,
    /// None if values are not sealed.
    pub keys: Option<Keys>,
    /// None if restored backups are not detected.
    pub marks: Option<HighWaterMarks>,
}

/// The rows of one profile, for one call.
#[derive(Clone)]
pub struct SealedProfile {
    sealed: SealedStore,
    profile: ProfileName,
    login_write: LoginWrite,
}

/// What a call does to the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginWrite {
    /// Continues the login. A login that is older than the last written one, or may be, is not
    /// written over.
    Update,
    /// Replaces the login, ends it, or stores what the service has answered about it.
    Replace,
}

impl SealedStore {
    /// The rows of a profile, for a call with this effect on the login.
    #[must_use]
    pub fn profile(&self, profile: ProfileName, login_write: LoginWrite) -> SealedProfile {
        SealedProfile {
            sealed: self.clone(),
            profile,
            login_write,
        }
    }

    /// The entries of a server; none if the store keeps none.
    #[must_use]
    pub fn entries(&self) -> Option<SealedEntries> {
        let store = self.store.clone().server_store()?;
        Some(SealedEntries::new(store, self.keys.clone()))
    }
}

impl SealedProfile {
    /// Checks that the store has room for the values of one call.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn check_room(&self) -> Result<(), StoreError> {
        self.sealed.store.check_room().await
    }

    /// All rows, sealed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn load(&self) -> Result<Vec<Row>, StoreError> {
        self.sealed.store.load(&self.profile).await
    }

    /// The row of one key, sealed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn read(&self, key: &str) -> Result<Option<Row>, StoreError> {
        self.sealed.store.read(&self.profile, key).await
    }

    /// The value of a row. A cache entry that does not decrypt is treated as missing.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt), for a login and a pending login.
    pub fn open(&self, row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
        match self.decrypt(row) {
            Err(error) if !is_irreplaceable(&row.key) => {
                tracing::warn!(key = row.key, %error, "a cache entry cannot be decrypted and is ignored");
                Ok(None)
            }
            opened => opened,
        }
    }

    /// The value of a row, or why it does not decrypt.
    ///
    /// # Errors
    ///
    /// [`KeyUnknown`](StoreError::KeyUnknown), [`Corrupt`](StoreError::Corrupt),
    /// [`Newer`](StoreError::Newer), and [`NoKey`](StoreError::NoKey).
    pub fn decrypt(&self, row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed = row.value.as_deref();
        let open = |sealed: &[u8]| match &self.sealed.keys {
            Some(keys) => keys.open(self.place(&row.key), sealed),
            None => Ok(sealed.to_vec()),
        };
        sealed.map(open).transpose()
    }

    /// The same rows, for what the service has answered about the login.
    #[must_use]
    pub fn with_answer(&self) -> Self {
        Self {
            login_write: LoginWrite::Replace,
            ..self.clone()
        }
    }

    /// Seals a value and writes it, or a tombstone, over the version `expected`.
    ///
    /// # Errors
    ///
    /// Those of [`Store::compare_and_swap`] and of the keys,
    /// [`Rollback`](StoreError::Rollback) and [`Failover`](StoreError::Failover).
    pub async fn write(
        &self,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let is_old = key == CREDENTIAL && self.is_rolled_back(expected);
        let is_update = key == CREDENTIAL && self.login_write == LoginWrite::Update;
        if is_old && is_update {
            return Err(self.conflict_or_rollback(key, expected).await?);
        }
        let sealed = match value {
            Some(value) => Some(self.seal(key, value).await?),
            None => None,
        };
        let (store, value) = (&self.sealed.store, sealed.as_deref());
        let written = match is_update {
            true => store.swap_unless_suspected(&self.profile, key, expected, value),
            false => store.compare_and_swap(&self.profile, key, expected, value),
        };
        let version = written.await?;
        if key == CREDENTIAL {
            self.mark(version, is_old).await;
        }
        Ok(version)
    }

    /// Whether a version of the login is older than the last written one.
    #[must_use]
    pub fn is_rolled_back(&self, version: Option<Version>) -> bool {
        let mark = self.marks().and_then(|marks| marks.of(&self.profile));
        mark > version
    }

    /// The error of a login that is [rolled back](Self::is_rolled_back): after a failover that
    /// a person has not accepted, that is the reason.
    #[must_use]
    pub fn rollback(&self) -> StoreError {
        match self.sealed.store.history().is_suspected {
            true => StoreError::Failover,
            false => StoreError::Rollback,
        }
    }

    /// Accepts this version of the login as the latest, even if a later one was written.
    ///
    /// # Errors
    ///
    /// [`Unusable`](StoreError::Unusable) when the mark cannot be written.
    pub async fn adopt(&self, version: Option<Version>) -> Result<(), StoreError> {
        let Some(marks) = self.marks() else {
            return Ok(());
        };
        let set = marks.set(&self.profile, version).await;
        set.map_err(|error| StoreError::Unusable(format!("the mark cannot be written: {error}")))
    }

    /// The marks, which compare versions of one era.
    fn marks(&self) -> Option<HighWaterMarks> {
        let marks = self.sealed.marks.as_ref()?;
        Some(marks.of_era(self.sealed.store.history().era))
    }

    async fn seal(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let Some(keys) = &self.sealed.keys else {
            return Ok(value.to_vec());
        };
        let sealed_before = async |ring: Option<&Keyring>| {
            sealed_before(&self.sealed.store, Some(&self.profile), ring).await
        };
        keys.seal(self.place(key), value, sealed_before).await
    }

    /// Sets the mark to the written version. If the replaced login was old, sets the mark even
    /// to a lower version: otherwise the new login would look rolled back.
    async fn mark(&self, version: Version, was_old: bool) {
        let Some(marks) = self.marks() else {
            return;
        };
        match was_old {
            true => rollback::log_failure(marks.set(&self.profile, Some(version)).await),
            false => marks.raise(&self.profile, version).await,
        }
    }

    /// A version below the mark comes from a backup, unless another process has written over
    /// it since it was read.
    async fn conflict_or_rollback(
        &self,
        key: &str,
        expected: Option<Version>,
    ) -> Result<StoreError, StoreError> {
        let stored = self.read(key).await?.map(|row| row.version);
        Ok(match stored == expected {
            true => self.rollback(),
            false => StoreError::Conflict,
        })
    }

    fn place<'a>(&'a self, key: &'a str) -> Place<'a> {
        Place::of_row(self.sealed.store.kind(), &self.profile, key)
    }
}

/// Whether the values of a store are sealed with these keys. Reads this profile, the first
/// [`SAMPLE`] profiles, and as many entries of each of a server's collections. Tokens that were
/// taken over do not count: no value is lost with them, and no command removes them.
pub(crate) async fn sealed_before(
    store: &Arc<dyn Store>,
    profile: Option<&ProfileName>,
    ring: Option<&Keyring>,
) -> Result<SealedBefore, StoreError> {
    let mut found = SealedBefore::Nothing;
    let sample = store.list(None, SAMPLE).await?;
    for profile in profile.into_iter().chain(&sample) {
        for row in store.load(profile).await? {
            found = found.and(sealed_with(&row), ring);
        }
        if found == SealedBefore::ByThese {
            return Ok(found);
        }
    }
    let Some(store) = store.clone().server_store() else {
        return Ok(found);
    };
    for collection in [Collection::ApiKeys, Collection::Links] {
        for entry in store.entries(collection, None, None, SAMPLE).await? {
            found = found.and(seal::key_of(&entry.value).map(Some), ring);
        }
    }
    Ok(found)
}

/// Turns every row of a profile into a tombstone, except the row of the kept key. The login
/// is the last.
///
/// # Errors
///
/// Those of the store; [`Busy`](StoreError::Busy) when other processes keep writing.
pub async fn clear(
    store: &dyn Store,
    profile: &ProfileName,
    kept: Option<&str>,
) -> Result<(), StoreError> {
    for _ in 0..MAX_ATTEMPTS {
        let mut rows = store.load(profile).await?;
        rows.retain(|row| row.value.is_some() && Some(&*row.key) != kept);
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_by_key(|row| row.key == CREDENTIAL);
        for row in rows {
            let cleared = store.compare_and_swap(profile, &row.key, Some(row.version), None);
            match cleared.await {
                // After a conflict the row is read again.
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Err(StoreError::Busy)
}

/// The id of the key that a row is sealed with; none for a tombstone.
///
/// # Errors
///
/// [`Corrupt`](StoreError::Corrupt) and [`Newer`](StoreError::Newer).
pub fn sealed_with(row: &Row) -> Result<Option<KeyId>, StoreError> {
    row.value.as_deref().map(seal::key_of).transpose()
}

/// Whether the values under a key may exist nowhere else.
#[must_use]
pub fn is_irreplaceable(key: &str) -> bool {
    matches!(key, CREDENTIAL | PENDING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    fn name(name: &str) -> ProfileName {
        name.parse().unwrap()
    }

    fn sealed(store: &Arc<MemoryStore>, key: u8) -> SealedStore {
        SealedStore {
            store: store.clone(),
            keys: Some(Keys::provided([key; 32], None)),
            marks: None,
        }
    }

    async fn write(sealed: &SealedStore, profile: &str) -> Result<Version, StoreError> {
        let profile = sealed.profile(name(profile), LoginWrite::Update);
        let row = profile.read("models").await?;
        let version = row.map(|row| row.version);
        profile.write("models", version, Some(b"x")).await
    }

    #[tokio::test]
    async fn keys_that_open_nothing_seal_nothing_in_a_large_store() {
        let store = Arc::new(MemoryStore::new());
        let right = sealed(&store, 1);
        for number in 0..3 * SAMPLE {
            write(&right, &format!("p{number:04}")).await.unwrap();
        }
        let wrong = write(&sealed(&store, 2), "new").await;
        assert_eq!(wrong, Err(StoreError::KeyUnknown));
        write(&sealed(&store, 1), "new").await.unwrap();
    }

    #[tokio::test]
    async fn keys_that_open_the_profile_itself_seal_it_whatever_seals_the_others() {
        let store = Arc::new(MemoryStore::new());
        write(&sealed(&store, 1), "zoe").await.unwrap();
        let others = Arc::new(MemoryStore::new());
        for number in 0..2 * SAMPLE {
            let profile = format!("p{number:04}");
            write(&sealed(&others, 2), &profile).await.unwrap();
            let profile = name(&profile);
            let rows = others.load(&profile).await.unwrap();
            let value = rows[0].value.as_deref();
            let written = store.compare_and_swap(&profile, "models", None, value);
            written.await.unwrap();
        }
        write(&sealed(&store, 1), "zoe").await.unwrap();
    }
}
