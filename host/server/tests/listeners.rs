//! Each form of listener, with real sockets.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use chatgpt_oauth_server::{Listen, TlsFiles};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use support::{Answer, TestServer, connect, read_to_end, request};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

/// Makes a certificate for localhost, and writes it with its key.
fn write_certificate(files: &TlsFiles) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificates, certified.cert.pem()).unwrap();
    std::fs::write(&files.key, certified.signing_key.serialize_pem()).unwrap();
}

/// Sends a request by TLS, trusting the certificate in the file alone.
async fn exchange_by_tls(listen: &Listen, files: &TlsFiles, text: &str) -> Result<Answer, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&files.certificates).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, connect(listen).await).await;
    let mut stream = stream.map_err(|error| error.to_string())?;
    stream
        .write_all(text.as_bytes())
        .await
        .map_err(|error| error.to_string())?;
    Ok(Answer::parse(&read_to_end(&mut stream).await))
}

#[tokio::test]
async fn a_unix_socket_is_for_its_user_and_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let (public, admin) = (
        directory.path().join("public"),
        directory.path().join("admin"),
    );
    // A socket that a server of an earlier day has left.
    drop(std::os::unix::net::UnixListener::bind(&public).unwrap());
    let server = TestServer::with(|options| {
        options.listen = Listen::Unix(public.clone());
        options.admin_listen = Listen::Unix(admin.clone());
    })
    .await;
    for path in [&public, &admin] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o660);
        let mut stream = UnixStream::connect(path).await.unwrap();
        stream
            .write_all(request("GET", "/healthz", &[], "").as_bytes())
            .await
            .unwrap();
        assert_eq!(Answer::parse(&read_to_end(&mut stream).await).status, 200);
    }
    server.handle.drain();
    server.serving.await.unwrap();
    assert!(!public.exists() && !admin.exists());
}

#[tokio::test]
async fn a_listener_with_a_certificate_speaks_tls_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let files = TlsFiles {
        certificates: directory.path().join("cert.pem"),
        key: directory.path().join("key.pem"),
    };
    write_certificate(&files);
    let server = TestServer::with(|options| options.tls = Some(files.clone())).await;
    let health = request("GET", "/healthz", &[], "");
    for listen in [&server.public, &server.admin] {
        let answer = exchange_by_tls(listen, &files, &health).await.unwrap();
        assert_eq!(answer.status, 200);
        let mut plain = connect(listen).await;
        plain.write_all(health.as_bytes()).await.unwrap();
        let bytes = read_to_end(&mut plain).await;
        assert!(!bytes.starts_with(b"HTTP"), "{bytes:?}");
    }
}

#[tokio::test]
async fn a_certificate_is_read_again_on_order_and_a_broken_one_is_not_taken() {
    let directory = tempfile::tempdir().unwrap();
    let files = |name: &str| TlsFiles {
        certificates: directory.path().join(format!("{name}.cert")),
        key: directory.path().join(format!("{name}.key")),
    };
    let (served, first) = (files("served"), files("first"));
    write_certificate(&served);
    std::fs::copy(&served.certificates, &first.certificates).unwrap();
    let server = TestServer::with(|options| options.tls = Some(served.clone())).await;
    let health = request("GET", "/healthz", &[], "");

    write_certificate(&served);
    exchange_by_tls(&server.public, &first, &health)
        .await
        .unwrap();
    server.handle.reload();
    let is_second = async || {
        exchange_by_tls(&server.public, &served, &health)
            .await
            .is_ok()
    };
    while !is_second().await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    exchange_by_tls(&server.public, &first, &health)
        .await
        .unwrap_err();

    let second = files("second");
    std::fs::copy(&served.certificates, &second.certificates).unwrap();
    std::fs::write(&served.certificates, "broken").unwrap();
    server.handle.reload();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    exchange_by_tls(&server.public, &second, &health)
        .await
        .unwrap();
}
