//! Where profiles are kept: rows of bytes, written by compare-and-swap.
//!
//! A store knows nothing of logins. It holds, per profile and key, a value and a
//! version. A write names the version that it replaces and fails if the row has
//! another one by then. Versions never repeat in a store, and rows are never removed:
//! a deleted key keeps a row without a value, a tombstone, so that a stale write
//! cannot bring it back.
//!
//! [`SqliteStore`](crate::SqliteStore) is one file for any number of processes,
//! [`MemoryStore`](crate::MemoryStore) lives as long as the program. For others,
//! implement [`Store`] and run the suite of the feature `conformance`.

use std::collections::VecDeque;
use std::fmt;

use async_trait::async_trait;

use crate::{ProfileName, StoreError};

/// A store of profiles.
///
/// Implementations are shared by all calls of a host and may be used by several
/// processes at once. Every method ends by itself; a host waits at most 15
/// seconds for it.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// What this store was made for.
    fn kind(&self) -> StoreKind;

    /// Whether what is written is there when the program has ended. Then it is
    /// [sealed](crate::sealed_store), unless the program says otherwise.
    fn is_persistent(&self) -> bool {
        true
    }

    /// A name that no other store has, given to this one when it was made: under
    /// it a host remembers what it wrote, to notice a
    /// [restored backup](crate::rollback). None if there is none.
    fn identity(&self) -> Option<&str> {
        None
    }

    /// All rows of a profile, tombstones among them; none for an unknown one.
    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError>;

    /// The row of one key, if there ever was one.
    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError>;

    /// Writes a value, or a tombstone, over the version `expected`; none means
    /// that there must be no row at all. Returns the new version when the write
    /// is durable, [`StoreError::Conflict`] when the row is another. After any
    /// other error the write may have happened or not.
    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError>;

    /// One page of the profiles that have a value: in the order of their names, those
    /// after `after`, at most `limit`. A removed profile keeps the record of its logout.
    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError>;

    /// Moves a value, as it is, to where no guest sees it, and leaves a tombstone.
    /// Returns whether there was one. It is kept for at least 30 days from `now`, in
    /// Unix seconds.
    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError>;

    /// Whether this process may still write what one call stores at most, four records
    /// of 32 KiB, as far as that can be known beforehand. Asked before a token is
    /// presented, so that its successor is not lost.
    async fn check_room(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes a durable write that changes nothing, to find out whether it can.
    async fn check_writable(&self) -> Result<(), StoreError>;
}

/// What a store was made for. It is written into the store when it is made and
/// never changes: a host for tests opens only stores for tests, and a store for
/// tests never sees the real service, so that no flag carries real tokens away.
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

/// Names one write of one row. Later writes have higher versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i64);

/// One key of a profile. Its `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: String,
    /// The version of the last write.
    pub version: Version,
    /// What was written; none after a deletion.
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

/// How many profiles a page has where all of them are read.
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
