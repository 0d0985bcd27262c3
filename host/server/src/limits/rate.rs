//! Requests a time, by whom they are counted for.

use std::hash::Hash;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Limits how often something happens, for each key on its own.
pub(crate) struct Rate<K: Clone + Eq + Hash> {
    limiter: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
    clock: DefaultClock,
}

impl<K: Clone + Eq + Hash> Rate<K> {
    pub(crate) fn new(quota: Quota) -> Self {
        let clock = DefaultClock::default();
        Self {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            clock,
        }
    }

    /// Takes one. If there is none, says in how many seconds there is.
    pub(crate) fn take(&self, key: &K) -> Result<(), u32> {
        self.limiter
            .check_key(key)
            .map_err(|until| seconds(until.wait_time_from(self.clock.now())))
    }

    /// Forgets the keys that have everything again.
    pub(crate) fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// Rounded up, and at least one.
fn seconds(wait: Duration) -> u32 {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(whole.max(1)).unwrap_or(u32::MAX)
}
