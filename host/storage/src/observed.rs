//! A store that tells a program how long its operations take, for metrics.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::clock::ClockOffset;
use crate::schedule::Paused;
use crate::server_store::{Collection, Entry, EntryPlace, Owner};
use crate::store::{History, StoreConnections};
use crate::{
    Change, Changes, ProfileName, Row, Schedule, ServerStore, Store, StoreError, StoreKind, Version,
};

/// Gets the name of an operation that has ended, and its time.
pub type Observe = Arc<dyn Fn(&'static str, Duration) + Send + Sync>;

/// A store whose operations are observed. Names of operations are those of the methods of
/// [`Store`], [`ServerStore`] and [`Schedule`].
pub struct ObservedStore<S: ?Sized> {
    store: Arc<S>,
    observe: Observe,
}

impl<S: ?Sized> ObservedStore<S> {
    /// Observes the operations of a store.
    pub fn new(store: Arc<S>, observe: Observe) -> Self {
        Self { store, observe }
    }

    async fn timed<T>(&self, operation: &'static str, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let result = work.await;
        (self.observe)(operation, begun.elapsed());
        result
    }
}

impl<S: ?Sized> fmt::Debug for ObservedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObservedStore")
    }
}

#[async_trait]
impl<S: Store + ?Sized> Store for ObservedStore<S> {
    fn kind(&self) -> StoreKind {
        self.store.kind()
    }

    fn is_persistent(&self) -> bool {
        self.store.is_persistent()
    }

    fn identity(&self) -> Option<&str> {
        self.store.identity()
    }

    fn history(&self) -> History {
        self.store.history()
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        self.store.clock_offset()
    }

    fn server_store(self: Arc<Self>) -> Option<Arc<dyn ServerStore>> {
        let store = S::server_store(self.store.clone())?;
        Some(Arc::new(ObservedStore::new(store, self.observe.clone())))
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        self.timed("load", self.store.load(profile)).await
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        self.timed("read", self.store.read(profile, key)).await
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let swap = self.store.compare_and_swap(profile, key, expected, value);
        self.timed("compare_and_swap", swap).await
    }

    async fn swap_unless_suspected(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let store = &self.store;
        let swap = store.swap_unless_suspected(profile, key, expected, value);
        self.timed("swap_unless_suspected", swap).await
    }

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        self.timed("list", self.store.list(after, limit)).await
    }

    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        let quarantine = self.store.quarantine(profile, key, now);
        self.timed("quarantine", quarantine).await
    }

    async fn check_room(&self) -> Result<(), StoreError> {
        self.timed("check_room", self.store.check_room()).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        let check = self.store.check_writable();
        self.timed("check_writable", check).await
    }

    fn connections(&self) -> Option<StoreConnections> {
        self.store.connections()
    }

    async fn announce(&self, change: &Change) -> Result<(), StoreError> {
        self.timed("announce", self.store.announce(change)).await
    }

    fn changes(&self) -> Option<Changes> {
        self.store.changes()
    }
}

#[async_trait]
impl<S: Schedule + ?Sized> Schedule for ObservedStore<S> {
    async fn set_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        self.timed("set_due", self.store.set_due(profile, at)).await
    }

    async fn add_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        self.timed("add_due", self.store.add_due(profile, at)).await
    }

    async fn remove_due(&self, profile: &ProfileName) -> Result<(), StoreError> {
        let remove = self.store.remove_due(profile);
        self.timed("remove_due", remove).await
    }

    async fn take_due(
        &self,
        now: u64,
        next: u64,
        limit: u32,
    ) -> Result<Vec<ProfileName>, StoreError> {
        let take = self.store.take_due(now, next, limit);
        self.timed("take_due", take).await
    }

    async fn count_due(&self, now: u64) -> Result<u64, StoreError> {
        self.timed("count_due", self.store.count_due(now)).await
    }

    async fn pause(&self, what: Paused, until: u64) -> Result<(), StoreError> {
        self.timed("pause", self.store.pause(what, until)).await
    }

    async fn paused_until(&self, what: Paused) -> Result<u64, StoreError> {
        let read = self.store.paused_until(what);
        self.timed("paused_until", read).await
    }
}

#[async_trait]
impl<S: ServerStore + ?Sized> ServerStore for ObservedStore<S> {
    async fn entry(&self, collection: Collection, id: &str) -> Result<Option<Entry>, StoreError> {
        self.timed("entry", self.store.entry(collection, id)).await
    }

    async fn swap_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
        value: &[u8],
    ) -> Result<Version, StoreError> {
        let swap = self.store.swap_entry(place, expected, value);
        self.timed("swap_entry", swap).await
    }

    async fn remove_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Version,
    ) -> Result<(), StoreError> {
        let remove = self.store.remove_entry(place, expected);
        self.timed("remove_entry", remove).await
    }

    async fn entries(
        &self,
        collection: Collection,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let entries = self.store.entries(collection, owner, after, limit);
        self.timed("entries", entries).await
    }

    async fn change_number(&self) -> Result<Option<i64>, StoreError> {
        self.timed("change_number", self.store.change_number())
            .await
    }
}

#[cfg(test)]
mod tests {
    /// The names of the methods of a trait.
    fn methods<'a>(file: &'a str, of: &str) -> Vec<&'a str> {
        let (_, body) = file.split_once(&format!("pub trait {of}:")).unwrap();
        let (body, _) = body.split_once("\n}\n").unwrap();
        let methods = body.split("fn ").skip(1);
        methods.filter_map(|it| it.split('(').next()).collect()
    }

    /// A method with a default that is not passed on would be lost without an error.
    #[test]
    fn every_method_of_a_store_is_passed_on() {
        let store = methods(include_str!("store.rs"), "Store");
        let server_store = methods(include_str!("server_store.rs"), "ServerStore");
        assert!(store.contains(&"compare_and_swap") && store.contains(&"changes"));
        for method in store.into_iter().chain(server_store) {
            for file in [include_str!("observed.rs"), include_str!("shared.rs")] {
                assert!(file.contains(&format!("fn {method}(")), "{method}");
            }
        }
    }
}
