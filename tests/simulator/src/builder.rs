//! How a simulator is set up.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::account::Account;
use crate::clock::Clock;
use crate::issuer::Issuer;
use crate::settings::{RevocationScope, Rotation, Settings};
use crate::shared::Shared;
use crate::simulator::Simulator;
use crate::tls::{Certificate, Tls};

/// Settings of a [`Simulator`]; made by [`Simulator::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    settings: Settings,
    accounts: Vec<Account>,
    certificate: Certificate,
    clock_file: Option<PathBuf>,
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
            http: any_port,
            https: any_port,
        }
    }
}

impl Builder {
    /// Adds an account; the first one added takes the place of the default account. Codes are approved as the first
    /// unless another is named.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// The client id that is accepted; [`CLIENT_ID`](crate::CLIENT_ID) by default.
    pub fn client_id(mut self, client_id: &str) -> Self {
        self.settings.client_id = client_id.to_owned();
        self
    }

    /// Seconds a client is told to wait between polls; 5 by default. Sooner polls are answered all the same: see
    /// [`RecordedRequest::after_ms`](crate::RecordedRequest::after_ms) to catch them.
    pub fn interval(mut self, seconds: u64) -> Self {
        self.settings.interval = seconds;
        self
    }

    /// How long a device code can be decided and polled for; 15 minutes by default.
    pub fn code_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.code_lifetime = lifetime;
        self
    }

    /// Approves every code so long after it was issued, without anybody's doing.
    pub fn auto_approve(mut self, after: Duration) -> Self {
        self.settings.auto_approve = Some(after);
        self
    }

    /// How long access tokens last; 10 days by default.
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.access_token_lifetime = lifetime;
        self
    }

    /// How long a refresh token can be used; for ever by default, the live service's limit is not known.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.refresh_token_lifetime = Some(lifetime);
        self
    }

    /// What happens to a refresh token that is presented; [`Rotation::Strict`] by default.
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.settings.rotation = rotation;
        self
    }

    /// What a revocation ends; [`RevocationScope::Family`] by default.
    pub fn revocation_scope(mut self, scope: RevocationScope) -> Self {
        self.settings.revocation_scope = scope;
        self
    }

    /// The certificate of the HTTPS listener; [`Certificate::Valid`] by default.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Takes the time from a file that holds Unix seconds as text, which a driver rewrites.
    pub fn clock_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.clock_file = Some(path.into());
        self
    }

    /// Where HTTP is served; any free port of 127.0.0.1 by default.
    pub fn http(mut self, address: SocketAddr) -> Self {
        self.http = address;
        self
    }

    /// Where HTTPS is served; any free port of 127.0.0.1 by default.
    pub fn https(mut self, address: SocketAddr) -> Self {
        self.https = address;
        self
    }

    /// Starts the server on a thread of its own.
    ///
    /// # Errors
    /// An address that is not loopback, a port in use, a clock file without a number.
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
        let shared = Shared::new(clock, Issuer::new(self.settings, self.accounts));
        let tls = Tls::new(self.certificate).map_err(io::Error::other)?;
        Simulator::serve(self.http, self.https, tls, shared)
    }
}
