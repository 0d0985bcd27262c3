//! The HTTP clients, one for each of the two hosts, made when first needed.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Intercept;
use reqwest::Client;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use wasmtime_wasi_http::Error;

use super::proxy::{Proxies, through};
use crate::sandbox::egress::Rule;
use crate::sandbox::resolve::{Checked, CheckedResolver, ConnectTo, Resolver};
use crate::threads::in_a_thread;

/// How long a connection may take, from the name to the end of the TLS handshake.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
/// How many headers of an answer are taken off the wire, so that one with many
/// is still an answer.
const HEADERS: usize = 1000;
/// How many idle connections are kept to a host that allows it.
const IDLE: usize = 4;

/// How to connect.
pub(crate) struct TransportOptions {
    /// Who resolves names.
    pub(crate) resolver: Arc<dyn Resolver>,
    /// Where to connect instead, without a proxy.
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Whether no other host is reached, as in tests.
    pub(crate) only_connect_to: bool,
    /// Which proxy leads to which host.
    pub(crate) proxies: Proxies,
    /// Trusted beside the system's and Mozilla's roots.
    pub(crate) roots: Vec<CertificateDer<'static>>,
}

/// Connects to the hosts of the policy.
pub(crate) struct Transport {
    options: TransportOptions,
    pooled: OnceCell<Client>,
    unpooled: OnceCell<Client>,
}

impl Transport {
    pub(crate) fn new(options: TransportOptions) -> Self {
        Self {
            options,
            pooled: OnceCell::new(),
            unpooled: OnceCell::new(),
        }
    }

    /// Whether this host is reached at all: the real ones are not in tests.
    pub(super) fn reaches(&self, host: &str) -> bool {
        !self.options.only_connect_to || self.connects_elsewhere(host)
    }

    fn connects_elsewhere(&self, host: &str) -> bool {
        self.options.connect_to.iter().any(|to| to.covers(host))
    }

    /// The client for a rule's host.
    pub(super) async fn client(&self, rule: &Rule) -> Result<Client, Error> {
        let client = if rule.pools() {
            &self.pooled
        } else {
            &self.unpooled
        };
        let client = client.get_or_try_init(|| self.make(rule)).await;
        client.cloned().map_err(|reason| {
            tracing::error!(reason, "no connection can be made");
            Error::DestinationUnavailable
        })
    }

    async fn make(&self, rule: &Rule) -> Result<Client, String> {
        let roots = self.options.roots.clone();
        // Reads some hundred files: elsewhere, if there is a thread for it.
        let elsewhere = roots.clone();
        let tls = match in_a_thread("roots", move || tls(elsewhere)).await {
            Ok(tls) => tls,
            Err(_) => tls(roots),
        };
        let tls = tls.map_err(|error| error.to_string())?;
        let proxy = self.proxy(rule.host);
        let resolver = Checked {
            resolver: self.options.resolver.clone(),
            connect_to: self.options.connect_to.clone(),
            proxy: proxy
                .as_ref()
                .and_then(|proxy| proxy.uri().host().map(str::to_owned)),
        };
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(CheckedResolver(Arc::new(resolver))))
            .no_proxy()
            // Another crate of the same program may have switched these on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .https_only(true)
            .http1_only()
            .http1_max_headers(HEADERS)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(if rule.pools() { IDLE } else { 0 });
        if let Some(proxy) = proxy {
            client = client.proxy(through(&proxy).map_err(|_| "the proxy's address is not valid")?);
        }
        client.build().map_err(|error| error.to_string())
    }

    /// The proxy that leads to a host.
    pub(crate) fn proxy(&self, host: &str) -> Option<Intercept> {
        if self.connects_elsewhere(host) {
            return None;
        }
        self.options.proxies.leading_to(host)
    }
}

/// Trusts the system's roots, as far as they can be read, Mozilla's and `extra`.
fn tls(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::debug!(%error, "some of the system's roots could not be read");
    }
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(system.certs);
    roots.add_parsable_certificates(extra);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tls)
}
