//! Connections for model calls, for an HTTP client of the platform's own code.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::Uri;
use tower_service::Service;

use super::connect::{ConnectError, Connection, ProxyError};
use super::policy::MODEL_POLICY;
use super::transport::Transport;
use crate::error::{Error, ErrorCode};
use crate::host::{Host, unusable};
use crate::observer::Observed;

/// How long to wait before the next attempt to connect, in seconds.
const PAUSE: u32 = 5;

impl Host {
    /// Connects to the host of [`MODEL_POLICY`](crate::MODEL_POLICY), and to no other, in the
    /// way of this host: by its resolver, its address rule, its proxy and its roots. A host
    /// for tests connects to its simulator only.
    #[must_use]
    pub fn model_connector(&self) -> ModelConnector {
        ModelConnector {
            transport: self.parts.transport.clone(),
            observed: self.parts.observed.clone(),
        }
    }
}

/// Connects for model calls: a `tower` service over the URL, as `hyper-util`'s client wants
/// it. It makes TLS connections for HTTP/1.1, within five seconds each. Cheap to clone.
///
/// # Errors
///
/// `network`, `egress-denied` for another host or for addresses that are not public, and
/// `invalid-argument` for an unusable proxy, all before a byte of a request is sent.
#[derive(Clone)]
pub struct ModelConnector {
    transport: Arc<Transport>,
    observed: Observed,
}

impl ModelConnector {
    async fn connect(&self, url: &Uri) -> Result<Connection, ConnectError> {
        let is_model_host = |host| MODEL_POLICY.iter().any(|rule| rule.host() == host);
        if !url.host().is_some_and(is_model_host) {
            return Err(ConnectError::Denied);
        }
        let begun = Instant::now();
        let connection = self.transport.connector().await?.connect(url).await?;
        self.observed.model_connection(begun.elapsed());
        Ok(connection)
    }
}

impl Service<Uri> for ModelConnector {
    type Response = Connection;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&url).await.map_err(failed) })
    }
}

fn failed(error: ConnectError) -> Error {
    let message = format!("no connection to the model endpoint: {error}");
    let hint = "`chatgpt-oauth doctor` says what to change";
    match error {
        ConnectError::Proxy(ProxyError::Unusable(proxy)) => unusable(proxy),
        ConnectError::Denied => Error::permanent(ErrorCode::EgressDenied, message, hint),
        error if error.is_prohibited() => Error::permanent(ErrorCode::EgressDenied, message, hint),
        _ => Error::transient(ErrorCode::Network, message, hint, PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::IpAddr;

    use async_trait::async_trait;
    use chatgpt_oauth_storage::{MemoryStore, StoreKind};

    use super::*;
    use crate::egress::resolve::Resolver;

    async fn refusal(host: Host, url: &str) -> ErrorCode {
        let mut connector = host.model_connector();
        let url = url.parse().unwrap();
        let Err(error) = connector.call(url).await else {
            panic!("connected");
        };
        error.code
    }

    /// Resolves every name to this machine.
    struct Loopback;

    #[async_trait]
    impl Resolver for Loopback {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(vec![IpAddr::from([127, 0, 0, 1])])
        }
    }

    /// Faults: G25
    #[tokio::test]
    async fn a_model_host_with_a_private_address_is_not_connected_to() {
        let host = Host::builder(MemoryStore::new()).resolver(Loopback);
        let url = "https://chatgpt.com/backend-api/codex/responses";
        let code = refusal(host.build().unwrap(), url).await;
        assert_eq!(code, ErrorCode::EgressDenied);
    }

    #[tokio::test]
    async fn no_other_host_is_connected_to() {
        let host = || Host::builder(MemoryStore::new()).resolver(Loopback).build();
        for url in [
            "https://auth.openai.com/oauth/token",
            "https://example.com/backend-api/codex/responses",
            "http://chatgpt.com/backend-api/codex/responses",
            "/backend-api/codex/responses",
        ] {
            let code = refusal(host().unwrap(), url).await;
            assert_eq!(code, ErrorCode::EgressDenied, "{url}");
        }
    }

    #[tokio::test]
    async fn a_host_for_tests_connects_to_its_simulator_only() {
        let host = Host::builder(MemoryStore::of_kind(StoreKind::Test)).build();
        let url = "https://chatgpt.com/backend-api/codex/responses";
        let code = refusal(host.unwrap(), url).await;
        assert_eq!(code, ErrorCode::EgressDenied);
    }
}
