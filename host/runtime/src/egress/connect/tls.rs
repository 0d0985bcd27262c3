//! TLS to hosts and to proxies, by the system's roots, Mozilla's and the operator's.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::ConnectError;
use crate::threads::in_a_thread;

/// Why a handshake failed.
pub(super) enum TlsError {
    /// The peer's certificate is not trusted for the name.
    Certificate,
    /// The peer does not speak TLS, or the connection broke.
    Io(io::Error),
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        match cause {
            Some(rustls::Error::InvalidCertificate(_)) => Self::Certificate,
            _ => Self::Io(error),
        }
    }
}

/// Authenticates the peer of a stream as the owner of a name.
pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &TlsConnector,
    name: &str,
    stream: S,
) -> Result<TlsStream<S>, TlsError> {
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    Ok(tls.connect(name, stream).await?)
}

/// Builds the TLS configuration.
pub(super) async fn connector(
    extra: Vec<CertificateDer<'static>>,
) -> Result<TlsConnector, ConnectError> {
    // Reads several hundred files: in a thread, if one can be started.
    let roots = extra.clone();
    let built = in_a_thread("roots", move || config(roots)).await;
    match built.unwrap_or_else(|_| config(extra)) {
        Ok(config) => Ok(TlsConnector::from(Arc::new(config))),
        Err(error) => {
            tracing::error!(%error, "no connection can be made");
            Err(ConnectError::Unavailable)
        }
    }
}

fn config(extra: Vec<CertificateDer<'static>>) -> io::Result<ClientConfig> {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::debug!(%error, "some of the system's roots could not be read");
    }
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(system.certs);
    roots.add_parsable_certificates(extra);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
