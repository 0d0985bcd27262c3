//! Implements [`Store`] and [`ServerStore`] for `Arc<S>`: a program can keep a store that it
//! gives to its host, or choose between backends at run time.

use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::ClockOffset;
use crate::server_store::{Collection, Entry, EntryPlace, Owner};
use crate::store::{History, StoreConnections};
use crate::{
    Change, Changes, ProfileName, Row, ServerStore, Store, StoreError, StoreKind, Version,
};

#[async_trait]
impl<S: Store + ?Sized> Store for Arc<S> {
    fn kind(&self) -> StoreKind {
        S::kind(self)
    }

    fn is_persistent(&self) -> bool {
        S::is_persistent(self)
    }

    fn identity(&self) -> Option<&str> {
        S::identity(self)
    }

    fn history(&self) -> History {
        S::history(self)
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        S::clock_offset(self)
    }

    fn server_store(self: Arc<Self>) -> Option<Arc<dyn ServerStore>> {
        S::server_store(Self::clone(&self))
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        S::load(self, profile).await
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        S::read(self, profile, key).await
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        S::compare_and_swap(self, profile, key, expected, value).await
    }

    async fn swap_unless_suspected(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        S::swap_unless_suspected(self, profile, key, expected, value).await
    }

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        S::list(self, after, limit).await
    }

    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        S::quarantine(self, profile, key, now).await
    }

    async fn check_room(&self) -> Result<(), StoreError> {
        S::check_room(self).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        S::check_writable(self).await
    }

    fn connections(&self) -> Option<StoreConnections> {
        S::connections(self)
    }

    async fn announce(&self, change: &Change) -> Result<(), StoreError> {
        S::announce(self, change).await
    }

    fn changes(&self) -> Option<Changes> {
        S::changes(self)
    }
}

#[async_trait]
impl<S: ServerStore + ?Sized> ServerStore for Arc<S> {
    async fn entry(&self, collection: Collection, id: &str) -> Result<Option<Entry>, StoreError> {
        S::entry(self, collection, id).await
    }

    async fn swap_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
        value: &[u8],
    ) -> Result<Version, StoreError> {
        S::swap_entry(self, place, expected, value).await
    }

    async fn remove_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Version,
    ) -> Result<(), StoreError> {
        S::remove_entry(self, place, expected).await
    }

    async fn entries(
        &self,
        collection: Collection,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        S::entries(self, collection, owner, after, limit).await
    }

    async fn change_number(&self) -> Result<Option<i64>, StoreError> {
        S::change_number(self).await
    }
}
