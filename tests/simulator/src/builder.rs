//! The settings of a simulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::account::Account;
use crate::clock::Clock;
use crate::from_memory::FromMemory;
use crate::issuer::Issuer;
use crate::request_log::RequestLog;
use crate::settings::{RevocationScope, Rotation, Settings};
use crate::shared::Shared;
use crate::simulator::Simulator;
use crate::tls::{Certificate, Tls};

/// Settings of a [`Simulator`], from [`Simulator::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    settings: Settings,
    accounts: Vec<Account>,
    certificate: Certificate,
    clock_file: Option<PathBuf>,
    from_memory: bool,
    http: SocketAddr,
    https: SocketAddr,
}

impl Default for Builder {
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            settings: Settings::default(),
            accounts: Vec::new(),
            certificate: Certificate::Valid,
            clock_file: None,
            from_memory: false,
            http: any_port,
            https: any_port,
        }
    }
}

impl Builder {
    /// Adds an account; the first one replaces the default account. Approving a code signs in the first account, unless
    /// the caller names another.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// The client id that is accepted; [`CLIENT_ID`](crate::CLIENT_ID) by default.
    pub fn client_id(mut self, client_id: &str) -> Self {
        self.settings.client_id = client_id.to_owned();
        self
    }

    /// The `interval` of polls in seconds; 5 by default. The simulator also answers sooner polls:
    /// [`RecordedRequest::after_ms`](crate::RecordedRequest::after_ms) shows them.
    pub fn interval(mut self, seconds: u64) -> Self {
        self.settings.interval = seconds;
        self
    }

    /// How long a device code is valid; 15 minutes by default.
    pub fn code_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.code_lifetime = lifetime;
        self
    }

    /// Approves every code automatically, this long after it was issued.
    pub fn auto_approve(mut self, after: Duration) -> Self {
        self.settings.auto_approve = Some(after);
        self
    }

    /// The lifetime of access tokens; 10 days by default.
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.access_token_lifetime = lifetime;
        self
    }

    /// The lifetime of refresh tokens; unlimited by default, because the live service's limit is not known.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.refresh_token_lifetime = Some(lifetime);
        self
    }

    /// What happens when a refresh token is presented; [`Rotation::Strict`] by default.
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.settings.rotation = rotation;
        self
    }

    /// What a revocation ends; [`RevocationScope::Family`] by default.
    pub fn revocation_scope(mut self, scope: RevocationScope) -> Self {
        self.settings.revocation_scope = scope;
        self
    }

    /// The largest body of a request to a model, in bytes; 32 MiB by default, at most 64 MiB.
    pub fn largest_model_request(mut self, bytes: usize) -> Self {
        self.settings.largest_model_request = bytes;
        self
    }

    /// How many requests the log keeps, the latest ones; all by default. A measurement with many requests limits its
    /// memory with this.
    pub fn keep_requests(mut self, requests: usize) -> Self {
        self.settings.kept_requests = requests;
        self
    }

    /// Answers every model call with the same bytes, without judging or recording the request: for a measurement of
    /// what is in front of the simulator.
    pub fn from_memory(mut self) -> Self {
        self.from_memory = true;
        self
    }

    /// The certificate of the HTTPS listener; [`Certificate::Valid`] by default.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Reads the time from a file with Unix seconds as text, which a driver rewrites.
    pub fn clock_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.clock_file = Some(path.into());
        self
    }

    /// The address of the HTTP listener; any free port of 127.0.0.1 by default.
    pub fn http(mut self, address: SocketAddr) -> Self {
        self.http = address;
        self
    }

    /// The address of the HTTPS listener; any free port of 127.0.0.1 by default.
    pub fn https(mut self, address: SocketAddr) -> Self {
        self.https = address;
        self
    }

    /// Starts the server on its own thread.
    ///
    /// # Errors
    /// If an address is not loopback, a port is in use, or the clock file has no number.
    pub fn start(mut self) -> io::Result<Simulator> {
        if !self.http.ip().is_loopback() || !self.https.ip().is_loopback() {
            let why = "the simulator serves loopback addresses only";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        if self.accounts.is_empty() {
            self.accounts.push(Account::default());
        }
        let clock = self
            .clock_file
            .map_or_else(|| Ok(Clock::system()), Clock::file)?;
        let log = RequestLog::new(self.settings.kept_requests);
        let from_memory = self.from_memory.then(FromMemory::new);
        let issuer = Issuer::new(self.settings, self.accounts);
        let shared = Shared::new(clock, issuer, log, from_memory);
        let tls = Tls::new(self.certificate).map_err(io::Error::other)?;
        Simulator::serve(self.http, self.https, tls, shared)
    }
}
