//! Resolves a host's name to the addresses that a connection may be made to.
//!
//! The connection goes to an address that was checked here; TLS then authenticates the
//! host. The addresses of a proxy, and of a host that a test redirects, are not checked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::address::is_public;
use super::address_range::AddressRange;
use super::policy::POLICY;
use crate::threads::in_a_thread;

/// How long a name may take to resolve: most of the time of a connection.
const RESOLVE: Duration = Duration::from_secs(4);
/// The port of every request.
pub(super) const HTTPS: u16 = 443;

/// Resolves host names, in place of the operating system's resolver. The host still checks
/// the returned addresses with [`is_public`].
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of a host; none if it has no address.
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
        let host = host.to_owned();
        let looked_up = in_a_thread("resolve", move || (host.as_str(), HTTPS).to_socket_addrs());
        let addresses = looked_up.await??;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// Sends the requests to one host to another address, for tests against a simulator:
/// `HOST:443:ADDRESS:PORT`, as curl writes it. The address is an IP address, an IPv6
/// address in brackets, or `localhost` for 127.0.0.1. A [public](is_public) address is
/// refused: the real service has such an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// In lower case.
    host: String,
    address: SocketAddr,
}

/// Why a text is not a [`ConnectTo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectToError {
    /// The text has another form.
    #[error("connect-to is HOST:443:ADDRESS:PORT, where ADDRESS is an IP address or localhost")]
    Malformed,
    /// The host is none that a login uses.
    #[error(
        "connect-to leads auth.openai.com or chatgpt.com elsewhere, the hosts of every request"
    )]
    OtherHost,
    /// The port is not 443, the port of every request.
    #[error("connect-to leads HOST:443 elsewhere, since every request is for port 443")]
    OtherPort,
    /// The address is public.
    #[error("connect-to leads to a simulator, which is never on a public address")]
    PublicAddress,
}

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, ConnectToError> {
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().ok_or(ConnectToError::Malformed);
        let (host, port, address) = (next()?, next()?, next()?);
        if host.is_empty() {
            return Err(ConnectToError::Malformed);
        }
        let host = host.to_ascii_lowercase();
        if !POLICY.iter().any(|rule| rule.host == host) {
            return Err(ConnectToError::OtherHost);
        }
        match port.parse() {
            Ok(HTTPS) => {}
            Ok::<u16, _>(_) => return Err(ConnectToError::OtherPort),
            Err(_) => return Err(ConnectToError::Malformed),
        }
        let address = socket_address(address).ok_or(ConnectToError::Malformed)?;
        if is_public(address.ip().to_canonical()) {
            return Err(ConnectToError::PublicAddress);
        }
        Ok(Self { host, address })
    }
}

fn socket_address(text: &str) -> Option<SocketAddr> {
    match text.split_once(':') {
        Some((name, port)) if name.eq_ignore_ascii_case("localhost") => {
            Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into())
        }
        _ => text.parse().ok(),
    }
}

impl ConnectTo {
    /// Whether this redirects the requests to a host.
    pub(super) fn covers(&self, host: &str) -> bool {
        self.host == host
    }
}

/// Resolves names, and returns only the addresses that may be connected to.
pub(super) struct Checked {
    pub(super) resolver: Arc<dyn Resolver>,
    /// Redirected hosts. Their addresses are not checked.
    pub(super) connect_to: Vec<ConnectTo>,
    /// Ranges that may be connected to although they are not public.
    pub(super) allowed: Vec<AddressRange>,
}

/// Why a name has no usable address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unresolved {
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
    /// The addresses at which a host of the policy may be connected to.
    pub(super) async fn of_host(&self, host: &str) -> Result<Vec<SocketAddr>, Unresolved> {
        if let Some(instead) = self.connect_to.iter().find(|to| to.covers(host)) {
            return Ok(vec![instead.address]);
        }
        let mut addresses = self.resolve(host).await?;
        addresses.retain(|&address| self.allows(address));
        if addresses.is_empty() {
            tracing::warn!(host, "the host has no public address, nothing is sent");
            return Err(Unresolved::NotPublic);
        }
        Ok(with_port(addresses, HTTPS))
    }

    /// The addresses of a proxy, by name or address. They are not checked: the operator
    /// chose the proxy.
    pub(super) async fn of_proxy(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Unresolved> {
        let addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.resolve(host).await?,
        };
        Ok(with_port(addresses, port))
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let resolved = timeout(RESOLVE, self.resolver.resolve(host)).await;
        let resolved = resolved.map_err(|_| Unresolved::TimedOut)?;
        let addresses = resolved.map_err(|_| Unresolved::Failed)?;
        match addresses.is_empty() {
            true => Err(Unresolved::NoAddress),
            false => Ok(addresses),
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.iter().any(|range| range.contains(address))
    }
}

