//! From a host's name to the addresses that a connection may be made to.
//!
//! The connection goes to an address that was looked at here; TLS then proves
//! that the name's owner answers there.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;

use super::address::is_public;

/// How long a name may take to resolve: most of the time that a connection has.
const RESOLVE: Duration = Duration::from_secs(4);
/// The port of every request.
const HTTPS: u16 = 443;

/// Resolves host names, for a host that does not want the operating system's
/// resolver. What it returns is still held against [`is_public`].
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of a host; none when it has none.
    ///
    /// # Errors
    ///
    /// When the name could not be resolved now.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((host, HTTPS)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// Sends what is meant for one host and port to another address, for tests
/// against a simulator: `HOST:PORT:ADDRESS:PORT`, as curl writes it, an IPv6
/// address in brackets. The address is an IP address and need not be public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    host: String,
    port: u16,
    address: SocketAddr,
}

/// That is not `HOST:PORT:ADDRESS:PORT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("connect-to is HOST:PORT:ADDRESS:PORT, where ADDRESS is an IP address")]
pub struct ConnectToError;

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, ConnectToError> {
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().ok_or(ConnectToError);
        let (host, port, address) = (next()?, next()?, next()?);
        if host.is_empty() {
            return Err(ConnectToError);
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| ConnectToError)?,
            address: address.parse().map_err(|_| ConnectToError)?,
        })
    }
}

impl ConnectTo {
    /// Whether this is about requests to that host.
    pub(super) fn covers(&self, host: &str) -> bool {
        self.host == host && self.port == HTTPS
    }
}

/// Resolves for the HTTP client and lets nothing through but what may be used.
pub(super) struct Checked {
    pub(super) resolver: Arc<dyn Resolver>,
    /// Where to connect instead, whatever the address is.
    pub(super) connect_to: Vec<ConnectTo>,
    /// The proxy's name, in any case: it may be anywhere, it is the operator's.
    pub(super) proxy: Option<String>,
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name could not be resolved")]
    Failed,
    #[error("the name could not be resolved in time")]
    TimedOut,
    #[error("the name has no address")]
    NoAddress,
    #[error("the name has no public address")]
    NotPublic,
}

impl Checked {
    async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, Unresolved> {
        if let Some(instead) = self.connect_to.iter().find(|to| to.covers(host)) {
            return Ok(vec![instead.address]);
        }
        let resolved = timeout(RESOLVE, self.resolver.resolve(host)).await;
        let resolved = resolved.map_err(|_| Unresolved::TimedOut)?;
        let mut addresses = resolved.map_err(|_| Unresolved::Failed)?;
        if addresses.is_empty() {
            return Err(Unresolved::NoAddress);
        }
        if !self.is_proxy(host) {
            addresses.retain(|&address| is_public(address));
        }
        if addresses.is_empty() {
            tracing::warn!(host, "the host has no public address, nothing is sent");
            return Err(Unresolved::NotPublic);
        }
        // The client puts the port of the URL in place of this one.
        Ok(addresses
            .into_iter()
            .map(|address| (address, 0).into())
            .collect())
    }

    fn is_proxy(&self, host: &str) -> bool {
        let proxy = self.proxy.as_ref();
        proxy.is_some_and(|proxy| proxy.eq_ignore_ascii_case(host))
    }
}

/// The shape in which the HTTP client wants it.
#[derive(Clone)]
pub(super) struct CheckedResolver(pub(super) Arc<Checked>);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let checked = self.0.clone();
        Box::pin(async move {
            let addresses = checked.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static [&'static str]);

    #[async_trait]
    impl Resolver for Fixed {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self
                .0
                .iter()
                .map(|address| address.parse().unwrap())
                .collect())
        }
    }

    fn checked(addresses: &'static [&'static str]) -> Checked {
        Checked {
            resolver: Arc::new(Fixed(addresses)),
            connect_to: Vec::new(),
            proxy: None,
        }
    }

    #[tokio::test]
    async fn only_public_addresses_are_connected_to() {
        let mixed = checked(&["10.0.0.1", "1.1.1.1", "::1"]);
        let addresses = mixed.addresses("chatgpt.com").await;
        assert_eq!(addresses, Ok(vec!["1.1.1.1:0".parse().unwrap()]));
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_own_network_is_prohibited() {
        let rebound = checked(&["127.0.0.1", "169.254.169.254", "fd00::1"]);
        assert_eq!(
            rebound.addresses("chatgpt.com").await,
            Err(Unresolved::NotPublic)
        );
        let nowhere = checked(&[]);
        assert_eq!(
            nowhere.addresses("chatgpt.com").await,
            Err(Unresolved::NoAddress)
        );
    }

    #[tokio::test]
    async fn the_operators_proxy_may_be_anywhere_and_nothing_else_may() {
        let mut proxied = checked(&["10.0.0.1"]);
        proxied.proxy = Some("proxy.corp".into());
        assert!(proxied.addresses("proxy.corp").await.is_ok());
        assert_eq!(
            proxied.addresses("chatgpt.com").await,
            Err(Unresolved::NotPublic)
        );
    }

    #[tokio::test]
    async fn connect_to_is_exempt_for_its_host_and_port_alone() {
        let mut test = checked(&["127.0.0.1"]);
        test.connect_to = vec![
            "auth.openai.com:443:127.0.0.1:8443".parse().unwrap(),
            "chatgpt.com:80:127.0.0.1:8080".parse().unwrap(),
        ];
        let login = test.addresses("auth.openai.com").await;
        assert_eq!(login, Ok(vec!["127.0.0.1:8443".parse().unwrap()]));
        assert_eq!(
            test.addresses("chatgpt.com").await,
            Err(Unresolved::NotPublic)
        );
    }

    #[test]
    fn connect_to_is_written_as_curl_writes_it() {
        let to: ConnectTo = "auth.openai.com:443:[::1]:8443".parse().unwrap();
        assert!(to.covers("auth.openai.com"));
        assert_eq!(to.address, "[::1]:8443".parse().unwrap());
        for wrong in [
            "",
            "auth.openai.com",
            "auth.openai.com:443",
            "auth.openai.com:443:localhost:8443",
            "auth.openai.com:443:127.0.0.1",
            "auth.openai.com:https:127.0.0.1:1",
            ":443:127.0.0.1:1",
            "auth.openai.com:443:::1:8443",
        ] {
            assert_eq!(wrong.parse::<ConnectTo>(), Err(ConnectToError), "{wrong}");
        }
    }
}
