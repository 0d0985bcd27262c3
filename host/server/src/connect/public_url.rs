//! Where people's browsers find this server.

use std::fmt;
use std::str::FromStr;

use chatgpt_oauth::links::LinkSecret;
use http::Uri;

use crate::admission;

/// Where people's browsers find this server: a scheme, a host and perhaps a port. By `http` it
/// is a loopback address, because the cookie of a link crosses no network in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// As browsers write it in the header `origin`.
    origin: String,
    host: String,
    is_https: bool,
}

impl PublicUrl {
    /// The address of a link.
    #[must_use]
    pub fn of_link(&self, link: &LinkSecret) -> String {
        format!("{}{}", self.origin, path_of(link))
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The host, without its port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether this is the URL of a host, without its port. By `http` every name of loopback is.
    pub(crate) fn is_at(&self, host: &str) -> bool {
        match self.is_https {
            true => self.host == host,
            false => admission::is_loopback(host),
        }
    }

    pub(crate) const fn is_https(&self) -> bool {
        self.is_https
    }
}

/// The path of the page of a link.
pub(super) fn path_of(link: &LinkSecret) -> String {
    format!("/connect/{}", link.reveal())
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidPublicUrl)?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().ok_or(InvalidPublicUrl)?;
        let host = authority.host().to_ascii_lowercase();
        let usual_port = match scheme {
            "https" => 443,
            "http" if admission::is_loopback(&host) => 80,
            _ => return Err(InvalidPublicUrl),
        };
        let is_origin = uri.path() == "/" && uri.query().is_none();
        if !is_origin || text.contains(['@', '#']) || host.is_empty() {
            return Err(InvalidPublicUrl);
        }
        let port = authority.port_u16().filter(|port| *port != usual_port);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self {
            origin: format!("{scheme}://{host}{port}"),
            host,
            is_https: scheme == "https",
        })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// A text that is no public URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPublicUrl;

impl fmt::Display for InvalidPublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a public URL is https://HOST or https://HOST:PORT, or http:// with a loopback address",
        )
    }
}

impl std::error::Error for InvalidPublicUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin_as_browsers_write_it() {
        for (text, origin, host) in [
            (
                "https://Login.example.org",
                "https://login.example.org",
                "login.example.org",
            ),
            ("https://a.example:443/", "https://a.example", "a.example"),
            (
                "https://a.example:8443",
                "https://a.example:8443",
                "a.example",
            ),
            (
                "http://localhost:8787",
                "http://localhost:8787",
                "localhost",
            ),
            ("http://127.0.0.1:80", "http://127.0.0.1", "127.0.0.1"),
            ("http://[::1]:8787", "http://[::1]:8787", "[::1]"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.origin(), url.host()), (origin, host), "{text}");
        }
        let is_at = |url: &str, host| url.parse::<PublicUrl>().unwrap().is_at(host);
        assert!(is_at("https://a.example:8443", "a.example"));
        assert!(!is_at("https://a.example", "localhost"));
        assert!(is_at("http://localhost", "127.0.0.1") && is_at("http://localhost", "[::1]"));
        assert!(!is_at("http://localhost", "a.example"));
        for text in [
            "",
            "login.example.org",
            "http://login.example.org",
            "https://a.example/login",
            "https://a.example?x",
            "https://a.example#x",
            "https://ada@a.example",
            "ftp://localhost",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(InvalidPublicUrl), "{text}");
        }
    }
}