fn with_port(addresses: Vec<IpAddr>, port: u16) -> Vec<SocketAddr> {
    let addresses = addresses.into_iter();
    addresses.map(|address| (address, port).into()).collect()
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
            allowed: Vec::new(),
        }
    }

    /// Faults: M05
    #[tokio::test]
    async fn only_public_addresses_are_connected_to() {
        let mixed = checked(&["10.0.0.1", "1.1.1.1", "::1"]);
        let addresses = mixed.of_host("chatgpt.com").await;
        assert_eq!(addresses, Ok(vec!["1.1.1.1:443".parse().unwrap()]));
    }

    /// Faults: N02 M05
    #[tokio::test]
    async fn a_name_that_leads_into_the_local_network_is_prohibited() {
        let rebound = checked(&["127.0.0.1", "169.254.169.254", "fd00::1"]);
        assert_eq!(
            rebound.of_host("chatgpt.com").await,
            Err(Unresolved::NotPublic)
        );
        let nowhere = checked(&[]);
        assert_eq!(
            nowhere.of_host("chatgpt.com").await,
            Err(Unresolved::NoAddress)
        );
    }

    #[tokio::test]
    async fn the_operators_proxy_may_be_anywhere_and_nothing_else_may() {
        let proxied = checked(&["10.0.0.1"]);
        assert_eq!(
            proxied.of_proxy("proxy.corp", 3128).await,
            Ok(vec!["10.0.0.1:3128".parse().unwrap()])
        );
        assert_eq!(
            proxied.of_host("chatgpt.com").await,
            Err(Unresolved::NotPublic)
        );
        let address = proxied.of_proxy("::1", 1080).await;
        assert_eq!(address, Ok(vec!["[::1]:1080".parse().unwrap()]));
    }

    /// Faults: M05
    #[tokio::test]
    async fn what_an_operator_allows_is_connected_to_and_nothing_else() {
        let mut allowing = checked(&["10.0.0.1", "198.18.0.36", "127.0.0.1"]);
        allowing.allowed = vec!["198.18.0.0/15".parse().unwrap()];
        let addresses = allowing.of_host("chatgpt.com").await;
        assert_eq!(addresses, Ok(vec!["198.18.0.36:443".parse().unwrap()]));
        allowing.resolver = Arc::new(Fixed(&["10.0.0.1"]));
        let addresses = allowing.of_host("chatgpt.com").await;
        assert_eq!(addresses, Err(Unresolved::NotPublic));
    }

    #[tokio::test]
    async fn connect_to_is_exempt_for_its_host_alone() {
        let mut test = checked(&["127.0.0.1"]);
        test.connect_to = vec!["auth.openai.com:443:127.0.0.1:8443".parse().unwrap()];
        let login = test.of_host("auth.openai.com").await;
        assert_eq!(login, Ok(vec!["127.0.0.1:8443".parse().unwrap()]));
        assert_eq!(
            test.of_host("chatgpt.com").await,
            Err(Unresolved::NotPublic)
        );
    }

    #[test]
    fn connect_to_is_written_as_curl_writes_it() {
        let to: ConnectTo = "auth.openai.com:443:[::1]:8443".parse().unwrap();
        assert!(to.covers("auth.openai.com"));
        assert_eq!(to.address, "[::1]:8443".parse().unwrap());
        let to: ConnectTo = "Auth.OpenAI.com:443:LocalHost:8443".parse().unwrap();
        assert!(to.covers("auth.openai.com"));
        assert_eq!(to.address, "127.0.0.1:8443".parse().unwrap());
        for wrong in [
            "",
            "auth.openai.com",
            "auth.openai.com:443",
            "auth.openai.com:443:example.org:8443",
            "auth.openai.com:443:localhost",
            "auth.openai.com:443:127.0.0.1",
            "auth.openai.com:https:127.0.0.1:1",
            ":443:127.0.0.1:1",
            "auth.openai.com:443:::1:8443",
        ] {
            let refused = wrong.parse::<ConnectTo>();
            assert_eq!(refused, Err(ConnectToError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn connect_to_another_port_is_refused() {
        let refused = "auth.openai.com:8443:127.0.0.1:8443".parse::<ConnectTo>();
        assert_eq!(refused, Err(ConnectToError::OtherPort));
    }

    #[test]
    fn connect_to_for_a_host_of_no_request_is_refused() {
        for host in ["example.com", "auth.openai.com.", "api.openai.com"] {
            let refused = format!("{host}:443:127.0.0.1:8443").parse::<ConnectTo>();
            assert_eq!(refused, Err(ConnectToError::OtherHost), "{host}");
        }
    }

    #[test]
    fn connect_to_never_leads_to_a_public_address() {
        for public in ["1.1.1.1", "[2606:4700::6812:202f]", "[::ffff:1.1.1.1]"] {
            let refused = format!("auth.openai.com:443:{public}:443").parse::<ConnectTo>();
            assert_eq!(refused, Err(ConnectToError::PublicAddress), "{public}");
        }
        for private in ["10.0.0.1", "192.168.1.1", "[fd00::1]"] {
            let to = format!("auth.openai.com:443:{private}:8443").parse::<ConnectTo>();
            assert!(to.is_ok(), "{private}");
        }
    }
}
