//! Who goes first among the calls of one profile.
//!
//! The calls that change a login stand in line. The others do not: what keeps
//! them apart is the intent in the record. One that finds somebody refreshing
//! waits here for the end of it, if the refresh is of this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Line, Notify, OwnedMutexGuard};

use chatgpt_oauth_storage::ProfileName;

/// The queues of all profiles in use.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<ProfileName, Weak<Queue>>>);

impl Queues {
    /// The queue of a profile, the same one for as long as anybody holds it.
    pub(crate) fn of(&self, profile: &ProfileName) -> Arc<Queue> {
        // A map of weak references is never left half-changed.
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

/// The queue of one profile.
#[derive(Default)]
pub(crate) struct Queue {
    line: Arc<Line<()>>,
    /// Told whenever a call ends that talked to the service: it may have been
    /// the refresh that others wait for.
    pub(crate) call_ended: Notify,
}

/// A place at the head of the line, until it is dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

impl Queue {
    /// Waits for one's turn.
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
