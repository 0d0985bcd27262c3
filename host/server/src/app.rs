//! What all requests share.

use chatgpt_oauth::api_keys::ApiKeys;
use chatgpt_oauth::{Error, Host};
use chatgpt_oauth_gateway::Gateway;
use governor::Quota;

use std::sync::Arc;

use crate::auth::Authentication;
use crate::connect::Connect;
use crate::drain::Progress;
use crate::health::Readiness;
use crate::limits::rate::Rate;
use crate::limits::{Calls, Starts};
use crate::listen::Proxies;
use crate::metrics::Metrics;
use crate::options::{KeyLimits, Times};

/// What all requests share.
pub(crate) struct App {
    pub(crate) host: Host,
    pub(crate) gateway: Gateway,
    pub(crate) authentication: Authentication,
    pub(crate) calls: Calls,
    /// Model calls a second, by the id of the key.
    pub(crate) call_rate: Rate<Arc<str>>,
    pub(crate) starts: Starts,
    pub(crate) proxies: Proxies,
    pub(crate) hosts: Vec<String>,
    /// The connect page, if the server has one.
    pub(crate) connect: Option<Connect>,
    pub(crate) readiness: Readiness,
    pub(crate) progress: Progress,
    pub(crate) metrics: Metrics,
    pub(crate) times: Times,
}

impl App {
    /// The API keys in the store.
    pub(crate) fn keys(&self) -> ApiKeys {
        self.authentication.keys()
    }

    /// Changes keys, and lets the change count at once: also if the caller goes away, and if it
    /// is not known whether the change was made.
    pub(crate) async fn change_keys<T: Send + 'static, E: From<Error> + Send + 'static>(
        self: Arc<Self>,
        change: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E> {
        let changed = tokio::spawn(async move {
            let changed = change.await;
            self.authentication.keys_have_changed(&self.calls).await;
            changed
        });
        let panicked = |_| Error::internal("the change of a key ended early");
        changed.await.map_err(panicked)?
    }

    /// Forgets whom no limit applies to any more.
    pub(crate) fn tidy(&self) {
        self.authentication.tidy();
        self.call_rate.tidy();
        self.starts.tidy();
        self.connect.iter().for_each(Connect::tidy);
    }
}

/// How often a key may make model calls.
pub(crate) fn call_rate(limits: KeyLimits) -> Rate<Arc<str>> {
    Rate::new(Quota::per_second(limits.rate))
}
