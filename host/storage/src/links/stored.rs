//! The links of a store.

use super::{CreatedLink, LinkError, LinkLogin, LinkRecord, LinkSecret, NewLink};
use crate::sealed_entries::SealedEntries;
use crate::server_store::{Collection, Entry, EntryPlace, Owner, all_entries};
use crate::{StoreError, Version, clock};

/// How long a link waits for its browser, in seconds.
pub const LINK_LIFE: u64 = 15 * 60;
/// How long the page of a link works in its browser, in seconds.
pub const SESSION_LIFE: u64 = 60 * 60;
/// How many links of a profile can be open at a time.
pub const MOST_LINKS: usize = 20;
/// How long it is known of a link that it has expired, in seconds.
const REMEMBERED: u64 = 24 * 60 * 60;
/// How often an entry is read again after a conflict.
const MAX_ATTEMPTS: u32 = 8;

/// The links of a store. Cheap to clone.
#[derive(Clone)]
pub struct Links {
    entries: SealedEntries,
}

impl Links {
    /// The links among these entries.
    #[must_use]
    pub fn new(entries: SealedEntries) -> Self {
        Self { entries }
    }

    /// The time in Unix seconds, by the clock that the hosts of the store share.
    #[must_use]
    pub fn now(&self) -> u64 {
        clock::now(self.entries.store()).as_secs()
    }

    /// Makes a link. `now` is [the time](Self::now), here and below. Removes links of the
    /// profile that ended a day ago.
    ///
    /// # Errors
    ///
    /// [`TooMany`](LinkError::TooMany), and those of the store.
    pub async fn create(&self, new: NewLink, now: u64) -> Result<CreatedLink, LinkError> {
        let owner = Owner::Profile(new.profile.clone());
        if self.tidy(&owner, now).await? >= MOST_LINKS {
            return Err(LinkError::TooMany);
        }
        let secret = LinkSecret::generate()?;
        let record = LinkRecord::new(secret.id(), new, now);
        self.write(&record, None).await?;
        Ok(CreatedLink { secret, record })
    }

    /// The link whose address ends with this secret; none if there is none.
    ///
    /// # Errors
    ///
    /// Those of the store and of its keys.
    pub async fn find(&self, link: &LinkSecret) -> Result<Option<LinkRecord>, StoreError> {
        let entry = self.entry(link.id().as_str()).await?;
        entry.map(|entry| self.open(&entry)).transpose()
    }

    /// Binds a link to a browser for [`SESSION_LIFE`]. A link that is bound to this browser
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// [`Unknown`](LinkError::Unknown), [`Ended`](LinkError::Ended),
    /// [`Bound`](LinkError::Bound), and those of the store.
    pub async fn bind(
        &self,
        link: &LinkSecret,
        browser: &LinkSecret,
        now: u64,
    ) -> Result<LinkRecord, LinkError> {
        for _ in 0..MAX_ATTEMPTS {
            let entry = self.entry(link.id().as_str()).await?;
            let entry = entry.ok_or(LinkError::Unknown)?;
            let record = self.open(&entry)?;
            if record.has_ended(now) {
                return Err(LinkError::Ended);
            }
            if record.is_bound() {
                let is_same = record.is_bound_to(browser);
                return is_same.then_some(record).ok_or(LinkError::Bound);
            }
            let bound = record.bound_to(browser, now);
            match self.write(&bound, Some(entry.version)).await {
                // Another browser may have been quicker.
                Err(StoreError::Conflict) => {}
                written => return Ok(written.map(|_| bound)?),
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Stores how far the login of a link is.
    ///
    /// # Errors
    ///
    /// [`Unknown`](LinkError::Unknown), and those of the store.
    pub async fn note_login(
        &self,
        link: &LinkRecord,
        login: &LinkLogin,
    ) -> Result<LinkRecord, LinkError> {
        for _ in 0..MAX_ATTEMPTS {
            let entry = self.entry(link.id.as_str()).await?;
            let entry = entry.ok_or(LinkError::Unknown)?;
            let noted = LinkRecord {
                login: Some(login.clone()),
                ..self.open(&entry)?
            };
            match self.write(&noted, Some(entry.version)).await {
                Err(StoreError::Conflict) => {}
                written => return Ok(written.map(|_| noted)?),
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Removes all links of an owner, as before its profile is removed, and returns their
    /// number.
    ///
    /// # Errors
    ///
    /// Those of the store; [`Busy`](StoreError::Busy) when other processes keep writing.
    pub async fn remove_all(&self, owner: &Owner) -> Result<usize, StoreError> {
        self.entries.remove_all(Collection::Links, owner).await
    }

    /// Removes the links that ended a day ago, and those that cannot be read. Returns how many
    /// have not ended.
    async fn tidy(&self, owner: &Owner, now: u64) -> Result<usize, StoreError> {
        let store = self.entries.store();
        let mut open = 0;
        for entry in all_entries(store, Collection::Links, Some(owner)).await? {
            let expires_at = self.open(&entry).map_or(0, |record| record.expires_at);
            if expires_at.saturating_add(REMEMBERED) > now {
                open += usize::from(expires_at > now);
                continue;
            }
            match self.entries.remove(entry.place(), entry.version).await {
                // Another process has removed it.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(open)
    }

    async fn entry(&self, id: &str) -> Result<Option<Entry>, StoreError> {
        self.entries.read(Collection::Links, id).await
    }

    fn open(&self, entry: &Entry) -> Result<LinkRecord, StoreError> {
        let value = self.entries.decrypt(entry)?;
        LinkRecord::decode(&entry.id, &entry.owner, &value)
    }

    async fn write(
        &self,
        record: &LinkRecord,
        expected: Option<Version>,
    ) -> Result<Version, StoreError> {
        let owner = record.owner();
        let place = EntryPlace {
            collection: Collection::Links,
            owner: &owner,
            id: record.id.as_str(),
        };
        self.entries.write(place, expected, &record.encode()).await
    }
}
