//! Which listeners are refused: a key must not cross a network in the clear.

use chatgpt_oauth::{Error, ErrorCode};

use super::Listen;
use crate::options::Options;

/// Refuses options that would send keys in the clear.
pub(crate) fn check(options: &Options) -> Result<(), Error> {
    check_public_url(options)?;
    if options.tls.is_some() {
        return Ok(());
    }
    if options.admin_listen.is_reachable() {
        return Err(refused(
            format!(
                "{} can be reached by other machines, and has no TLS",
                options.admin_listen
            ),
            "give --tls-cert and --tls-key, or a loopback address or a Unix socket for --admin-listen",
        ));
    }
    if options.listen.is_reachable() && options.behind_proxy.is_empty() {
        return Err(refused(
            format!(
                "{} can be reached by other machines, and has no TLS",
                options.listen
            ),
            "give --tls-cert and --tls-key; or --behind-proxy with the addresses of the proxy that has TLS; or listen on a loopback address or a Unix socket",
        ));
    }
    Ok(())
}

/// Refuses a public URL that is not that of the public listener, or of a proxy in front of it.
fn check_public_url(options: &Options) -> Result<(), Error> {
    let Some(url) = &options.public_url else {
        return Ok(());
    };
    let has_tls = options.tls.is_some();
    let has_proxy = !options.behind_proxy.is_empty() || matches!(options.listen, Listen::Unix(_));
    if url.is_https() && !has_tls && !has_proxy {
        return Err(refused(
            format!("browsers cannot find {url}: the public listener has no TLS"),
            "give --tls-cert and --tls-key; or --behind-proxy with the addresses of the proxy that has TLS; or http:// with a loopback address",
        ));
    }
    if !url.is_https() && (has_tls || has_proxy) {
        return Err(refused(
            format!(
                "browsers cannot find {url}: the public listener, or the proxy before it, has TLS"
            ),
            "give https:// in --public-url; by http:// the page is for this machine alone, without a proxy",
        ));
    }
    Ok(())
}

fn refused(message: String, hint: &str) -> Error {
    Error::permanent(ErrorCode::InvalidArgument, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::TlsFiles;

    fn options(listen: &str, admin: &str) -> Options {
        Options {
            listen: listen.parse().unwrap(),
            admin_listen: admin.parse().unwrap(),
            ..Options::default()
        }
    }

    /// Faults: G21
    #[test]
    fn a_listener_for_other_machines_has_tls_or_is_behind_a_proxy() {
        let proxied = |options| Options {
            behind_proxy: vec!["192.0.2.0/24".parse().unwrap()],
            ..options
        };
        let with_tls = |options| Options {
            tls: Some(TlsFiles {
                certificates: "c".into(),
                key: "k".into(),
            }),
            ..options
        };
        let (here, everywhere) = ("127.0.0.1:1", "0.0.0.0:1");
        check(&options(here, here)).unwrap();
        check(&options("unix:/a", "unix:/b")).unwrap();
        check(&with_tls(options(everywhere, everywhere))).unwrap();
        check(&proxied(options(everywhere, here))).unwrap();
        for refused in [
            options(everywhere, here),
            options(here, everywhere),
            proxied(options(everywhere, everywhere)),
        ] {
            let error = check(&refused).unwrap_err();
            assert!(error.hint.contains("--tls-cert"), "{error:?}");
        }
    }

    #[test]
    fn a_public_url_has_the_tls_of_the_listener_or_of_a_proxy() {
        let of = |url: &str| Options {
            public_url: Some(url.parse().unwrap()),
            ..options("127.0.0.1:1", "127.0.0.1:2")
        };
        let with_tls = |options| Options {
            tls: Some(TlsFiles {
                certificates: "c".into(),
                key: "k".into(),
            }),
            ..options
        };
        let (secure, plain) = ("https://login.example.org", "http://localhost:1");
        check(&of(plain)).unwrap();
        check(&with_tls(of(secure))).unwrap();
        let proxied = |options| Options {
            behind_proxy: vec!["127.0.0.1/32".parse().unwrap()],
            ..options
        };
        let by_socket = |options| Options {
            listen: "unix:/a".parse().unwrap(),
            ..options
        };
        check(&proxied(of(secure))).unwrap();
        check(&by_socket(of(secure))).unwrap();
        for refused in [
            of(secure),
            with_tls(of(plain)),
            proxied(of(plain)),
            by_socket(of(plain)),
        ] {
            let error = check(&refused).unwrap_err();
            assert!(error.message.contains("browsers"), "{error:?}");
        }
    }
}
