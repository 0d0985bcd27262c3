//! A TLS test server that misbehaves on request and counts.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How the server treats a connection.
#[derive(Clone)]
pub(super) enum Act {
    /// Answers every request with these bytes.
    Answer(String),
    /// Answers the first request with these bytes and closes.
    AnswerAndClose(String),
    /// Answers every request with these bytes, one every 20 ms.
    Drip(String),
    /// Reads a request and closes.
    CloseAfterRequest,
    /// Speaks another protocol than TLS.
    NoTls,
    /// Closes at once.
    HangUp,
    /// Accepts and sends nothing.
    StallBeforeTls,
}

#[derive(Default)]
struct Log {
    connections: AtomicUsize,
    requests: AtomicUsize,
    seen: Mutex<String>,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// The root of its certificate.
    pub(super) root: CertificateDer<'static>,
    log: Arc<Log>,
}

impl Server {
    pub(super) async fn start(act: Act) -> Self {
        let names = ["auth.openai.com", "chatgpt.com"];
        Self::with_names(&names, act).await
    }

    pub(super) async fn with_name(name: &str, act: Act) -> Self {
        Self::with_names(&[name], act).await
    }

    async fn with_names(names: &[&str], act: Act) -> Self {
        let (root, acceptor) = identity(names);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Log::default());
        tokio::spawn(serve(listener, acceptor, act, log.clone()));
        Self { address, root, log }
    }

    pub(super) fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    pub(super) fn requests(&self) -> usize {
        self.log.requests.load(Ordering::SeqCst)
    }

    /// The last request, head and body.
    pub(super) fn seen(&self) -> String {
        self.log.seen.lock().unwrap().clone()
    }
}

fn identity(names: &[&str]) -> (CertificateDer<'static>, TlsAcceptor) {
    let mut authority = CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    // Like the real hosts. A client that negotiates the first protocol fails here.
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (authority.der().clone(), TlsAcceptor::from(Arc::new(tls)))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, act: Act, log: Arc<Log>) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        log.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(treat(
            connection,
            acceptor.clone(),
            act.clone(),
            log.clone(),
        ));
    }
}

async fn treat(mut connection: TcpStream, acceptor: TlsAcceptor, act: Act, log: Arc<Log>) {
    match act {
        Act::HangUp => return,
        Act::NoTls => {
            _ = connection
                .write_all(b"220 mail.example.org ESMTP\r\n")
                .await;
            return tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Act::StallBeforeTls => return tokio::time::sleep(Duration::from_secs(60)).await,
        _ => {}
    }
    let Ok(mut connection) = acceptor.accept(connection).await else {
        return;
    };
    while let Some(request) = read_request(&mut connection).await {
        log.requests.fetch_add(1, Ordering::SeqCst);
        *log.seen.lock().unwrap() = request;
        match &act {
            Act::Answer(answer) => _ = connection.write_all(answer.as_bytes()).await,
            Act::Drip(answer) => {
                for byte in answer.as_bytes() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    _ = connection.write_all(&[*byte]).await;
                }
            }
            Act::AnswerAndClose(answer) => {
                _ = connection.write_all(answer.as_bytes()).await;
                _ = connection.shutdown().await;
                return;
            }
            _ => return,
        }
    }
}

/// Reads a head, and the body of the announced length.
async fn read_request(connection: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(connection.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    connection.read_exact(&mut body).await.ok()?;
    request.extend(body);
    Some(String::from_utf8_lossy(&request).into_owned())
}

/// An address of this machine that answers no SYN, like one in a network that drops packets:
/// its queue of connections is full.
pub(super) struct BlackHole {
    pub(super) address: SocketAddr,
    _queue: (TcpListener, Vec<TcpStream>),
}

impl BlackHole {
    pub(super) async fn at(address: SocketAddr) -> Self {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        let a_moment = Duration::from_millis(200);
        while let Ok(taken) = timeout(a_moment, TcpStream::connect(address)).await {
            waiting.push(taken.unwrap());
        }
        Self {
            address,
            _queue: (listener, waiting),
        }
    }
}

/// A proxy that tunnels every `CONNECT` to one address, or refuses it.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<String>>,
}

impl Proxy {
    pub(super) async fn start(target: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::default());
        tokio::spawn(tunnel(listener, target, seen.clone()));
        Self { address, seen }
    }

    /// The received bytes that are not encrypted.
    pub(super) fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }
}

async fn tunnel(listener: TcpListener, target: Option<SocketAddr>, seen: Arc<Mutex<String>>) {
    loop {
        let (mut inner, _) = listener.accept().await.unwrap();
        let Some(request) = read_request(&mut inner).await else {
            continue;
        };
        *seen.lock().unwrap() = request;
        let Some(target) = target else {
            let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
            inner.write_all(refusal).await.unwrap();
            continue;
        };
        let mut outer = TcpStream::connect(target).await.unwrap();
        inner.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        tokio::spawn(async move { _ = copy_bidirectional(&mut inner, &mut outer).await });
    }
}
