//! A store that lives as long as the program: for tests, and for programs that keep logins
//! elsewhere.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{ProfileName, Row, Store, StoreError, StoreKind, Version};

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    kind: StoreKind,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    profiles: BTreeMap<ProfileName, BTreeMap<String, Row>>,
    last_version: i64,
}

impl MemoryStore {
    /// An empty store for real logins.
    #[must_use]
    pub fn new() -> Self {
        Self::of_kind(StoreKind::OpenAi)
    }

    /// An empty store of this kind.
    #[must_use]
    pub fn of_kind(kind: StoreKind) -> Self {
        Self {
            kind,
            content: Mutex::default(),
        }
    }

    /// Ignores poisoning, since no panic leaves a change incomplete.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn is_persistent(&self) -> bool {
        false
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        let content = self.content();
        let rows = content.profiles.get(profile);
        Ok(rows
            .into_iter()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect())
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        let content = self.content();
        let row = content.profiles.get(profile).and_then(|rows| rows.get(key));
        Ok(row.cloned())
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let mut content = self.content();
        let version = Version(content.last_version + 1);
        let rows = content.profiles.entry(profile.clone()).or_default();
        if rows.get(key).map(|row| row.version) != expected {
            return Err(StoreError::Conflict);
        }
        let row = Row {
            key: key.to_owned(),
            version,
            value: value.map(<[u8]>::to_vec),
        };
        rows.insert(row.key.clone(), row);
        content.last_version = version.0;
        Ok(version)
    }

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        let content = self.content();
        let has_a_value =
            |rows: &BTreeMap<String, Row>| rows.values().any(|row| row.value.is_some());
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = content.profiles.range((start, Bound::Unbounded));
        let live = rest.filter(|(_, rows)| has_a_value(rows)).take(limit);
        Ok(live.map(|(name, _)| name.clone()).collect())
    }

    /// Drops the value, since the store does not outlive the program.
    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        _now: u64,
    ) -> Result<bool, StoreError> {
        let mut content = self.content();
        let version = content.last_version + 1;
        let rows = content.profiles.get_mut(profile);
        let row = rows.and_then(|rows| rows.get_mut(key));
        let Some(row) = row.filter(|row| row.value.is_some()) else {
            return Ok(false);
        };
        row.version = Version(version);
        row.value = None;
        content.last_version = version;
        Ok(true)
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance;

    #[tokio::test]
    async fn it_is_a_store() {
        conformance::check(&MemoryStore::new()).await;
    }
}
