//! The certificate of the server, read from files and read again on order.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use chatgpt_oauth::{Error, ErrorCode};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::options::TlsFiles;

/// The certificate that new connections get.
#[derive(Clone)]
pub(crate) struct Certificate {
    files: Arc<TlsFiles>,
    current: Arc<RwLock<TlsAcceptor>>,
}

impl Certificate {
    pub(crate) fn read(files: TlsFiles) -> Result<Self, Error> {
        let acceptor = acceptor(&files)?;
        Ok(Self {
            files: Arc::new(files),
            current: Arc::new(RwLock::new(acceptor)),
        })
    }

    /// Reads the files again. Keeps the certificate that it has if they cannot be used.
    pub(crate) fn reload(&self) -> Result<(), Error> {
        let acceptor = acceptor(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, Error> {
    let certificates = CertificateDer::pem_file_iter(&files.certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(&files.certificates, &error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let key = key.map_err(|error| unusable(&files.key, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            let builder = builder.with_no_client_auth();
            builder.with_single_cert(certificates, key)
        })
        .map_err(|error| unusable(&files.certificates, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unusable(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::permanent(
        ErrorCode::InvalidArgument,
        format!("cannot use {}: {error}", file.display()),
        "give --tls-cert the certificate and those between it and the root, and --tls-key its private key, both in PEM",
    )
}
