//! Why there is no connection. In all these cases no byte of a request was sent.

use std::io;

use super::proxy::UnusableProxy;
use super::tls::TlsError;
use crate::egress::resolve::Unresolved;

/// Why there is no connection to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("not an address that this host connects to")]
    Denied,
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    #[error("the connection was refused")]
    Refused,
    #[error("connecting took too long")]
    TimedOut,
    #[error("no connection could be made")]
    Unavailable,
    #[error("the certificate is not trusted")]
    Certificate,
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

impl ConnectError {
    /// Whether the host has only addresses that may not be connected to.
    pub(crate) fn is_prohibited(self) -> bool {
        self == Self::Unresolved(Unresolved::NotPublic)
    }
}

/// Why there is no connection through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error(transparent)]
    Unusable(#[from] UnusableProxy),
    #[error("the proxy's own name cannot be resolved")]
    NameUnknown,
    #[error("the proxy refused the connection")]
    Refused,
    #[error("the proxy cannot be reached, or does not speak its protocol")]
    Unreachable,
    #[error("the proxy asks for a user name and a password, or did not accept those given")]
    Authentication,
    #[error("the proxy does not allow the connection")]
    Denied,
    #[error("the proxy's certificate is not trusted")]
    Certificate,
}

impl ProxyError {
    /// The text of `internal-error` for the guest. The component knows these words.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unusable(_) => "proxy-unusable",
            Self::NameUnknown => "proxy-name-unknown",
            Self::Refused => "proxy-refused",
            Self::Unreachable => "proxy-unreachable",
            Self::Authentication => "proxy-authentication",
            Self::Denied => "proxy-denied",
            Self::Certificate => "proxy-certificate",
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Unavailable,
        }
    }
}

impl From<io::Error> for ProxyError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            _ => Self::Unreachable,
        }
    }
}

impl From<TlsError> for ConnectError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Certificate => Self::Certificate,
            TlsError::Io(error) => error.into(),
        }
    }
}

impl From<TlsError> for ProxyError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Certificate => Self::Certificate,
            TlsError::Io(_) => Self::Unreachable,
        }
    }
}
