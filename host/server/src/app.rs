//! What all requests share.

use chatgpt_oauth::Host;
use chatgpt_oauth::api_keys::ApiKeys;
use chatgpt_oauth_gateway::Gateway;
use governor::Quota;

use std::sync::Arc;

use crate::auth::Authentication;
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

    /// Forgets whom no limit applies to any more.
    pub(crate) fn tidy(&self) {
        self.authentication.tidy();
        self.call_rate.tidy();
        self.starts.tidy();
    }
}

/// How often a key may make model calls.
pub(crate) fn call_rate(limits: KeyLimits) -> Rate<Arc<str>> {
    Rate::new(Quota::per_second(limits.rate))
}
