//! The API keys of a store.

use super::{
    ApiKey, ApiKeyError, ApiKeyId, ApiKeyRecord, ApiKeyState, CreatedApiKey, ListedApiKey,
    NewApiKey, RotatedApiKey,
};
use crate::sealed_entries::SealedEntries;
use crate::server_store::{Collection, Entry, EntryPlace, Owner};
use crate::{Change, StoreError, Version, clock};

/// How long a rotated key is still taken, in seconds.
pub const ROTATION_GRACE: u64 = 24 * 60 * 60;
/// How much older than the stored time a use is that is stored, in seconds.
const USE_INTERVAL: u64 = 5 * 60;
/// How often an entry is read again after a conflict, or an id is chosen again.
const MAX_ATTEMPTS: u32 = 8;

/// The API keys of a store. Cheap to clone.
#[derive(Clone)]
pub struct ApiKeys {
    entries: SealedEntries,
}

impl ApiKeys {
    /// The API keys among these entries.
    #[must_use]
    pub fn new(entries: SealedEntries) -> Self {
        Self { entries }
    }

    /// The time in Unix seconds, by the clock that the hosts of the store share.
    #[must_use]
    pub fn now(&self) -> u64 {
        clock::now(self.entries.store()).as_secs()
    }

    /// Makes a key. `now` is [the time](Self::now), here and below.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn create(&self, new: NewApiKey, now: u64) -> Result<CreatedApiKey, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let key = ApiKey::generate(new.permission.is_admin())?;
            let record = ApiKeyRecord::new(&key, new.clone(), now);
            match self.write(&record, None).await {
                Ok(_) => return Ok(CreatedApiKey { key, record }),
                // Another key has the id.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// The record of a key; none if there is no key with this id. Who shows the key may use it
    /// if the record [admits](ApiKeyRecord::admits) it.
    ///
    /// # Errors
    ///
    /// Those of the store and of its keys.
    pub async fn find(&self, id: &ApiKeyId) -> Result<Option<ApiKeyRecord>, StoreError> {
        let entry = self.entry(id).await?;
        entry.map(|entry| self.open(&entry)).transpose()
    }

    /// One page of keys, in the order of their ids: those of this owner, or of all owners,
    /// after the id `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn list(
        &self,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ListedApiKey>, StoreError> {
        let page = self.entries.page(Collection::ApiKeys, owner, after, limit);
        let listed = page.await?.into_iter().map(|entry| ListedApiKey {
            record: self.open(&entry),
            id: entry.id,
            owner: entry.owner,
        });
        Ok(listed.collect())
    }

    /// Ends a key at once, and returns whether it was valid until now. An unreadable key is
    /// removed.
    ///
    /// # Errors
    ///
    /// [`Unknown`](ApiKeyError::Unknown), and those of the store.
    pub async fn revoke(&self, id: &ApiKeyId, now: u64) -> Result<bool, ApiKeyError> {
        for _ in 0..MAX_ATTEMPTS {
            let entry = self.entry(id).await?.ok_or(ApiKeyError::Unknown)?;
            let written = match self.open(&entry) {
                Ok(record) if record.state(now) != ApiKeyState::Active => return Ok(false),
                Ok(record) => {
                    let revoked = ApiKeyRecord {
                        revoked_at: Some(now),
                        ..record
                    };
                    self.write(&revoked, Some(entry.version)).await.map(drop)
                }
                Err(_) => self.entries.remove(entry.place(), entry.version).await,
            };
            match written {
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    self.announce(&entry.owner).await;
                    return Ok(true);
                }
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Makes a key that allows the same and lives as long. The previous one is valid for
    /// [`ROTATION_GRACE`] more, unless it expires before.
    ///
    /// # Errors
    ///
    /// [`Unknown`](ApiKeyError::Unknown), [`Ended`](ApiKeyError::Ended), and those of the
    /// store. After an error of the store there may be a new key whose secret is lost, and the
    /// previous one is valid.
    pub async fn rotate(&self, id: &ApiKeyId, now: u64) -> Result<RotatedApiKey, ApiKeyError> {
        let previous = self.find(id).await?.ok_or(ApiKeyError::Unknown)?;
        if previous.state(now) != ApiKeyState::Active {
            return Err(ApiKeyError::Ended);
        }
        let lifetime = previous
            .expires_at
            .map(|at| at.saturating_sub(previous.created_at));
        let new = NewApiKey {
            permission: previous.permission,
            label: previous.label,
            expires_at: lifetime.map(|lifetime| now.saturating_add(lifetime)),
        };
        let created = self.create(new, now).await?;
        let at = now.saturating_add(ROTATION_GRACE);
        self.expire(id, at).await?;
        Ok(RotatedApiKey {
            created,
            previous_expires_at: previous.expires_at.map_or(at, |earlier| earlier.min(at)),
        })
    }

    /// Stores that a key was used, unless the stored time is less than five minutes old or
    /// another process stores another change. Returns whether the time was stored.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn note_use(&self, id: &ApiKeyId, now: u64) -> Result<bool, StoreError> {
        let Some(entry) = self.entry(id).await? else {
            return Ok(false);
        };
        let record = self.open(&entry)?;
        let is_recent = |at: u64| now < at.saturating_add(USE_INTERVAL);
        if record.last_used_at.is_some_and(is_recent) {
            return Ok(false);
        }
        let used = ApiKeyRecord {
            last_used_at: Some(now),
            ..record
        };
        match self.write(&used, Some(entry.version)).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes all keys of an owner, as before its profile is removed, and returns their
    /// number.
    ///
    /// # Errors
    ///
    /// Those of the store; [`Busy`](StoreError::Busy) when other processes keep writing.
    pub async fn remove_all(&self, owner: &Owner) -> Result<usize, StoreError> {
        let count = self.entries.remove_all(Collection::ApiKeys, owner).await?;
        self.announce(owner).await;
        Ok(count)
    }

    /// Says to other processes that keys of this owner have ended.
    async fn announce(&self, owner: &Owner) {
        let change = match owner {
            Owner::Server => Change::AdminKey,
            Owner::Profile(name) => Change::Profile(name.clone()),
        };
        if let Err(error) = self.entries.store().announce(&change).await {
            tracing::warn!(%error, "the end of a key is not announced, and counts within 30 s");
        }
    }

    /// Lets a key expire at this time, if it would live longer.
    async fn expire(&self, id: &ApiKeyId, at: u64) -> Result<(), StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(entry) = self.entry(id).await? else {
                return Ok(());
            };
            let record = self.open(&entry)?;
            if record.expires_at.is_some_and(|expires_at| expires_at <= at) {
                return Ok(());
            }
            let shortened = ApiKeyRecord {
                expires_at: Some(at),
                ..record
            };
            match self.write(&shortened, Some(entry.version)).await {
                Err(StoreError::Conflict) => {}
                written => return written.map(drop),
            }
        }
        Err(StoreError::Busy)
    }

    async fn entry(&self, id: &ApiKeyId) -> Result<Option<Entry>, StoreError> {
        self.entries.read(Collection::ApiKeys, id.as_str()).await
    }

    fn open(&self, entry: &Entry) -> Result<ApiKeyRecord, StoreError> {
        let value = self.entries.decrypt(entry)?;
        ApiKeyRecord::decode(&entry.id, &entry.owner, &value)
    }

    async fn write(
        &self,
        record: &ApiKeyRecord,
        expected: Option<Version>,
    ) -> Result<Version, StoreError> {
        let owner = record.permission.owner();
        let place = EntryPlace {
            collection: Collection::ApiKeys,
            owner: &owner,
            id: record.id.as_str(),
        };
        self.entries.write(place, expected, &record.encode()).await
    }
}
