//! The model calls that run: at most so many of one key, and each can be ended.

use std::collections::HashMap;
use std::future::pending;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chatgpt_oauth_gateway::Stop;
use tokio::sync::oneshot;

/// The model calls that run, by the id of their key.
#[derive(Clone)]
pub(crate) struct Calls(Arc<Shared>);

struct Shared {
    most_of_a_key: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// Set when the server ends: a call that begins later ends at once.
    is_ending: bool,
    by_key: HashMap<Arc<str>, HashMap<u64, oneshot::Sender<Stop>>>,
}

impl Calls {
    pub(crate) fn new(most_of_a_key: NonZero<u32>) -> Self {
        Self(Arc::new(Shared {
            most_of_a_key: usize::try_from(most_of_a_key.get()).unwrap_or(usize::MAX),
            state: Mutex::default(),
        }))
    }

    /// Begins a call, unless its key has as many as it may have.
    pub(crate) fn begin(&self, key: &Arc<str>) -> Option<Running> {
        let mut state = self.0.lock();
        let (sender, stop) = oneshot::channel();
        let id = state.next;
        state.next += 1;
        let is_ending = state.is_ending;
        let of_key = state.by_key.entry(key.clone()).or_default();
        if of_key.len() >= self.0.most_of_a_key {
            return None;
        }
        match is_ending {
            true => _ = sender.send(Stop::ShuttingDown),
            false => _ = of_key.insert(id, sender),
        }
        let shared = self.0.clone();
        let key = key.clone();
        Some(Running {
            stop: Some(stop),
            _entry: Entry { shared, key, id },
        })
    }

    /// Ends every call, those that begin later too.
    pub(crate) fn end_all(&self) {
        let mut state = self.0.lock();
        state.is_ending = true;
        for stop in state
            .by_key
            .drain()
            .flat_map(|(_, calls)| calls.into_values())
        {
            // A call that ends at this moment takes no order.
            _ = stop.send(Stop::ShuttingDown);
        }
    }

    /// Ends the calls of a revoked key.
    pub(crate) fn end_of_key(&self, key: &str) {
        let calls = self.0.lock().by_key.remove(key);
        for stop in calls.into_iter().flat_map(HashMap::into_values) {
            _ = stop.send(Stop::KeyRevoked);
        }
    }

    /// The ids of the keys whose calls run.
    pub(crate) fn keys(&self) -> Vec<Arc<str>> {
        self.0.lock().by_key.keys().cloned().collect()
    }
}

impl Shared {
    /// No panic leaves the state incomplete, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A model call that runs, until it is dropped.
pub(crate) struct Running {
    stop: Option<oneshot::Receiver<Stop>>,
    _entry: Entry,
}

impl Running {
    /// Completes when the call must end; can be taken once.
    pub(crate) fn stopped(&mut self) -> impl Future<Output = Stop> + Send + Sync + 'static {
        let stop = self.stop.take();
        async move {
            match stop {
                Some(stop) => match stop.await {
                    Ok(why) => why,
                    // The call has ended.
                    Err(_) => pending().await,
                },
                None => pending().await,
            }
        }
    }
}

struct Entry {
    shared: Arc<Shared>,
    key: Arc<str>,
    id: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(calls) = state.by_key.get_mut(&self.key) {
            calls.remove(&self.id);
            if calls.is_empty() {
                state.by_key.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(most: u32) -> Calls {
        Calls::new(NonZero::new(most).unwrap())
    }

    #[test]
    fn a_key_has_so_many_calls_at_a_time_and_another_key_its_own() {
        let calls = calls(2);
        let (one, other): (Arc<str>, Arc<str>) = ("one".into(), "other".into());
        let first = calls.begin(&one).unwrap();
        let _second = calls.begin(&one).unwrap();
        assert!(calls.begin(&one).is_none());
        assert!(calls.begin(&other).is_some());
        drop(first);
        assert!(calls.begin(&one).is_some());
    }

    #[test]
    fn nothing_is_kept_of_a_key_without_calls() {
        let calls = calls(2);
        drop(calls.begin(&"one".into()));
        assert!(calls.keys().is_empty());
    }

    #[tokio::test]
    async fn a_call_ends_with_its_key_or_with_the_server() {
        let calls = calls(2);
        let mut revoked = calls.begin(&"one".into()).unwrap();
        let mut running = calls.begin(&"other".into()).unwrap();
        calls.end_of_key("one");
        assert_eq!(revoked.stopped().await, Stop::KeyRevoked);
        calls.end_all();
        assert_eq!(running.stopped().await, Stop::ShuttingDown);
        let mut late = calls.begin(&"other".into()).unwrap();
        assert_eq!(late.stopped().await, Stop::ShuttingDown);
    }
}
