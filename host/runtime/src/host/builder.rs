//! [`HostBuilder`]: from what an embedder sets to the parts of a [`Host`].

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use chatgpt_oauth_storage::rollback::HighWaterMarks;
use chatgpt_oauth_storage::sealed_store::SealedStore;
use chatgpt_oauth_storage::{Keys, Store, StoreError, StoreKind};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::broadcast;

use super::{Host, Parts};
use crate::artifact;
use crate::call::in_flight::InFlight;
use crate::call::queue::Queues;
use crate::call::refreshes::Refreshes;
use crate::digest::Digest;
use crate::egress::address_range::AddressRange;
use crate::egress::connect::{ConnectorOptions, Proxies};
use crate::egress::resolve::{ConnectTo, Resolver, SystemResolver};
use crate::egress::transport::Transport;
use crate::error::{Error, ErrorCode};
use crate::observer::Observed;
use crate::sandbox::pool::Pool;
use crate::sandbox::{Sandbox, WallClock};
use crate::shortage;

/// How many names wait for a receiver of written logins.
const WRITTEN_LOGINS: usize = 1024;

/// Whether values are sealed.
enum Sealing {
    Undecided,
    With(Keys),
    Left,
}

/// Builds a [`Host`].
#[must_use]
pub struct HostBuilder {
    store: Arc<dyn Store>,
    sealing: Sealing,
    marks: Option<PathBuf>,
    resolver: Arc<dyn Resolver>,
    connect_to: Vec<ConnectTo>,
    allowed: Vec<AddressRange>,
    roots: Vec<Vec<u8>>,
    wall_clock: Option<WallClock>,
    component_digest: Option<Digest>,
    pool: Option<Pool>,
    #[cfg(feature = "compiler")]
    component: Option<Vec<u8>>,
}

