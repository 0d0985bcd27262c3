//! What an operator chooses.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::connect::PublicUrl;
use crate::listen::Listen;

/// What an operator chooses. The default serves this machine alone.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where callers connect.
    pub listen: Listen,
    /// Where administrators connect.
    pub admin_listen: Listen,
    /// With these files both listeners speak TLS, unless they are Unix sockets.
    pub tls: Option<TlsFiles>,
    /// The proxies that speak TLS in front of the public listener, and that say in
    /// `x-forwarded-for` for whom they connect. With any of them, each peer of a Unix socket is
    /// such a proxy.
    pub behind_proxy: Vec<IpNet>,
    /// The names that callers use for this server, beside those of loopback.
    pub hosts: Vec<String>,
    /// Where people's browsers find this server. With it, the server has the connect page, and
    /// its host is one of `hosts`.
    pub public_url: Option<PublicUrl>,
    /// What one key may do.
    pub key_limits: KeyLimits,
    /// Whether the server keeps logins fresh that no call uses at the moment.
    pub refresher: bool,
    /// How long things may take.
    pub times: Times,
}

impl Default for Options {
    fn default() -> Self {
        let loopback = |port| Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Self {
            listen: loopback(8787),
            admin_listen: loopback(8788),
            tls: None,
            behind_proxy: Vec::new(),
            hosts: Vec::new(),
            public_url: None,
            key_limits: KeyLimits::default(),
            refresher: true,
            times: Times::default(),
        }
    }
}

/// The files of the server's certificate, in PEM. They are read again at
/// [`Handle::reload`](crate::Handle::reload).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those between it and the root.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What one key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLimits {
    /// Calls a second, of `/v1`, `/api/v1/me` and `/mcp` together.
    pub rate: NonZero<u32>,
    /// Model calls and waiting polls at a time.
    pub streams: NonZero<u32>,
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self {
            rate: NonZero::new(10).unwrap_or(NonZero::<u32>::MIN),
            streams: NonZero::new(8).unwrap_or(NonZero::<u32>::MIN),
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The head of a request, from its first byte, and the handshake of TLS.
    pub head: Duration,
    /// The body of a request to the management API. The gateway has its own limit.
    pub body: Duration,
    /// A connection without a request.
    pub idle: Duration,
    /// A caller that takes nothing of its answer.
    pub stalled: Duration,
    /// Between the order to drain and the end of the listeners: load balancers notice.
    pub unready: Duration,
    /// The answers that run when the listeners end.
    pub answers: Duration,
    /// Between two looks at the logins that are due.
    pub refresher: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(60),
            // Longer than the 60 seconds for which nginx keeps a connection to a server: the
            // side that sends the next request must be the side that closes first.
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(120),
            unready: Duration::from_secs(5),
            answers: Duration::from_secs(300),
            refresher: Duration::from_secs(30),
        }
    }
}
