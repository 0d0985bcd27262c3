//! Stores of profiles: rows of bytes, written by compare-and-swap.
//!
//! A store holds, for each profile and key, a value and a version. It does not interpret
//! the values. A write names the version that it replaces, and fails if the row has another
//! version. Versions never repeat in a store, and rows are never removed: a deleted key
//! keeps a row without a value, a tombstone, so that a stale write cannot restore the
//! value.
//!
//! [`SqliteStore`](crate::SqliteStore) is one file for any number of processes,
//! [`MemoryStore`](crate::MemoryStore) lives as long as the program. For another backend,
//! implement [`Store`] and run the suite of the feature `conformance`.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::ClockOffset;
use crate::{Change, Changes, ProfileName, ServerStore, StoreError};

/// A store of profiles.
///
/// All calls of a host share a store, and several processes may use it at once. Every method
/// returns without being cancelled; a host waits at most 15 seconds for it.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The kind of logins that this store was created for.
    fn kind(&self) -> StoreKind;

    /// Whether values outlive the program. The values of a persistent store are
    /// [sealed](crate::sealed_store), unless the program chooses otherwise.
    fn is_persistent(&self) -> bool {
        true
    }

    /// A unique name, given to this store when it was created. A host uses it to detect a
    /// [restored backup](crate::rollback). None if the store has no identity.
    fn identity(&self) -> Option<&str> {
        None
    }

    /// Whether the store may lack writes that it has acknowledged.
    fn history(&self) -> History {
        History::default()
    }

    /// How far the clock that the hosts of this store share is ahead of this machine's. None if
    /// the store has no clock of its own.
    fn clock_offset(&self) -> Option<ClockOffset> {
        None
    }

    /// The part of the store for a [server](crate::server_store), if the store has one.
    fn server_store(self: Arc<Self>) -> Option<Arc<dyn ServerStore>> {
        None
    }

    /// All rows of a profile, tombstones among them; none for an unknown profile.
    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError>;

    /// The row of one key; none if the key was never written.
    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError>;

    /// Writes a value, or a tombstone, over the version `expected`; none means that there
    /// must be no row. Returns the new version when the write is durable, and
    /// [`StoreError::Conflict`] when the row has another version. After any other error the
    /// write may have happened.
    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError>;

    /// As [`compare_and_swap`](Self::compare_and_swap), but writes nothing and returns
    /// [`StoreError::Failover`] when the store may lack a later value of the row.
    async fn swap_unless_suspected(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        self.compare_and_swap(profile, key, expected, value).await
    }

    /// One page of the profiles that have a value, in the order of their names: those after
    /// `after`, at most `limit`. A removed profile keeps the record of its logout.
    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError>;

    /// Moves a value, unchanged, to a place where no guest sees it, and leaves a tombstone.
    /// Returns whether there was a value. The value is kept for at least 30 days from `now`,
    /// in Unix seconds.
    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError>;

    /// Checks that this process can still write the values of one call, at most four records
    /// of 32 KiB, as far as the store can tell in advance. A host checks this before it
    /// presents a token, so that the next token is not lost.
    async fn check_room(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Checks that the store can be written, by a durable write that changes nothing.
    async fn check_writable(&self) -> Result<(), StoreError>;

    /// The connections of this process to the server of the store; none if it has no server.
    fn connections(&self) -> Option<StoreConnections> {
        None
    }

    /// Says to every process that listens that something has changed. Nothing may depend on
    /// it: it may be lost.
    async fn announce(&self, _change: &Change) -> Result<(), StoreError> {
        Ok(())
    }

    /// Listens to the changes that are announced, in a task of the current tokio runtime. None
    /// if the store does not hand them on.
    fn changes(&self) -> Option<Changes> {
        None
    }
}

/// Connections of one process to the server of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreConnections {
    /// Those with an operation.
    pub used: u32,
    /// Those without one.
    pub idle: u32,
}

/// The kind of logins in a store. The kind is written when the store is created and never
/// changes. A host for tests opens only stores for tests, and never connects to the real
/// service, so that no option sends real tokens elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Real logins.
    OpenAi,
    /// Logins at a simulator.
    Test,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenAi => "openai",
            Self::Test => "test",
        })
    }
}

/// Whether a store lacks writes that it has acknowledged, as after the promotion of a standby
/// that did not have them, or a restored backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Whether writes may be lost, and no person has accepted that.
    pub is_suspected: bool,
    /// Rises when a person accepts a loss. Versions of different eras cannot be compared: after
    /// a loss they repeat.
    pub era: i64,
}

/// Identifies one write of one row. Later writes have higher versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i64);

/// One key of a profile. `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: String,
    /// The version of the last write.
    pub version: Version,
    /// The value; none after a deletion.
    pub value: Option<Vec<u8>>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("key", &self.key)
            .field("version", &self.version)
            .field("bytes", &self.value.as_ref().map(Vec::len))
            .finish()
    }
}

/// The size of a page when all profiles are read.
const PAGE: usize = 500;

/// The profiles that have a value, page by page.
pub struct Profiles<'a> {
    store: &'a dyn Store,
    page: VecDeque<ProfileName>,
    last: Option<ProfileName>,
    is_at_end: bool,
}

impl<'a> Profiles<'a> {
    /// All profiles of a store.
    #[must_use]
    pub fn of(store: &'a dyn Store) -> Self {
        Self {
            store,
            page: VecDeque::new(),
            last: None,
            is_at_end: false,
        }
    }

    /// The next profile, in the order of the names.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn next(&mut self) -> Result<Option<ProfileName>, StoreError> {
        if self.page.is_empty() && !self.is_at_end {
            let page = self.store.list(self.last.as_ref(), PAGE).await?;
            self.is_at_end = page.len() < PAGE;
            self.last = page.last().cloned();
            self.page = page.into();
        }
        Ok(self.page.pop_front())
    }
}
