//! One profile's records as a guest's bucket has them: opened on the way out of
//! the store, sealed on the way in, and a login that was restored from a backup
//! not written over.

use std::sync::Arc;

use crate::rollback::{self, Marks};
use crate::seal::{self, KeyId, Keys, Place, Ring, SealedBefore};
use crate::store::{CREDENTIAL, PENDING, ProfileName, Row, Store, StoreError, Version};

/// The records of all profiles.
#[derive(Clone)]
pub(crate) struct Records {
    pub(crate) store: Arc<dyn Store>,
    /// None where values are not sealed.
    pub(crate) keys: Option<Keys>,
    /// None where restored backups are not looked for.
    pub(crate) marks: Option<Marks>,
}

/// The records of one profile, as one call has them.
#[derive(Clone)]
pub(crate) struct ProfileRecords {
    records: Records,
    profile: ProfileName,
    writes: Writes,
}

/// What a call does to the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    /// Goes on with it: not with one that is older than what was written last.
    Onward,
    /// Puts another into its place, or ends it.
    Anew,
}

impl Records {
    pub(crate) fn of(&self, profile: ProfileName, writes: Writes) -> ProfileRecords {
        ProfileRecords {
            records: self.clone(),
            profile,
            writes,
        }
    }
}

impl ProfileRecords {
    /// Whether what a call has to store will find room, as far as can be known.
    pub(crate) async fn check_room(&self) -> Result<(), StoreError> {
        self.records.store.check_room().await
    }

    /// All rows, sealed.
    pub(crate) async fn load(&self) -> Result<Vec<Row>, StoreError> {
        self.records.store.load(&self.profile).await
    }

    /// The row of one key, sealed.
    pub(crate) async fn read(&self, key: &str) -> Result<Option<Row>, StoreError> {
        self.records.store.read(&self.profile, key).await
    }

    /// The value of a row. A copy that cannot be opened is none: it is of no use
    /// to anybody, and the next one takes its place.
    pub(crate) fn open(&self, row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
        match self.open_strictly(row) {
            Err(error) if !is_precious(&row.key) => {
                tracing::warn!(key = row.key, %error, "a copy cannot be opened and is passed over");
                Ok(None)
            }
            opened => opened,
        }
    }

    /// The value of a row, or why it cannot be opened.
    pub(crate) fn open_strictly(&self, row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed = row.value.as_deref();
        let open = |sealed: &[u8]| match &self.records.keys {
            Some(keys) => keys.open(self.place(&row.key), sealed),
            None => Ok(sealed.to_vec()),
        };
        sealed.map(open).transpose()
    }

    /// Seals a value and writes it, or a tombstone, over the version `expected`.
    pub(crate) async fn write(
        &self,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let is_old = key == CREDENTIAL && self.is_rolled_back(expected);
        if is_old && self.writes == Writes::Onward {
            return Err(self.conflict_or_rollback(key, expected).await?);
        }
        let sealed = match (value, &self.records.keys) {
            (Some(value), Some(keys)) => {
                let sealed_before = async |ring: Option<&Ring>| self.sealed_before(ring).await;
                let place = self.place(key);
                Some(keys.seal(place, value, sealed_before).await?)
            }
            (value, _) => value.map(<[u8]>::to_vec),
        };
        let store = &self.records.store;
        let written = store.compare_and_swap(&self.profile, key, expected, sealed.as_deref());
        let version = written.await?;
        if let (CREDENTIAL, Some(marks)) = (key, &self.records.marks) {
            match is_old {
                true => rollback::warn_unless(marks.set(&self.profile, Some(version))),
                false => marks.raise(&self.profile, version),
            }
        }
        Ok(version)
    }

    /// Below the mark lies a login from a backup, or one that another process has
    /// written over since it was read.
    async fn conflict_or_rollback(
        &self,
        key: &str,
        expected: Option<Version>,
    ) -> Result<StoreError, StoreError> {
        let stored = self.read(key).await?.map(|row| row.version);
        Ok(match stored == expected {
            true => StoreError::Rollback,
            false => StoreError::Conflict,
        })
    }

    /// What the values of the whole store are sealed with, as far as it matters
    /// whether these keys open any.
    async fn sealed_before(&self, ring: Option<&Ring>) -> Result<SealedBefore, StoreError> {
        let mut found = SealedBefore::Nothing;
        for profile in self.records.store.list().await? {
            for row in self.records.store.load(&profile).await? {
                match sealed_with(&row) {
                    Ok(Some(id)) if ring.is_some_and(|ring| ring.find(id).is_some()) => {
                        return Ok(SealedBefore::ByThese);
                    }
                    Ok(None) => {}
                    _ => found = SealedBefore::ByOthersAlone,
                }
            }
        }
        Ok(found)
    }

    /// Whether a version of the login is older than what was written last.
    pub(crate) fn is_rolled_back(&self, version: Option<Version>) -> bool {
        let marks = self.records.marks.as_ref();
        marks.and_then(|marks| marks.of(&self.profile)) > version
    }

    /// Takes the login for the latest one, whatever was written before.
    pub(crate) fn adopt(&self, version: Option<Version>) -> Result<(), StoreError> {
        let marks = self.records.marks.as_ref();
        let set = marks.map(|marks| marks.set(&self.profile, version));
        set.transpose()
            .map(drop)
            .map_err(|error| StoreError::Unusable(format!("the mark cannot be written: {error}")))
    }

    fn place<'a>(&'a self, key: &'a str) -> Place<'a> {
        Place {
            kind: self.records.store.kind(),
            profile: &self.profile,
            key,
        }
    }
}

/// The key that a row is sealed with; none where it holds nothing.
pub(crate) fn sealed_with(row: &Row) -> Result<Option<KeyId>, StoreError> {
    row.value.as_deref().map(seal::key_of).transpose()
}

/// Whether a value may exist nowhere else.
pub(crate) fn is_precious(key: &str) -> bool {
    matches!(key, CREDENTIAL | PENDING)
}
