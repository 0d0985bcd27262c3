//! Implements [`Store`] for `Arc<S>`: a program can keep a store that it gives
//! to its host, or choose between backends at run time.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{ProfileName, Row, Store, StoreError, StoreKind, Version};

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
}
