//! The links of a store.

use super::{CreatedLink, LinkError, LinkId, LinkRecord, LinkSecret, NewLink};
use crate::sealed_entries::SealedEntries;
use crate::server_store::{Collection, Entry, EntryPlace, Owner, all_entries};
use crate::{StoreError, Version, clock};

/// How long a link waits for its browser, in seconds.
pub const LINK_LIFE: u64 = 15 * 60;
/// How long the page of a link works in its browser, in seconds.
pub const SESSION_LIFE: u64 = 60 * 60;
/// How many links of a profile can be open at a time.
pub const MOST_LINKS: usize = 20;
/// How long it is known of a link that it has ended, in seconds.
pub const LINK_REMEMBERED: u64 = 24 * 60 * 60;
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
        self.read(&link.id()).await
    }

    /// The link with this id; none if there is none.
    ///
    /// # Errors
    ///
    /// Those of the store and of its keys.
    pub async fn read(&self, id: &LinkId) -> Result<Option<LinkRecord>, StoreError> {
        let entry = self.entry(id).await?;
        entry.map(|entry| self.open(&entry)).transpose()
    }

    /// Binds a link to a browser for [`SESSION_LIFE`], and ends the other links of the profile
    /// that are bound. A link that is bound to this browser stays as it is.
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
        let id = link.id();
        let bound = self.change(&id, |record| match record.is_bound() {
            _ if record.has_ended(now) => Err(LinkError::Ended),
            false => Ok(Some(record.bound_to(browser, now))),
            true if record.is_bound_to(browser) => Ok(None),
            true => Err(LinkError::Bound),
        });
        let bound = bound.await?;
        // After the write: of two that are bound at the same time, at least one sees the other.
        self.end_others(&bound, now).await?;
        Ok(bound)
    }

    /// Notes that the page of a link has begun a login whose code is valid until `until`. The
    /// page works at least as long.
    ///
    /// # Errors
    ///
    /// [`Unknown`](LinkError::Unknown), [`Ended`](LinkError::Ended), and those of the store.
    pub async fn note_login(
        &self,
        link: &LinkId,
        pending_id: &str,
        until: u64,
        now: u64,
    ) -> Result<LinkRecord, LinkError> {
        self.change(link, |record| match record.has_ended(now) {
            true => Err(LinkError::Ended),
            false => Ok(Some(record.with_login(pending_id, until))),
        })
        .await
    }

    /// Notes how the login of a link has ended, and returns what is stored. A login that
    /// another process has replaced, or whose end it has noted, since `link` was read stays as it
    /// is.
    ///
    /// # Errors
    ///
    /// [`Unknown`](LinkError::Unknown), and those of the store.
    pub async fn note_outcome(
        &self,
        link: &LinkRecord,
        outcome: &str,
    ) -> Result<LinkRecord, LinkError> {
        self.change(&link.id, |record| {
            let is_same = record.login == link.login;
            Ok(is_same.then(|| record.with_outcome(outcome)))
        })
        .await
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

    /// Ends the other links of the profile that are bound.
    async fn end_others(&self, link: &LinkRecord, now: u64) -> Result<(), LinkError> {
        let (store, owner) = (self.entries.store(), link.owner());
        let is_open = |other: &LinkRecord| other.is_bound() && !other.has_ended(now);
        for entry in all_entries(store, Collection::Links, Some(&owner)).await? {
            let other = match self.open(&entry) {
                Ok(other) if other.id != link.id && is_open(&other) => other.id,
                // One that this process cannot read has no page here.
                _ => continue,
            };
            let end = |other: &LinkRecord| Ok(is_open(other).then(|| other.ended(now)));
            match self.change(&other, end).await {
                Ok(_) | Err(LinkError::Unknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes the links that ended a day ago, and those that are damaged. Returns how many
    /// have not ended.
    async fn tidy(&self, owner: &Owner, now: u64) -> Result<usize, StoreError> {
        let store = self.entries.store();
        let mut open = 0;
        for entry in all_entries(store, Collection::Links, Some(owner)).await? {
            match self.open(&entry) {
                Ok(record) if !record.has_ended(now) => open += 1,
                Ok(record) if now < record.expires_at.saturating_add(LINK_REMEMBERED) => {}
                Ok(_) | Err(StoreError::Corrupt) => self.remove(&entry).await?,
                // Another process may have the key or the version that reads it.
                Err(_) => {}
            }
        }
        Ok(open)
    }

    async fn remove(&self, entry: &Entry) -> Result<(), StoreError> {
        match self.entries.remove(entry.place(), entry.version).await {
            // Another process has removed it.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn entry(&self, id: &LinkId) -> Result<Option<Entry>, StoreError> {
        self.entries.read(Collection::Links, id.as_str()).await
    }

    /// Writes what `change` makes of a link; none leaves it as it is. Returns what is stored.
    async fn change(
        &self,
        id: &LinkId,
        change: impl Fn(&LinkRecord) -> Result<Option<LinkRecord>, LinkError>,
    ) -> Result<LinkRecord, LinkError> {
        for _ in 0..MAX_ATTEMPTS {
            let entry = self.entry(id).await?.ok_or(LinkError::Unknown)?;
            let record = self.open(&entry)?;
            let Some(changed) = change(&record)? else {
                return Ok(record);
            };
            match self.write(&changed, Some(entry.version)).await {
                // Another browser, or another tab, was quicker.
                Err(StoreError::Conflict) => {}
                written => return Ok(written.map(|_| changed)?),
            }
        }
        Err(StoreError::Busy.into())
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
