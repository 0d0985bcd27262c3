//! Where a listener is.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a listener is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A Unix socket, for its user and its group.
    Unix(PathBuf),
}

impl Listen {
    /// Whether other machines can connect.
    pub(crate) fn is_reachable(&self) -> bool {
        match self {
            Self::Tcp(address) => !address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => false,
        }
    }
}

impl FromStr for Listen {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return match path.is_absolute() {
                true => Ok(Self::Unix(path)),
                false => Err(InvalidListen),
            };
        }
        text.parse().map(Self::Tcp).map_err(|_| InvalidListen)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A text that is no address of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidListen;

impl fmt::Display for InvalidListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a listener is ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH")
    }
}

impl std::error::Error for InvalidListen {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_an_address_or_an_absolute_path() {
        for text in ["127.0.0.1:8787", "[::1]:0", "unix:/run/chatgpt-oauth.sock"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "8787",
            ":8787",
            "localhost:8787",
            "unix:",
            "unix:x",
            "/run/x",
        ] {
            assert_eq!(text.parse::<Listen>(), Err(InvalidListen), "{text}");
        }
    }

    #[test]
    fn every_address_but_loopback_is_reachable() {
        for (text, reachable) in [
            ("127.0.0.1:1", false),
            ("127.8.0.1:1", false),
            ("[::1]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("unix:/x", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("192.168.0.1:1", true),
        ] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!(listen.is_reachable(), reachable, "{text}");
        }
    }
}
