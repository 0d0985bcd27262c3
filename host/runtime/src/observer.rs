//! [`Observer`]: how long the work of a host takes, for the metrics of a program.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chatgpt_oauth_storage::Store;
use chatgpt_oauth_storage::observed::ObservedStore;

use crate::host::Host;

/// Gets the times of a host's work. The methods run within that work, and return at once.
pub trait Observer: Send + Sync + 'static {
    /// An operation of the store has ended, with a result or an error. Its name is that of
    /// the method of [`Store`] or [`ServerStore`](crate::store::ServerStore).
    fn store_operation(&self, operation: &'static str, elapsed: Duration);

    /// A connection for model calls was made, with TLS.
    fn model_connection(&self, elapsed: Duration);
}

impl Host {
    /// Lets an observer get the times from now on. Returns whether it does: a host and its
    /// clones have one observer, the first.
    pub fn observe(&self, observer: impl Observer) -> bool {
        self.parts.observed.0.set(Box::new(observer)).is_ok()
    }
}

/// The observer of a host, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Observed(Arc<OnceLock<Box<dyn Observer>>>);

impl Observed {
    /// A store whose operations are observed.
    pub(crate) fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let observed = self.clone();
        let observe = move |operation: &'static str, elapsed| {
            if let Some(observer) = observed.0.get() {
                observer.store_operation(operation, elapsed);
            }
        };
        Arc::new(ObservedStore::new(store, Arc::new(observe)))
    }

    pub(crate) fn model_connection(&self, elapsed: Duration) {
        if let Some(observer) = self.0.get() {
            observer.model_connection(elapsed);
        }
    }
}
