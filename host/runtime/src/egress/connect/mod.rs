//! TLS connections to the host of a URL, for any HTTP client.
//!
//! The connector resolves the host's name and checks its addresses, or connects through the
//! operator's proxy. In both cases TLS authenticates the host. Every step has its own error.
//! Each of these errors comes before the first byte of a request: a returned connection has
//! carried no byte of a request.

mod error;
mod http_proxy;
mod no_proxy;
mod proxy;
mod socks;
mod stream;
mod tcp;
mod tls;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::address_range::AddressRange;
use super::resolve::{Checked, ConnectTo, HTTPS, Resolver};

pub(crate) use error::{ConnectError, ProxyError};
use proxy::Protocol;
pub(crate) use proxy::{Proxies, Proxy, UnusableProxy};
pub use stream::Connection;
use stream::Stream;

/// How long a connection may take, from the name to the end of the TLS handshake.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// How to connect.
pub(crate) struct ConnectorOptions {
    /// Resolves names.
    pub(crate) resolver: Arc<dyn Resolver>,
    /// Redirected hosts. No proxy is used for them.
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Whether only the redirected hosts are connected to, as in tests.
    pub(crate) only_connect_to: bool,
    /// Ranges that are connected to although they are not public.
    pub(crate) allowed: Vec<AddressRange>,
    /// The proxies and their exceptions.
    pub(crate) proxies: Proxies,
    /// Roots that are trusted beside the system's and Mozilla's.
    pub(crate) roots: Vec<CertificateDer<'static>>,
}

impl ConnectorOptions {
    /// Whether this host may be connected to: a host for tests allows no real one.
    pub(crate) fn allows(&self, host: &str) -> bool {
        !self.only_connect_to || self.connects_elsewhere(host)
    }

    fn connects_elsewhere(&self, host: &str) -> bool {
        self.connect_to.iter().any(|to| to.covers(host))
    }

    /// The proxy for a host, if there is one.
    pub(crate) fn proxy(&self, host: &str) -> Result<Option<Proxy>, UnusableProxy> {
        if self.connects_elsewhere(host) {
            return Ok(None);
        }
        self.proxies.leading_to(host)
    }
}

/// Connects to hosts by HTTPS, for any HTTP client.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Parts>);

struct Parts {
    options: Arc<ConnectorOptions>,
    names: Checked,
    tls: TlsConnector,
}

impl Connector {
    /// Reads the root certificates of the machine, several hundred files.
    pub(crate) async fn new(options: Arc<ConnectorOptions>) -> Result<Self, ConnectError> {
        let tls = tls::connector(options.roots.clone()).await?;
        let names = Checked {
            resolver: options.resolver.clone(),
            connect_to: options.connect_to.clone(),
            allowed: options.allowed.clone(),
        };
        Ok(Self(Arc::new(Parts {
            options,
            names,
            tls,
        })))
    }

    /// Connects to the host of a URL, within [`CONNECT`].
    pub(crate) async fn connect(&self, url: &Uri) -> Result<Connection, ConnectError> {
        let host = self.host(url)?;
        let deadline = Instant::now() + CONNECT;
        let proxy = self.0.options.proxy(host).map_err(ProxyError::Unusable)?;
        let stream = match proxy {
            None => self.directly(host, deadline).await?,
            Some(proxy) => self.through(&proxy, host, deadline).await?,
        };
        let handshake = tls::handshake(&self.0.tls, host, stream);
        within(deadline, ConnectError::TimedOut, handshake)
            .await
            .map(Connection::new)
    }

    /// The host of a URL, if it may be connected to: only by HTTPS and on port 443.
    fn host<'a>(&self, url: &'a Uri) -> Result<&'a str, ConnectError> {
        let is_https = url.scheme() == Some(&Scheme::HTTPS);
        let is_its_port = url.port_u16().is_none_or(|port| port == HTTPS);
        let host = url.host().filter(|_| is_https && is_its_port);
        let host = host.filter(|host| self.0.options.allows(host));
        host.ok_or(ConnectError::Denied)
    }

    async fn directly(&self, host: &str, deadline: Instant) -> Result<Stream, ConnectError> {
        let addresses = self.0.names.of_host(host).await?;
        let connecting = tcp::connect(&addresses);
        let stream = within(deadline, ConnectError::TimedOut, connecting).await?;
        Ok(Box::new(stream))
    }

    /// Connects to a host through a proxy, which resolves the host's name.
    async fn through(
        &self,
        proxy: &Proxy,
        host: &str,
        deadline: Instant,
    ) -> Result<Stream, ConnectError> {
        let connecting = self.connect_to_proxy(proxy);
        let mut stream = within(deadline, ProxyError::Unreachable, connecting).await?;
        match proxy.protocol() {
            Protocol::Http | Protocol::Https => {
                let asking = http_proxy::ask_for(&mut stream, host, proxy.basic_auth());
                within(deadline, ConnectError::TimedOut, asking).await?;
            }
            Protocol::Socks5 => {
                let greeting = socks::greet(&mut stream, proxy.credentials());
                within(deadline, ProxyError::Unreachable, greeting).await?;
                let asking = socks::ask_for(&mut stream, host);
                within(deadline, ConnectError::TimedOut, asking).await?;
            }
        }
        Ok(stream)
    }

    /// Connects to the proxy itself. Its address is not checked: the operator chose it.
    async fn connect_to_proxy(&self, proxy: &Proxy) -> Result<Stream, ProxyError> {
        let (host, port) = (proxy.host(), proxy.port());
        let addresses = self.0.names.of_proxy(host, port).await;
        let addresses = addresses.map_err(|_| ProxyError::NameUnknown)?;
        let stream = Box::new(tcp::connect(&addresses).await?) as Stream;
        match proxy.protocol() {
            Protocol::Http | Protocol::Socks5 => Ok(stream),
            Protocol::Https => {
                let secured = tls::handshake(&self.0.tls, host, stream).await?;
                Ok(Box::new(secured))
            }
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&url).await })
    }
}

/// Waits for a step until the deadline of the connection; `late` is the error after it.
async fn within<T>(
    deadline: Instant,
    late: impl Into<ConnectError>,
    step: impl Future<Output = Result<T, impl Into<ConnectError>>>,
) -> Result<T, ConnectError> {
    match timeout_at(deadline, step).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(late.into()),
    }
}
