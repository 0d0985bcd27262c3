//! When a server does not start.

use std::path::Path;

use chatgpt_oauth::Host;
use chatgpt_oauth::store::MemoryStore;
use chatgpt_oauth_server::{Listen, Options, Server, TlsFiles};

/// The message and the hint of a server that does not start.
async fn refusal(change: impl FnOnce(&mut Options)) -> String {
    let host = Host::builder(MemoryStore::new()).build().unwrap();
    let anywhere: Listen = "127.0.0.1:0".parse().unwrap();
    let mut options = Options {
        listen: anywhere.clone(),
        admin_listen: anywhere,
        ..Options::default()
    };
    change(&mut options);
    let refused = Server::bind(options, host).await.err();
    let error = refused.expect("the server does not start");
    format!("{error}: {}", error.hint)
}

/// Faults: G21
#[tokio::test]
async fn a_listener_for_other_machines_without_tls_is_refused_with_a_hint() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let public = refusal(|options| options.listen = address.parse().unwrap()).await;
        assert!(
            public.contains("--tls-cert") && public.contains("--behind-proxy"),
            "{public}"
        );
        let admin = refusal(|options| {
            options.admin_listen = address.parse().unwrap();
            options.behind_proxy = vec!["192.0.2.0/24".parse().unwrap()];
        });
        let admin = admin.await;
        assert!(
            admin.contains("--tls-cert") && !admin.contains("--behind-proxy"),
            "{admin}"
        );
    }
}

#[tokio::test]
async fn an_address_that_is_in_use_is_refused() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let refused = refusal(|options| options.listen = Listen::Tcp(address)).await;
    assert!(refused.contains(&address.to_string()), "{refused}");

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let refused = refusal(|options| options.listen = Listen::Unix(path)).await;
    assert!(refused.contains("in use"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_not_replaced() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_owned();
    let refused = refusal(|options| options.listen = Listen::Unix(path)).await;
    assert!(refused.contains("no socket"), "{refused}");
    assert!(file.path().exists());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_refused_by_the_name_of_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (one, other) = (made(), made());
    let certificate = file("cert.pem", &one.cert.pem());
    let key = file("key.pem", &one.signing_key.serialize_pem());
    let broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\n!\n");
    let foreign = file("foreign.pem", &other.signing_key.serialize_pem());
    let refused = async |certificates: &Path, key: &Path| {
        let files = TlsFiles {
            certificates: certificates.to_owned(),
            key: key.to_owned(),
        };
        refusal(|options| options.tls = Some(files)).await
    };
    let missing = directory.path().join("missing.pem");
    assert!(refused(&missing, &key).await.contains("missing.pem"));
    assert!(refused(&broken, &key).await.contains("broken.pem"));
    assert!(refused(&certificate, &broken).await.contains("broken.pem"));
    assert!(refused(&certificate, &foreign).await.contains("cert.pem"));
}
