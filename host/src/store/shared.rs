//! A store that is shared is a store: a program can hand one to its host and
//! keep it too, or choose among several kinds at run time.

use std::sync::Arc;

use async_trait::async_trait;

use super::{ProfileName, Row, Store, StoreError, StoreKind, Version};

#[async_trait]
impl<S: Store + ?Sized> Store for Arc<S> {
    fn kind(&self) -> StoreKind {
        S::kind(self)
    }

    fn outlives_program(&self) -> bool {
        S::outlives_program(self)
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

    async fn list(&self) -> Result<Vec<ProfileName>, StoreError> {
        S::list(self).await
    }

    async fn set_aside(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        S::set_aside(self, profile, key, now).await
    }

    async fn check_room(&self) -> Result<(), StoreError> {
        S::check_room(self).await
    }

    async fn try_write(&self) -> Result<(), StoreError> {
        S::try_write(self).await
    }
}
