//! The proxy for a host, from the environment: `HTTPS_PROXY`, else `ALL_PROXY`, each also
//! in lower case, and `NO_PROXY` for hosts without a proxy. An empty variable counts as
//! unset.
//!
//! If a variable names an unusable proxy, every request through it fails: no request
//! bypasses a proxy that was set. `HTTP_PROXY` is not read, since every request is HTTPS.
//! `REQUEST_METHOD` does not switch proxies off, since a client of a CGI program can set
//! `HTTP_PROXY` only.

use std::env;
use std::ffi::OsString;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::no_proxy::NoProxy;

/// The variables that name a proxy. The first one that is set counts.
const PROXY: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// The variables that name the exceptions.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxies of this process.
#[derive(Default)]
pub(crate) struct Proxies {
    proxy: Option<Result<Proxy, UnusableProxy>>,
    except: NoProxy,
}

/// This variable is set and names no usable proxy. Its value is not shown, since it may hold
/// a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} names no proxy that can be used")]
pub(crate) struct UnusableProxy(&'static str);

impl Proxies {
    /// The proxies of the environment.
    pub(crate) fn from_env() -> Self {
        Self::read(|name| env::var_os(name))
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let first = |names: &[&'static str]| {
            let value = |name| Some((name, variable(name).filter(|value| !value.is_empty())?));
            names.iter().copied().find_map(value)
        };
        let proxy = first(&PROXY).map(|(name, url)| {
            let proxy = url.to_str().and_then(|url| Proxy::parse(name, url));
            proxy.ok_or(UnusableProxy(name))
        });
        let except = first(&NO_PROXY).map(|(_, hosts)| NoProxy::parse(&hosts.to_string_lossy()));
        Self {
            proxy,
            except: except.unwrap_or_default(),
        }
    }

    /// The proxy for a host, if there is one.
    pub(super) fn leading_to(&self, host: &str) -> Result<Option<Proxy>, UnusableProxy> {
        match &self.proxy {
            Some(proxy) if !self.except.covers(host) => proxy.clone().map(Some),
            _ => Ok(None),
        }
    }

    /// Whether a variable names a proxy.
    pub(crate) fn are_set(&self) -> bool {
        self.proxy.is_some()
    }

    /// The entries of `NO_PROXY` that are not understood; none without a proxy.
    pub(crate) fn unknown_exceptions(&self) -> &[String] {
        match self.proxy {
            Some(_) => self.except.unknown(),
            None => &[],
        }
    }
}

#[cfg(test)]
impl Proxies {
    /// This proxy for every host.
    pub(crate) fn all(url: &str) -> Self {
        let url = OsString::from(url);
        Self::read(|name| (name == "ALL_PROXY").then(|| url.clone()))
    }
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS5: RFC 1928.
    Socks5,
}

/// The operator's proxy.
#[derive(Clone)]
pub(crate) struct Proxy {
    variable: &'static str,
    protocol: Protocol,
    url: Intercept,
}

/// The longest user name or password for SOCKS5, in bytes: RFC 1929, section 2.
const LONGEST_CREDENTIAL: usize = 255;

impl Proxy {
    fn parse(variable: &'static str, url: &str) -> Option<Self> {
        let url = intercept(url)?;
        let protocol = match url.uri().scheme_str()? {
            "http" => Protocol::Http,
            "https" => Protocol::Https,
            "socks5" | "socks5h" => Protocol::Socks5,
            _ => return None,
        };
        let proxy = Self {
            variable,
            protocol,
            url,
        };
        proxy.is_usable().then_some(proxy)
    }

    fn is_usable(&self) -> bool {
        let authority = self.url.uri().authority().map_or("", |it| it.as_str());
        let host = self.url.uri().host().unwrap_or_default();
        let port = authority.strip_prefix(host).unwrap_or_default();
        let fits =
            |(user, password): (&str, &str)| user.len().max(password.len()) <= LONGEST_CREDENTIAL;
        !self.host().is_empty()
            // In a password with an unescaped `@`, a part would count as the host.
            && !authority.contains('@')
            && (matches!(port, "" | ":") || self.url.uri().port_u16().is_some())
            && self.credentials().is_none_or(fits)
    }

    /// The variable that names this proxy.
    pub(crate) fn variable(&self) -> &'static str {
        self.variable
    }

    /// The URL, without user name and password.
    pub(crate) fn url(&self) -> String {
        self.url.uri().to_string()
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The name or the address; an IPv6 address has no brackets.
    pub(super) fn host(&self) -> &str {
        let host = self.url.uri().host().unwrap_or_default();
        let inside = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        inside.unwrap_or(host)
    }

    pub(super) fn port(&self) -> u16 {
        let usual = match self.protocol {
            Protocol::Http => 80,
            Protocol::Https => 443,
            Protocol::Socks5 => 1080,
        };
        self.url.uri().port_u16().unwrap_or(usual)
    }

    /// `Proxy-Authorization` for a proxy that speaks HTTP.
    pub(super) fn basic_auth(&self) -> Option<&HeaderValue> {
        self.url.basic_auth()
    }

    /// User name and password for SOCKS5.
    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        self.url.raw_auth()
    }
}

