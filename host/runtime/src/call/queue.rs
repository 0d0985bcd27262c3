//! Orders the calls of one profile, and counts the calls that wrote its login.
//!
//! Exclusive calls change the login and wait for their turn. Shared calls do not wait:
//! the intent in the record keeps two refreshes apart. A shared call that finds a refresh
//! of this process waits for its end here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use chatgpt_oauth_storage::{Change, ProfileName};
use tokio::sync::{Mutex as Line, Notify, OwnedMutexGuard};

/// The queues of all profiles in use.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<ProfileName, Weak<Queue>>>);

impl Queues {
    /// The queue of a profile: the same one for as long as a caller holds it.
    pub(crate) fn of(&self, profile: &ProfileName) -> Arc<Queue> {
        // No panic leaves the map incomplete, so poisoning is ignored.
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(profile).and_then(Weak::upgrade) {
            return queue;
        }
        if queues.len() == queues.capacity() {
            queues.retain(|_, queue| queue.strong_count() > 0);
        }
        let queue = Arc::new(Queue::default());
        queues.insert(profile.clone(), Arc::downgrade(&queue));
        queue
    }
}

impl Queues {
    /// Notes that another process may have changed a login, or all.
    pub(crate) fn note(&self, change: &Change) {
        let queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let note = |queue: &Weak<Queue>| {
            if let Some(queue) = queue.upgrade() {
                queue.note_login_changed();
                queue.call_ended.notify_waiters();
            }
        };
        match change {
            Change::Profile(name) => queues.get(name).into_iter().for_each(note),
            Change::AdminKey => {}
            Change::All => queues.values().for_each(note),
        }
    }
}

/// The queue of one profile.
#[derive(Default)]
pub(crate) struct Queue {
    line: Arc<Line<()>>,
    /// Notified when a call ends that sent a request: the call may have been the refresh
    /// that other calls wait for.
    pub(crate) call_ended: Notify,
    login_generation: AtomicU64,
}

/// The turn of one call, until it is dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

impl Queue {
    /// Notes that the login may have changed.
    pub(crate) fn note_login_changed(&self) {
        self.login_generation.fetch_add(1, Ordering::Release);
    }

    /// How often the login may have changed.
    pub(crate) fn login_generation(&self) -> u64 {
        self.login_generation.load(Ordering::Acquire)
    }

    /// Waits for the turn of this call.
    pub(crate) async fn turn(&self) -> Turn {
        self.line.clone().lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_in_use_has_one_queue_and_an_unused_one_none() {
        let queues = Queues::default();
        let names: Vec<ProfileName> = (0..100).map(|n| format!("p{n}").parse().unwrap()).collect();
        let first = queues.of(&names[0]);
        for name in &names {
            queues.of(name);
        }
        assert!(Arc::ptr_eq(&first, &queues.of(&names[0])));
        assert!(queues.0.lock().unwrap().len() < 50);
    }
}
