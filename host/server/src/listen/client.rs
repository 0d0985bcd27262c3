//! Who is at the other end of a connection, also behind a proxy.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Ip(IpAddr),
    /// A process of this machine, by a Unix socket.
    Local,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) Client);

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Who sent a request: the peer, unless the peer is a proxy and says who. Each proxy adds
    /// the address that it saw on the right, so what is left of the last address that is no
    /// proxy comes from the client.
    pub(crate) fn client(&self, Peer(peer): Peer, headers: &HeaderMap) -> Client {
        let mut nearest = peer;
        for address in forwarded_for(headers) {
            if !self.has(nearest) {
                break;
            }
            let Some(address) = address else { break };
            nearest = Client::Ip(address);
        }
        nearest
    }

    /// Whether the peer may send keys without TLS: this machine or a proxy.
    pub(crate) fn admit(&self, Peer(peer): Peer) -> bool {
        match peer {
            Client::Local => true,
            Client::Ip(address) => address.to_canonical().is_loopback() || self.has(peer),
        }
    }

    /// Whether the client is a proxy. On a Unix socket every peer is, once any proxy is named.
    fn has(&self, client: Client) -> bool {
        let Client::Ip(address) = client else {
            return !self.0.is_empty();
        };
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The addresses of `x-forwarded-for`, the nearest first; none for what is no address.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let values = headers.get_all("x-forwarded-for");
    let values: Vec<_> = values.iter().collect();
    let texts = values.into_iter().rev().flat_map(|value| {
        let text = value.to_str().unwrap_or("?");
        text.rsplit(',')
    });
    texts.map(|text| text.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let headers = forwarded.iter().map(|value| {
            let name = http::HeaderName::from_static("x-forwarded-for");
            (name, http::HeaderValue::from_static(value))
        });
        let peer = peer.parse().map_or(Client::Local, Client::Ip);
        match proxies.client(Peer(peer), &headers.collect()) {
            Client::Ip(address) => address.to_string(),
            Client::Local => "local".to_owned(),
        }
    }

    /// Faults: G23
    #[test]
    fn only_a_listed_proxy_says_for_whom_it_connects() {
        assert_eq!(client("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    /// Faults: G23
    #[test]
    fn a_proxy_connects_by_a_unix_socket_too() {
        assert_eq!(client("local", &["203.0.113.9"]), "203.0.113.9");
        let chain = ["198.51.100.7, 203.0.113.9, 10.0.0.2"];
        assert_eq!(client("local", &chain), "203.0.113.9");
        assert_eq!(client("local", &[]), "local");
        let headers = [(
            http::HeaderName::from_static("x-forwarded-for"),
            http::HeaderValue::from_static("203.0.113.9"),
        )];
        let alone = Proxies::default().client(Peer(Client::Local), &headers.into_iter().collect());
        assert_eq!(alone, Client::Local);
    }

    /// Faults: G21
    #[test]
    fn without_tls_this_machine_and_proxies_connect() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let admits = |address: &str| proxies.admit(Peer(Client::Ip(address.parse().unwrap())));
        assert!(admits("10.0.0.1") && admits("127.0.0.1") && admits("::1"));
        assert!(admits("::ffff:10.0.0.1"));
        assert!(!admits("192.0.2.1") && !admits("2001:db8::1"));
        assert!(proxies.admit(Peer(Client::Local)));
    }

    /// Faults: G23
    #[test]
    fn what_a_client_puts_left_of_its_address_counts_for_nothing() {
        let spoofed = "198.51.100.7, 203.0.113.9, 10.0.0.2";
        assert_eq!(client("10.0.0.1", &[spoofed]), "203.0.113.9");
        let lines = ["198.51.100.7", "203.0.113.9", "10.0.0.2"];
        assert_eq!(client("10.0.0.1", &lines), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, x"]), "10.0.0.1");
    }
}
