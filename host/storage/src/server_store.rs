//! What a store keeps beside the logins: API keys, links, and which refresh tokens were taken
//! over from other programs.
//!
//! An [`Entry`] has a collection, an owner, an id and bytes, which
//! [`sealed_entries`](crate::sealed_entries) seals before they get here. As in a
//! [`Store`], a write names the version that it replaces, and versions never
//! repeat. Unlike a login, an entry can be removed: ids are random, or fingerprints of tokens,
//! so that a stale write restores nothing.

use std::fmt;

use async_trait::async_trait;

use crate::{ProfileName, Schedule, Store, StoreError, Version};

/// A store that also keeps what a server needs.
///
/// For another backend, implement it beside [`Store`] and [`Schedule`], and run the suites of
/// the feature `conformance`.
#[async_trait]
pub trait ServerStore: Store + Schedule {
    /// The entry with this id; none if there is none.
    async fn entry(&self, collection: Collection, id: &str) -> Result<Option<Entry>, StoreError>;

    /// Writes an entry over the version `expected`; none means that there must be no entry
    /// with this id. Returns the new version when the write is durable, and
    /// [`StoreError::Conflict`] when the entry has another version or another owner. After
    /// any other error the write may have happened.
    async fn swap_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
        value: &[u8],
    ) -> Result<Version, StoreError>;

    /// Removes an entry of this version. [`StoreError::Conflict`] and other errors as in
    /// [`swap_entry`](Self::swap_entry).
    async fn remove_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Version,
    ) -> Result<(), StoreError>;

    /// One page of a collection, in the order of the ids' bytes: the entries of this owner, or
    /// of all owners, after the id `after`, at most `limit`.
    async fn entries(
        &self,
        collection: Collection,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// A number that is another one after another process has written to the store; its own
    /// writes may change it too. None if the store cannot tell. A server that keeps copies of
    /// entries drops them when the number changes.
    async fn change_number(&self) -> Result<Option<i64>, StoreError> {
        Ok(None)
    }
}

/// Entries of one sort. Ids are unique in a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// [API keys](crate::api_keys).
    ApiKeys,
    /// Links by which a person signs in, once.
    Links,
    /// Refresh tokens that were taken over from other programs, by fingerprint.
    TakenOver,
}

impl Collection {
    /// All collections.
    pub const ALL: [Self; 3] = [Self::ApiKeys, Self::Links, Self::TakenOver];

    /// The name in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKeys => "api-key",
            Self::Links => "link",
            Self::TakenOver => "taken-over",
        }
    }

    /// The collection with this name in the store.
    #[cfg(feature = "postgres")]
    pub(crate) fn from_stored(name: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == name);
        found.ok_or(StoreError::Corrupt)
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The owner of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The server itself, as of the keys of its administrators.
    Server,
    /// A profile.
    Profile(ProfileName),
}

impl Owner {
    /// The name in the store: that of the profile, or for the server the empty text, which
    /// names no profile.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Server => "",
            Self::Profile(name) => name.as_str(),
        }
    }

    /// The owner with this name in the store.
    pub(crate) fn from_stored(name: &str) -> Result<Self, StoreError> {
        match name {
            "" => Ok(Self::Server),
            name => match name.parse() {
                Ok(name) => Ok(Self::Profile(name)),
                Err(_) => Err(StoreError::Corrupt),
            },
        }
    }
}

/// Where an entry is. Its value is sealed for this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPlace<'a> {
    /// The collection.
    pub collection: Collection,
    /// The owner, which never changes.
    pub owner: &'a Owner,
    /// The id: letters, digits and punctuation of ASCII.
    pub id: &'a str,
}

/// One entry. `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The collection.
    pub collection: Collection,
    /// The owner.
    pub owner: Owner,
    /// The id.
    pub id: String,
    /// The version of the last write.
    pub version: Version,
    /// The value, sealed.
    pub value: Vec<u8>,
}

impl Entry {
    /// Where the entry is.
    #[must_use]
    pub fn place(&self) -> EntryPlace<'_> {
        EntryPlace {
            collection: self.collection,
            owner: &self.owner,
            id: &self.id,
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("collection", &self.collection)
            .field("owner", &self.owner)
            .field("id", &self.id)
            .field("version", &self.version)
            .field("bytes", &self.value.len())
            .finish()
    }
}

/// The size of a page when all entries are read.
const PAGE: usize = 500;

/// All entries of a collection, page by page.
///
/// # Errors
///
/// Those of the store.
pub async fn all_entries(
    store: &dyn ServerStore,
    collection: Collection,
    owner: Option<&Owner>,
) -> Result<Vec<Entry>, StoreError> {
    let mut all = Vec::<Entry>::new();
    loop {
        let after = all.last().map(|entry| entry.id.as_str());
        let page = store.entries(collection, owner, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
