//! [`Host`]: the parts that all calls share.

mod builder;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use chatgpt_oauth_storage::Keys;
use chatgpt_oauth_storage::sealed_entries::SealedEntries;
use chatgpt_oauth_storage::sealed_store::SealedStore;
use chatgpt_oauth_storage::{Change, ProfileName, Schedule, Store};
use tokio::sync::broadcast;

use crate::call::in_flight::InFlight;
use crate::call::queue::Queues;
use crate::call::refreshes::{RefreshCounts, Refreshes};
use crate::egress::address_range::AddressRange;
use crate::egress::connect::UnusableProxy;
use crate::egress::transport::Transport;
use crate::error::{Error, ErrorCode};
use crate::observer::Observed;
use crate::profile::Profile;
use crate::sandbox::{Sandbox, WallClock};

pub use builder::HostBuilder;

/// Runs the component for the profiles of one store. Cheap to clone; a program makes one.
#[derive(Clone)]
pub struct Host {
    pub(crate) parts: Arc<Parts>,
}

/// The parts that all calls share.
pub(crate) struct Parts {
    pub(crate) sandbox: Sandbox,
    pub(crate) sealed: SealedStore,
    pub(crate) transport: Arc<Transport>,
    pub(crate) wall_clock: WallClock,
    pub(crate) queues: Queues,
    pub(crate) in_flight: InFlight,
    pub(crate) observed: Observed,
    pub(crate) refreshes: Refreshes,
    pub(crate) written_logins: broadcast::Sender<ProfileName>,
}

impl Host {
    /// A builder of a host over a store.
    pub fn builder(store: impl Store) -> HostBuilder {
        HostBuilder::new(Arc::new(store))
    }

    /// One person's connection. Reads and writes nothing.
    #[must_use]
    pub fn profile(&self, name: ProfileName) -> Profile {
        Profile::new(self.clone(), name)
    }

    /// The proxy to a host of the [policy](crate::POLICY), without its password. The
    /// environment named it when this host was built: `HTTPS_PROXY`, else `ALL_PROXY`, and
    /// `NO_PROXY`. A host for tests uses no proxy.
    ///
    /// The proxy resolves the name of the host, so [`is_public`](crate::is_public) does not
    /// check the address, and TLS alone authenticates the host.
    ///
    /// # Errors
    ///
    /// `invalid-argument` when the variable names no usable proxy. Then every request to
    /// the host fails before anything is sent.
    pub fn proxy(&self, host: &str) -> Result<Option<String>, Error> {
        let proxy = self.parts.transport.options().proxy(host);
        Ok(proxy.map_err(unusable)?.map(|proxy| proxy.url()))
    }

    /// The ranges of [`allow_addresses`](HostBuilder::allow_addresses); none in a host for
    /// tests.
    #[must_use]
    pub fn allowed_addresses(&self) -> &[AddressRange] {
        &self.parts.transport.options().allowed
    }

    /// Waits until every call in flight has ended and has stored its answer, for at most
    /// 100 seconds. No further call begins in this host and its clones: waiting and new
    /// calls end in an error. A program awaits this before it ends. The store closes with
    /// the last host and profile.
    pub async fn drain(&self) {
        self.parts.in_flight.drain().await;
    }

    /// Lets a change by another process count at once: the authorizations that were kept of
    /// the profile are asked for again, and calls that wait for a refresh look again. The
    /// changes come from [`Store::changes`]; without them they count within 30 seconds.
    pub fn note_change(&self, change: &Change) {
        self.parts.queues.note(change);
    }

    /// The store of this host.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.parts.sealed.store
    }

    /// The times that the servers of this host's store share; none if the store keeps none.
    #[must_use]
    pub fn schedule(&self) -> Option<Arc<dyn Schedule>> {
        let store = self.parts.sealed.store.clone().server_store()?;
        Some(store)
    }

    /// The profiles whose logins this host and its clones write from now on, as a login, a
    /// refresh and a logout do. A receiver that does not keep up misses names.
    #[must_use]
    pub fn written_logins(&self) -> broadcast::Receiver<ProfileName> {
        self.parts.written_logins.subscribe()
    }

    /// How the token endpoint has answered refreshes.
    #[must_use]
    pub fn refresh_counts(&self) -> RefreshCounts {
        self.parts.refreshes.counted()
    }

    /// Unix seconds by the clock that all hosts of the store share, as the component sees it.
    ///
    /// # Errors
    ///
    /// `internal` when the file of `wall_clock_file` cannot be read.
    pub fn now(&self) -> Result<u64, Error> {
        let now = self.parts.wall_clock.seconds();
        now.map_err(|error| Error::internal(format!("no time: {error}")))
    }

    /// What a server keeps in the store of this host beside the logins, sealed with the same
    /// keys; none if the store keeps no such thing.
    #[must_use]
    pub fn entries(&self) -> Option<SealedEntries> {
        self.parts.sealed.entries()
    }
}

impl Host {
    /// The keys that values are sealed with.
    pub(crate) fn keys(&self) -> Result<&Keys, Error> {
        self.parts.sealed.keys.as_ref().ok_or_else(|| {
            Error::permanent(
                ErrorCode::InvalidArgument,
                "this host does not seal its values",
                "build the host with keys",
            )
        })
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.store().kind();
        f.debug_struct("Host")
            .field("kind", &kind)
            .finish_non_exhaustive()
    }
}

/// The error for a variable that names no usable proxy.
pub(crate) fn unusable(proxy: UnusableProxy) -> Error {
    Error::permanent(
        ErrorCode::InvalidArgument,
        proxy.to_string(),
        "set it to http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT, or unset it; in a password write special characters as %40",
    )
}
