//! A store that lives as long as the program: for tests, and for programs that keep logins
//! elsewhere.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::schedule::{LONGEST_PAUSE, Paused, Schedule};
use crate::server_store::{Collection, Entry, EntryPlace, Owner};
use crate::{ProfileName, Row, ServerStore, Store, StoreError, StoreKind, Version};

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    kind: StoreKind,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    profiles: BTreeMap<ProfileName, BTreeMap<String, Row>>,
    entries: BTreeMap<(Collection, String), Entry>,
    due: BTreeMap<ProfileName, u64>,
    paused: BTreeMap<Paused, u64>,
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

    fn server_store(self: Arc<Self>) -> Option<Arc<dyn ServerStore>> {
        Some(self)
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

#[async_trait]
impl ServerStore for MemoryStore {
    async fn entry(&self, collection: Collection, id: &str) -> Result<Option<Entry>, StoreError> {
        let content = self.content();
        Ok(content.entries.get(&(collection, id.to_owned())).cloned())
    }

    async fn swap_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
        value: &[u8],
    ) -> Result<Version, StoreError> {
        let mut content = self.content();
        content.check_entry(place, expected)?;
        let version = Version(content.last_version + 1);
        let entry = Entry {
            collection: place.collection,
            owner: place.owner.clone(),
            id: place.id.to_owned(),
            version,
            value: value.to_vec(),
        };
        content.entries.insert(key(place), entry);
        content.last_version = version.0;
        Ok(version)
    }

    async fn remove_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Version,
    ) -> Result<(), StoreError> {
        let mut content = self.content();
        content.check_entry(place, Some(expected))?;
        content.entries.remove(&key(place));
        Ok(())
    }

    async fn entries(
        &self,
        collection: Collection,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let content = self.content();
        let start = match after {
            Some(after) => Bound::Excluded((collection, after.to_owned())),
            None => Bound::Included((collection, String::new())),
        };
        let rest = content.entries.range((start, Bound::Unbounded));
        let rest = rest.map(|(_, entry)| entry);
        let same = rest.take_while(|entry| entry.collection == collection);
        let owned = same.filter(|entry| owner.is_none_or(|owner| entry.owner == *owner));
        Ok(owned.take(limit).cloned().collect())
    }
}

#[async_trait]
impl Schedule for MemoryStore {
    async fn set_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        self.content().due.insert(profile.clone(), at);
        Ok(())
    }

    async fn add_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        self.content().due.entry(profile.clone()).or_insert(at);
        Ok(())
    }

    async fn remove_due(&self, profile: &ProfileName) -> Result<(), StoreError> {
        self.content().due.remove(profile);
        Ok(())
    }

    async fn take_due(
        &self,
        now: u64,
        next: u64,
        limit: u32,
    ) -> Result<Vec<ProfileName>, StoreError> {
        let mut content = self.content();
        let mut due: Vec<_> = content.due.iter_mut().collect();
        due.retain(|(_, at)| **at <= now);
        due.sort_by_key(|(_, at)| **at);
        let taken = due.into_iter().take(limit as usize).map(|(name, at)| {
            *at = next;
            name.clone()
        });
        Ok(taken.collect())
    }

    async fn count_due(&self, now: u64) -> Result<u64, StoreError> {
        let content = self.content();
        Ok(content.due.values().filter(|at| **at <= now).count() as u64)
    }

    async fn pause(&self, what: Paused, until: u64) -> Result<(), StoreError> {
        let mut content = self.content();
        let paused = content.paused.entry(what).or_default();
        *paused = match *paused > until.saturating_add(LONGEST_PAUSE) {
            true => until,
            false => until.max(*paused),
        };
        Ok(())
    }

    async fn paused_until(&self, what: Paused) -> Result<u64, StoreError> {
        Ok(self.content().paused.get(&what).copied().unwrap_or(0))
    }
}

impl Content {
    /// Checks that an entry has this version and owner, or that there is none.
    fn check_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        let found = self.entries.get(&key(place));
        let is_of_owner = found.is_none_or(|entry| entry.owner == *place.owner);
        match found.map(|entry| entry.version) == expected && is_of_owner {
            true => Ok(()),
            false => Err(StoreError::Conflict),
        }
    }
}

fn key(place: EntryPlace<'_>) -> (Collection, String) {
    (place.collection, place.id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance;

    #[tokio::test]
    async fn it_is_a_store() {
        conformance::check(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn it_is_a_store_of_a_server() {
        conformance::check_server_store(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn it_is_a_store_of_links() {
        conformance::check_links(Arc::new(MemoryStore::new())).await;
    }

    #[tokio::test]
    async fn it_is_a_schedule() {
        conformance::check_schedule(&MemoryStore::new()).await;
    }
}
