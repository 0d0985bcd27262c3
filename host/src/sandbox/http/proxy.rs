//! Which proxy leads to a host, as the environment says: `HTTPS_PROXY`, else
//! `ALL_PROXY`, each in lower case too, and `NO_PROXY` for hosts without one. An
//! empty variable is an unset one.
//!
//! A proxy that is asked for is used, or nothing is sent: one that cannot be used
//! is an error before anything else. `HTTP_PROXY` is not read, since every request
//! is HTTPS; nor does `REQUEST_METHOD` switch proxies off, as it does elsewhere,
//! because only `HTTP_PROXY` can be set by whoever calls a CGI program.

use std::env;
use std::ffi::OsString;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Proxy;

/// The proxies of this process.
pub(crate) struct Proxies(Matcher);

/// This variable is set and names no proxy that can be used. Its value is not
/// told: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} names no proxy that can be used")]
pub(crate) struct UnusableProxy(&'static str);

impl Proxies {
    /// No proxy to any host.
    pub(crate) fn none() -> Self {
        Self(Matcher::builder().build())
    }

    /// What the environment says.
    pub(crate) fn from_env() -> Result<Self, UnusableProxy> {
        Self::read(|name| env::var_os(name))
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, UnusableProxy> {
        let value = |name: &'static str| {
            let set = variable(name).filter(|value| !value.is_empty())?;
            Some((name, set.into_string()))
        };
        let first = |names: &[&'static str]| names.iter().copied().find_map(value);
        let mut proxies = Matcher::builder();
        if let Some((name, url)) = first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
        {
            let url = url.ok().filter(|url| is_usable(url));
            proxies = proxies.https(url.ok_or(UnusableProxy(name))?);
        }
        if let Some((name, hosts)) = first(&["NO_PROXY", "no_proxy"]) {
            proxies = proxies.no(hosts.map_err(|_| UnusableProxy(name))?);
        }
        Ok(Self(proxies.build()))
    }

    /// The proxy that leads to a host, if one does.
    pub(super) fn leading_to(&self, host: &str) -> Option<Intercept> {
        let uri = Uri::builder().scheme("https").authority(host);
        self.0.intercept(&uri.path_and_query("/").build().ok()?)
    }
}

#[cfg(test)]
impl Proxies {
    /// This proxy to every host.
    pub(super) fn all(url: &str) -> Self {
        let url = OsString::from(url);
        Self::read(|name| (name == "ALL_PROXY").then(|| url.clone())).unwrap()
    }
}

fn is_usable(url: &str) -> bool {
    let anywhere = Uri::from_static("https://chatgpt.com/");
    let proxy = Matcher::builder().https(url).build().intercept(&anywhere);
    proxy.is_some_and(|proxy| {
        let authority = proxy.uri().authority();
        matches!(proxy.uri().scheme_str(), Some("http" | "https"))
            // A password with an unescaped `@`: a part of it would count as the host's.
            && authority.is_some_and(|authority| !authority.as_str().contains('@'))
            && through(&proxy).is_ok()
    })
}

/// The proxy in the shape in which the HTTP client wants it.
pub(super) fn through(proxy: &Intercept) -> reqwest::Result<Proxy> {
    let through = Proxy::all(proxy.uri().to_string())?;
    Ok(match proxy.basic_auth() {
        Some(header) => through.custom_http_auth(header.clone()),
        None => through,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Result<Option<String>, UnusableProxy> {
        let proxies = Proxies::read(|wanted| {
            let (_, value) = environment.iter().find(|(name, _)| *name == wanted)?;
            Some(value.into())
        })?;
        let proxy = proxies.leading_to("auth.openai.com");
        Ok(proxy.map(|proxy| proxy.uri().to_string()))
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
            "socks5://proxy.corp:1080",
            "http://",
            "http://proxy.corp:CANARY",
            "http://user:CAN@ARY@proxy.corp:3128",
            "http://user:CAN ARY@proxy.corp:3128",
            "/proxy",
            ":3128",
        ] {
            let refused = read(&[("https_proxy", url), ("ALL_PROXY", "http://one:1")]);
            assert_eq!(refused, Err(UnusableProxy("https_proxy")), "{url}");
        }
        // It is not the one that counts.
        read(&[("HTTPS_PROXY", "http://one:1"), ("ALL_PROXY", "socks5://x")]).unwrap();
    }

    #[test]
    fn what_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        for wanted in ["HTTPS_PROXY", "NO_PROXY"] {
            let no_text = OsString::from_vec(vec![0xff]);
            let proxies = Proxies::read(|name| (name == wanted).then(|| no_text.clone()));
            assert_eq!(proxies.err(), Some(UnusableProxy(wanted)));
        }
    }
}