impl HostBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            sealing: Sealing::Undecided,
            marks: None,
            resolver: Arc::new(SystemResolver),
            connect_to: Vec::new(),
            allowed: Vec::new(),
            roots: Vec::new(),
            wall_clock: None,
            component_digest: None,
            pool: None,
            #[cfg(feature = "compiler")]
            component: None,
        }
    }

    /// Seals the stored values with these keys.
    pub fn keys(mut self, keys: Keys) -> Self {
        self.sealing = Sealing::With(keys);
        self
    }

    /// Stores values unsealed, tokens among them: for a store that seals them itself, or
    /// that no other program can read. A store that is not
    /// [persistent](Store::is_persistent) needs neither this nor keys.
    pub fn unsealed(mut self) -> Self {
        self.sealing = Sealing::Left;
        self
    }

    /// Records in this directory the version of each login that was written last, to detect
    /// a store that was restored from a backup. The logins of such a store are not
    /// refreshed, which could end them (`rollback-suspected`). Do not restore the directory
    /// with the store. Needs a store with an [identity](Store::identity).
    pub fn rollback_marks(mut self, directory: impl Into<PathBuf>) -> Self {
        self.marks = Some(directory.into());
        self
    }

    /// Resolves host names with this resolver instead of the operating system's.
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Sends the requests to a real host to a simulator, for tests. Needs a store of the
    /// kind [`Test`](StoreKind::Test). The host then reaches no other host and uses no
    /// proxy.
    pub fn connect_to(mut self, connect_to: ConnectTo) -> Self {
        self.connect_to.push(connect_to);
        self
    }

    /// Connects to addresses in these ranges although they are not
    /// [public](crate::is_public): for a VPN or a router that answers names with fake
    /// addresses and forwards the connection to the right host. TLS authenticates the two
    /// hosts of the [policy](crate::POLICY) as always. A host for tests ignores the ranges.
    pub fn allow_addresses(mut self, ranges: impl IntoIterator<Item = AddressRange>) -> Self {
        self.allowed.extend(ranges);
        self
    }

    /// Trusts these root certificates too, one or more in PEM: for networks whose operator
    /// intercepts TLS.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Runs the component only if this is its SHA-256: for a caller that has reviewed this
    /// component and wants to review the next one before it runs.
    pub fn component_digest(mut self, digest: Digest) -> Self {
        self.component_digest = Some(digest);
        self
    }

    /// Runs at most this many calls at a time; more calls wait. With the feature `pooling`,
    /// memory and stacks are kept ready for these calls, which makes a call quicker: for
    /// servers. Each place reserves 8 GiB of address space, and keeps up to 1.1 MiB of RAM once
    /// it was used.
    pub fn concurrent_calls(mut self, most: NonZero<u32>) -> Self {
        self.pool = Some(Pool::new(most));
        self
    }

    /// Runs this component of the world `platform` instead of the embedded one. The host
    /// compiles the component when it is built, and never loads machine code. The component
    /// can read the logins of the store: give its [digest](Self::component_digest) too.
    #[cfg(feature = "compiler")]
    pub fn component(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.component = Some(component.into());
        self
    }

    /// Takes the component's time from this file, which holds Unix seconds as text, so that
    /// a test passes days in a moment. A second number is the steady clock, which ages the
    /// stored values; without it, the steady clock is the first number. A test that changes
    /// the file renames a new one over it.
    #[cfg(feature = "test-clock")]
    pub fn wall_clock_file(mut self, file: impl Into<std::path::PathBuf>) -> Self {
        self.wall_clock = Some(WallClock::File(file.into()));
        self
    }

    /// Builds the host: loads the component and links it. Takes well under a millisecond,
    /// makes no connection and reads no file.
    ///
    /// # Errors
    ///
    /// - `invalid-argument` when a certificate cannot be read, when
    ///   [`connect_to`](Self::connect_to) is used with a store of real logins, when a
    ///   persistent store gets neither [`keys`](Self::keys) nor
    ///   [`unsealed`](Self::unsealed), or when a component does not fit or has another
    ///   digest than [`component_digest`](Self::component_digest).
    /// - `internal` when the embedded component does not load, or when the machine refuses
    ///   memory or executable memory: the hint says what to change.
    pub fn build(self) -> Result<Host, Error> {
        let kind = self.store.kind();
        if kind == StoreKind::OpenAi && !self.connect_to.is_empty() {
            let wanted = StoreKind::Test;
            return Err(StoreError::WrongKind {
                found: kind,
                wanted,
            }
            .into());
        }
        let (proxies, allowed) = match kind {
            StoreKind::OpenAi => (Proxies::from_env(), self.allowed.clone()),
            StoreKind::Test => (Proxies::default(), Vec::new()),
        };
        let options = ConnectorOptions {
            roots: certificates(&self.roots)?,
            only_connect_to: kind == StoreKind::Test,
            proxies,
            allowed,
            resolver: self.resolver.clone(),
            connect_to: self.connect_to.clone(),
        };
        let observed = Observed::default();
        let of_store = || WallClock::OfStore(self.store.clone());
        let parts = Parts {
            wall_clock: self.wall_clock.clone().unwrap_or_else(of_store),
            sandbox: self.sandbox()?,
            sealed: self.sealed_store(&observed)?,
            transport: Arc::new(Transport::new(options)),
            queues: Queues::default(),
            in_flight: InFlight::default(),
            observed,
            refreshes: Refreshes::default(),
            written_logins: broadcast::Sender::new(WRITTEN_LOGINS),
        };
        Ok(Host {
            parts: Arc::new(parts),
        })
    }

    fn sealed_store(&self, observed: &Observed) -> Result<SealedStore, Error> {
        let marks = self.marks.as_ref().zip(self.store.identity());
        Ok(SealedStore {
            store: observed.store(self.store.clone()),
            keys: match &self.sealing {
                Sealing::With(keys) => Some(keys.clone()),
                Sealing::Undecided if self.store.is_persistent() => return Err(undecided()),
                Sealing::Undecided | Sealing::Left => None,
            },
            marks: marks.map(|(directory, store)| HighWaterMarks::new(directory.clone(), store)),
        })
    }

    fn sandbox(&self) -> Result<Sandbox, Error> {
        #[cfg(feature = "compiler")]
        if let Some(component) = &self.component {
            self.check_digest(component)?;
            return Sandbox::compile(component, self.pool.clone()).map_err(|error| {
                if let Some(shortage) = shortage::of_sandbox(&error) {
                    return shortage::error(shortage, ErrorCode::Internal);
                }
                tracing::error!(error = format!("{error:#}"), "the component does not fit");
                Error::permanent(
                    ErrorCode::InvalidArgument,
                    "the component cannot be run here",
                    "give a component of the world `platform`; the log says what is wrong",
                )
            });
        }
        self.check_digest(artifact::PLATFORM.component)?;
        Sandbox::embedded(self.pool.clone()).map_err(|error| {
            if let Some(shortage) = shortage::of_sandbox(&error) {
                return shortage::error(shortage, ErrorCode::Internal);
            }
            tracing::error!(error = format!("{error:#}"), "the component does not load");
            Error::internal("the embedded component does not load")
        })
    }

    /// Refuses a component with another digest than the wanted one.
    fn check_digest(&self, component: &[u8]) -> Result<(), Error> {
        match self.component_digest {
            Some(wanted) => Digest::of(component).check(wanted),
            None => Ok(()),
        }
    }
}

fn undecided() -> Error {
    Error::permanent(
        ErrorCode::InvalidArgument,
        "the stored values would not be sealed",
        "give the builder of the host `keys`, or call `unsealed`",
    )
}

fn certificates(pems: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let invalid = || {
        Error::permanent(
            ErrorCode::InvalidArgument,
            "the root certificates cannot be read",
            "give one or more certificates in PEM",
        )
    };
    let mut certificates = Vec::new();
    for pem in pems {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let found = found.map_err(|_| invalid())?;
        if found.is_empty() {
            return Err(invalid());
        }
        certificates.extend(found);
    }
    Ok(certificates)
}
