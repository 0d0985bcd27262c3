//! The HTTP clients of the guests, one for each of the two hosts, and the one connector
//! below them, which model calls use too.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http_body_util::Full;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::OnceCell;

use super::connect::{ConnectError, Connector, ConnectorOptions};
use super::policy::Rule;

/// The user agent of a request whose guest sets none.
pub(crate) const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("chatgpt-oauth/", env!("CARGO_PKG_VERSION")));

/// How many headers of an answer are parsed. More than the guest gets, so that an answer
/// with many headers is not lost.
const HEADERS: usize = 1000;
/// How many idle connections are kept to a host that pools them.
const IDLE: usize = 4;
/// How long an idle connection is kept.
const IDLE_TIME: Duration = Duration::from_secs(90);

/// Sends a request once: follows no redirect and retries nothing.
pub(crate) type HttpClient = Client<Connector, Full<Bytes>>;

/// Connects to the hosts of the policy.
pub(crate) struct Transport {
    options: Arc<ConnectorOptions>,
    connector: OnceCell<Connector>,
    clients: OnceCell<Clients>,
}

struct Clients {
    pooled: HttpClient,
    unpooled: HttpClient,
}

impl Transport {
    pub(crate) fn new(options: ConnectorOptions) -> Self {
        Self {
            options: Arc::new(options),
            connector: OnceCell::new(),
            clients: OnceCell::new(),
        }
    }

    /// The options of the connections.
    pub(crate) fn options(&self) -> &ConnectorOptions {
        &self.options
    }

    /// The client for a rule's host; made at the first use.
    pub(crate) async fn client(&self, rule: &Rule) -> Result<HttpClient, ConnectError> {
        let clients = self.clients.get_or_try_init(|| self.clients()).await?;
        Ok(match rule.pools() {
            true => clients.pooled.clone(),
            false => clients.unpooled.clone(),
        })
    }

    /// The connector; made at the first use.
    pub(crate) async fn connector(&self) -> Result<&Connector, ConnectError> {
        let make = || async {
            for entry in self.options.proxies.unknown_exceptions() {
                tracing::warn!(?entry, "an entry of NO_PROXY is not understood");
            }
            Connector::new(self.options.clone()).await
        };
        self.connector.get_or_try_init(make).await
    }

    async fn clients(&self) -> Result<Clients, ConnectError> {
        let connector = self.connector().await?.clone();
        Ok(Clients {
            pooled: client(connector.clone(), IDLE),
            unpooled: client(connector, 0),
        })
    }
}

fn client(connector: Connector, idle: usize) -> HttpClient {
    legacy::Builder::new(TokioExecutor::new())
        .http1_max_headers(HEADERS)
        .retry_canceled_requests(false)
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIME)
        .pool_max_idle_per_host(idle)
        .build(connector)
}
