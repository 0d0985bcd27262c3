//! When the servers of a store look at which login, and what they leave for a while.
//!
//! A time says nothing but when to look: a wrong or lost one harms no login. Times are Unix
//! seconds.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{ProfileName, StoreError};

/// The times that the servers of a store share.
#[async_trait]
pub trait Schedule: Send + Sync {
    /// Sets when to look at a login.
    async fn set_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError>;

    /// Sets when to look at a login that has no time.
    async fn add_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError>;

    /// Removes the time of a login.
    async fn remove_due(&self, profile: &ProfileName) -> Result<(), StoreError>;

    /// The logins whose time has come, the earliest ones, at most `limit`. Their time becomes
    /// `next`, so that no other caller gets them before.
    async fn take_due(
        &self,
        now: u64,
        next: u64,
        limit: u32,
    ) -> Result<Vec<ProfileName>, StoreError>;

    /// How many logins have a time that has come.
    async fn count_due(&self, now: u64) -> Result<u64, StoreError>;

    /// Leaves something until then, unless it is left for longer already. What is left for more
    /// than [`LONGEST_PAUSE`] longer was stored by a wrong clock, and is replaced.
    async fn pause(&self, what: Paused, until: u64) -> Result<(), StoreError>;

    /// Until when something is left; 0 if it never was.
    async fn paused_until(&self, what: Paused) -> Result<u64, StoreError>;
}

/// The longest pause, in seconds.
pub const LONGEST_PAUSE: u64 = 60 * 60;

/// What is left for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paused {
    /// Requests to the token endpoint that no person waits for.
    Token,
}

impl Paused {
    /// The name in the store.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
        }
    }
}

#[async_trait]
impl<S: Schedule + ?Sized> Schedule for Arc<S> {
    async fn set_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        S::set_due(self, profile, at).await
    }

    async fn add_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        S::add_due(self, profile, at).await
    }

    async fn remove_due(&self, profile: &ProfileName) -> Result<(), StoreError> {
        S::remove_due(self, profile).await
    }

    async fn take_due(
        &self,
        now: u64,
        next: u64,
        limit: u32,
    ) -> Result<Vec<ProfileName>, StoreError> {
        S::take_due(self, now, next, limit).await
    }

    async fn count_due(&self, now: u64) -> Result<u64, StoreError> {
        S::count_due(self, now).await
    }

    async fn pause(&self, what: Paused, until: u64) -> Result<(), StoreError> {
        S::pause(self, what, until).await
    }

    async fn paused_until(&self, what: Paused) -> Result<u64, StoreError> {
        S::paused_until(self, what).await
    }
}

/// A time as a database has it.
pub(crate) fn stored(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