/// Parses the URL of a proxy. The scheme is optional and case-insensitive. Desktop settings
/// use `socks` for SOCKS5.
fn intercept(url: &str) -> Option<Intercept> {
    let url = match url.split_once("://") {
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "socks" => format!("socks5://{rest}"),
            scheme => format!("{scheme}://{rest}"),
        },
        None => url.to_owned(),
    };
    let anywhere = Uri::from_static("https://chatgpt.com/");
    Matcher::builder().https(url).build().intercept(&anywhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Result<Option<String>, UnusableProxy> {
        let proxies = Proxies::read(|wanted| {
            let (_, value) = environment.iter().find(|(name, _)| *name == wanted)?;
            Some(value.into())
        });
        let proxy = proxies.leading_to("auth.openai.com")?;
        Ok(proxy.map(|proxy| proxy.url()))
    }

    #[test]
    fn the_first_variable_that_is_not_empty_counts() {
        let (one, two) = ("http://one:1/", "http://two:2/");
        for (environment, proxy) in [
            (&[][..], None),
            (&[("HTTPS_PROXY", one), ("ALL_PROXY", two)], Some(one)),
            (&[("https_proxy", one), ("all_proxy", two)], Some(one)),
            (&[("HTTPS_PROXY", ""), ("https_proxy", two)], Some(two)),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "")], None),
            (&[("HTTP_PROXY", one)], None),
        ] {
            assert_eq!(read(environment).unwrap().as_deref(), proxy);
        }
    }

    #[test]
    fn hosts_can_be_excepted() {
        for except in ["auth.openai.com", "openai.com", "*"] {
            let environment = [("ALL_PROXY", "http://one:1"), ("no_proxy", except)];
            assert_eq!(read(&environment), Ok(None), "{except}");
        }
    }

    #[test]
    fn a_scheme_may_be_left_out_and_a_password_is_not_shown() {
        assert_eq!(
            read(&[("HTTPS_PROXY", "proxy.corp:3128")]),
            Ok(Some("http://proxy.corp:3128/".into()))
        );
        assert_eq!(
            read(&[("HTTPS_PROXY", "https://user:CANARY@proxy.corp:3128")]),
            Ok(Some("https://proxy.corp:3128/".into()))
        );
    }

    #[test]
    fn one_that_cannot_be_used_is_refused_by_the_name_of_its_variable() {
        for url in [
            "quic://user:CANARY@proxy.corp:3128",
            "socks4://proxy.corp:1080",
            "socks4a://proxy.corp:1080",
            "socks5://",
            "http://",
            "http://proxy.corp:CANARY",
            "http://user:CAN@ARY@proxy.corp:3128",
            "http://user:CAN ARY@proxy.corp:3128",
            "/proxy",
            ":3128",
            "http://proxy.corp:99999",
            &format!("socks5://{}:x@proxy.corp", "u".repeat(256)),
            &format!("socks5://u:{}@proxy.corp", "x".repeat(256)),
        ] {
            let refused = read(&[("https_proxy", url), ("ALL_PROXY", "http://one:1")]);
            assert_eq!(refused, Err(UnusableProxy("https_proxy")), "{url}");
        }
        // An unusable variable is ignored if an earlier one is set.
        read(&[("HTTPS_PROXY", "http://one:1"), ("ALL_PROXY", "quic://x")]).unwrap();
    }

    #[test]
    fn a_proxy_that_cannot_be_used_leads_to_no_host_that_is_excepted() {
        let environment = [("ALL_PROXY", "quic://x"), ("NO_PROXY", "openai.com")];
        assert_eq!(read(&environment), Ok(None));
    }

    /// Faults: F15
    #[test]
    fn an_exception_that_means_nothing_is_known_where_there_is_a_proxy() {
        let proxies = |proxy: &str| {
            let variable = |name: &str| match name {
                "ALL_PROXY" => Some(OsString::from(proxy)),
                "NO_PROXY" => Some(OsString::from("<local>,openai.com")),
                _ => None,
            };
            Proxies::read(variable)
        };
        assert_eq!(proxies("http://one:1").unknown_exceptions(), ["<local>"]);
        assert!(proxies("").unknown_exceptions().is_empty());
    }

    #[test]
    fn a_socks_proxy_is_written_in_several_ways() {
        for (url, host, port) in [
            ("socks5://proxy.corp:1081", "proxy.corp", 1081),
            ("socks5h://proxy.corp", "proxy.corp", 1080),
            ("SOCKS5://proxy.corp", "proxy.corp", 1080),
            ("socks://127.0.0.1:7891/", "127.0.0.1", 7891),
            ("socks5h://[::1]:9050", "::1", 9050),
        ] {
            let proxy = Proxy::parse("ALL_PROXY", url).unwrap();
            assert_eq!((proxy.host(), proxy.port()), (host, port), "{url}");
            assert_eq!(proxy.protocol(), Protocol::Socks5);
            assert_eq!(proxy.credentials(), None);
        }
    }

    #[test]
    fn the_usual_port_is_that_of_the_scheme() {
        for (url, port) in [
            ("http://proxy.corp", 80),
            ("http://proxy.corp:", 80),
            ("HTTPS://proxy.corp/", 443),
            ("proxy.corp", 80),
        ] {
            assert_eq!(
                Proxy::parse("ALL_PROXY", url).unwrap().port(),
                port,
                "{url}"
            );
        }
    }

    #[test]
    fn user_name_and_password_are_decoded() {
        let socks = Proxy::parse("ALL_PROXY", "socks5h://ada:p%40ss%3A@proxy.corp").unwrap();
        assert_eq!(socks.credentials(), Some(("ada", "p@ss:")));
        assert_eq!(socks.url(), "socks5h://proxy.corp/");
        let http = Proxy::parse("ALL_PROXY", "http://ada:p%40ss@proxy.corp").unwrap();
        // "ada:p@ss"
        assert_eq!(http.basic_auth().unwrap(), "Basic YWRhOnBAc3M=");
    }

    #[test]
    fn what_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let no_text = OsString::from_vec(vec![0xff]);
        let proxies = Proxies::read(|name| (name == "HTTPS_PROXY").then(|| no_text.clone()));
        let refused = proxies.leading_to("chatgpt.com").err();
        assert_eq!(refused, Some(UnusableProxy("HTTPS_PROXY")));
    }
}
