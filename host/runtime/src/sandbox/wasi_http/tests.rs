//! Requests to a test server that can misbehave.

mod server;

use std::io;
use std::net::IpAddr;
use std::pin::Pin;

use async_trait::async_trait;
use http_body_util::Empty;
use server::{Act, BlackHole, Server};
use tokio::net::TcpSocket;

use super::*;
use crate::egress::connect::{ConnectorOptions, Proxies};
use crate::egress::resolve::{Resolver, SystemResolver};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// Sends the requests to both hosts to the server.
fn options(server: &Server) -> ConnectorOptions {
    let to = |host| format!("{host}:443:{}", server.address).parse().unwrap();
    ConnectorOptions {
        resolver: Arc::new(SystemResolver),
        connect_to: vec![to("auth.openai.com"), to("chatgpt.com")],
        only_connect_to: true,
        allowed: Vec::new(),
        proxies: Proxies::default(),
        roots: vec![server.root.clone()],
    }
}

struct Client {
    hooks: HttpHooks,
}

impl Client {
    fn of(server: &Server) -> Self {
        Self::with(options(server))
    }

    fn with(options: ConnectorOptions) -> Self {
        Self::using(Transport::new(options), Deadline::of_a_call())
    }

    /// With so much time for the call, of which the system's roots take none.
    async fn with_time(options: ConnectorOptions, time: Duration) -> Self {
        let transport = Transport::new(options);
        transport.connector().await.unwrap();
        Self::using(transport, Deadline::after(time))
    }

    fn using(transport: Transport, deadline: Deadline) -> Self {
        let transport = Arc::new(transport);
        Self {
            hooks: HttpHooks::new(transport, None, deadline, Arc::default()),
        }
    }

    async fn send(&mut self, request: Request<WasiBody>) -> Result<Response<Bytes>, Error> {
        self.send_with(request, None).await
    }

    async fn send_with(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<Bytes>, Error> {
        let done = Box::new(async { Ok(()) });
        let answer = Pin::from(self.hooks.send_request(request, options, done));
        let (head, body) = answer.await?.0.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Ok(Response::from_parts(head, body))
    }
}

fn post(body: impl Into<Bytes>) -> Request<WasiBody> {
    let body = Full::new(body.into()).map_err(|never| match never {});
    Request::post("https://auth.openai.com/oauth/token")
        .body(body.boxed_unsync())
        .unwrap()
}

fn get(url: &str) -> Request<WasiBody> {
    let body = Empty::new().map_err(|never| match never {});
    Request::get(url).body(body.boxed_unsync()).unwrap()
}

const USAGE: &str = "https://chatgpt.com/backend-api/wham/usage";
const MODELS: &str = "https://chatgpt.com/backend-api/codex/models?client_version=0.0.0";

/// The error of a token request to a server that acts like this.
async fn error_of(act: Act) -> Error {
    let server = Server::start(act).await;
    let error = Client::of(&server).send(post("body")).await.unwrap_err();
    assert!(server.requests() <= 1, "nothing is sent twice");
    error
}

macro_rules! assert_is {
    ($error:expr, $pattern:pat) => {
        let error = $error;
        assert!(matches!(error, $pattern), "{error:?}");
    };
}

/// Faults: M04
#[tokio::test]
async fn the_request_that_leaves_is_built_by_the_host() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut request = post("token=1");
    for (name, value) in [
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", "example.org"),
        ("cookie", "a=b"),
        ("accept-encoding", "gzip"),
        ("content-length", "999"),
        ("transfer-encoding", "chunked"),
        ("x-two", "1"),
        ("x-two", "2"),
    ] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(name, value);
    }

    let answer = Client::of(&server).send(request).await.unwrap();

    assert_eq!(
        (answer.status().as_u16(), &answer.body()[..]),
        (200, &b"{}"[..])
    );
    let seen = server.seen().to_lowercase();
    let mut lines: Vec<_> = seen.lines().collect();
    assert_eq!(lines.remove(0), "post /oauth/token http/1.1");
    assert_eq!(lines.pop(), Some("token=1"));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "",
            "accept-encoding: identity",
            "accept: */*",
            "content-length: 7",
            "content-type: application/x-www-form-urlencoded",
            "host: auth.openai.com",
            concat!("user-agent: chatgpt-oauth/", env!("CARGO_PKG_VERSION")),
            "x-two: 1",
            "x-two: 2",
        ]
    );
}

#[tokio::test]
async fn the_user_agent_of_the_guest_is_sent() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut request = get(MODELS);
    let agent = HeaderValue::from_static("guest/1");
    request.headers_mut().insert(header::USER_AGENT, agent);
    Client::of(&server).send(request).await.unwrap();
    let seen = server.seen();
    assert!(seen.starts_with("GET /backend-api/codex/models?client_version=0.0.0 HTTP/1.1\r\n"));
    assert_eq!(
        seen.to_lowercase().matches("user-agent: guest/1").count(),
        1
    );
    assert_eq!(seen.to_lowercase().matches("user-agent").count(), 1);
}

/// Faults: M03 M07
#[tokio::test]
async fn what_is_outside_of_the_policy_is_denied_before_anything_is_sent() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut client = Client::of(&server);
    for url in [
        "https://example.org/oauth/token",
        "https://chatgpt.com/",
        "http://chatgpt.com/backend-api/wham/usage",
        "https://auth.openai.com/oauth/token",
    ] {
        assert_is!(
            client.send(get(url)).await.unwrap_err(),
            Error::HttpRequestDenied
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_host_for_tests_reaches_no_real_host() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut options = options(&server);
    options.connect_to.pop();
    let mut client = Client::with(options);
    client.send(post("")).await.unwrap();
    assert_is!(
        client.send(get(USAGE)).await.unwrap_err(),
        Error::HttpRequestDenied
    );
}

/// Faults: N15 M06
#[tokio::test]
async fn redirects_are_answers_and_cookies_stay_out() {
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nlocation: https://chatgpt.com/\r\n\
                    set-cookie: a=CANARY\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(Act::Answer(redirect.into())).await;
    let mut client = Client::of(&server);
    let answer = client.send(post("")).await.unwrap();
    assert_eq!(answer.status().as_u16(), 307);
    assert_eq!(answer.headers().get(header::SET_COOKIE), None);
    client.send(post("")).await.unwrap();
    assert!(!server.seen().contains("CANARY"));
    assert_eq!(server.requests(), 2);
}

/// Faults: N28
#[tokio::test]
async fn connections_to_the_login_host_are_not_used_again_and_others_are() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut client = Client::of(&server);
    for _ in 0..3 {
        client.send(post("")).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests()), (3, 3));
    for _ in 0..3 {
        client.send(get(USAGE)).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests()), (4, 6));
}

/// Faults: N14
#[tokio::test]
async fn an_encoded_answer_is_refused() {
    let gzip = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx";
    assert_is!(
        error_of(Act::Answer(gzip.into())).await,
        Error::HttpResponseContentCoding(None)
    );
    let twice = "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-encoding: br\r\n\r\n";
    assert_is!(
        error_of(Act::Answer(twice.into())).await,
        Error::HttpResponseContentCoding(None)
    );
}

#[tokio::test]
async fn an_answer_with_the_encoding_identity_is_accepted() {
    let identity = "HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\ncontent-length: 2\r\n\r\n{}";
    let server = Server::start(Act::Answer(identity.into())).await;
    let answer = Client::of(&server).send(post("")).await.unwrap();
    assert_eq!(&answer.body()[..], b"{}");
}

/// Faults: N13 M27
#[tokio::test]
async fn an_answer_may_be_as_large_as_its_address_allows() {
    let body = |size: usize| format!("content-length: {size}\r\n\r\n{}", "x".repeat(size));
    let chunk = |size: usize| {
        format!(
            "transfer-encoding: chunked\r\n\r\n{size:x}\r\n{}\r\n0\r\n\r\n",
            "x".repeat(size)
        )
    };
    let answer = |rest: String| Act::Answer(format!("HTTP/1.1 200 OK\r\n{rest}"));
    for size in [64 << 10, (64 << 10) + 1] {
        for rest in [body(size), chunk(size)] {
            let server = Server::start(answer(rest)).await;
            let outcome = Client::of(&server).send(get(USAGE)).await;
            match outcome {
                Ok(answer) => assert_eq!(answer.body().len(), 64 << 10),
                Err(error) => {
                    assert_eq!(size, (64 << 10) + 1);
                    assert_is!(error, Error::HttpResponseBodySize(Some(65536)));
                }
            }
            let models = Client::of(&server).send(get(MODELS)).await.unwrap();
            assert_eq!(models.body().len(), size);
        }
    }
}

/// The names of the headers that a guest gets from an answer with these headers.
async fn seen_of(headers: &str) -> Vec<String> {
    let answer = format!("HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\n{{}}");
    let server = Server::start(Act::Answer(answer)).await;
    let answer = Client::of(&server).send(post("")).await.unwrap();
    assert_eq!(&answer.body()[..], b"{}");
    let mut names: Vec<_> = answer.headers().keys().map(HeaderName::to_string).collect();
    names.sort_unstable();
    names
}

/// Faults: H06
#[tokio::test]
async fn of_a_flood_of_headers_the_guest_sees_those_that_it_reads() {
    let long = "x".repeat(17 << 10);
    let many: String = (0..900).map(|n| format!("x-{n}: {n:030}\r\n")).collect();
    for flood in [format!("x: {long}\r\n"), many] {
        let seen = seen_of(&format!("{flood}date: now\r\nretry-after: 7\r\n")).await;
        assert_eq!(seen, ["content-length", "date", "retry-after"]);
    }
    let seen = seen_of(&format!("etag: {long}\r\n")).await;
    assert_eq!(seen, ["content-length"]);
}

#[tokio::test]
async fn cookies_do_not_count_as_a_flood() {
    let cookie = format!("set-cookie: {}\r\nx: 1\r\n", "x".repeat(17 << 10));
    assert_eq!(seen_of(&cookie).await, ["content-length", "x"]);
}

#[tokio::test]
async fn a_request_body_that_is_too_large_is_not_sent() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut client = Client::of(&server);
    client.send(post(vec![b'x'; 64 << 10])).await.unwrap();
    let error = client.send(post(vec![b'x'; (64 << 10) + 1])).await;
    assert_is!(error.unwrap_err(), Error::HttpRequestBodySize(Some(65536)));
    assert_eq!(server.requests(), 1);
}

// Errors before the first byte of a request.

/// A bound port without a listener.
fn closed_port() -> TcpSocket {
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    closed
}

/// Faults: N03
#[tokio::test]
async fn a_closed_port_is_connection_refused() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let closed = closed_port();
    let to = format!("auth.openai.com:443:{}", closed.local_addr().unwrap());
    let mut options = options(&server);
    options.connect_to = vec![to.parse().unwrap()];
    let error = Client::with(options).send(post("")).await.unwrap_err();
    assert_is!(error, Error::ConnectionRefused);
}

/// Faults: N05
#[tokio::test]
async fn a_certificate_for_another_name_is_a_certificate_error() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut untrusting = options(&server);
    untrusting.roots.clear();
    let error = Client::with(untrusting).send(post("")).await.unwrap_err();
    assert_is!(error, Error::TlsCertificateError);

    let other_name = Server::with_name("example.org", Act::Answer(OK.into())).await;
    let error = Client::of(&other_name).send(post("")).await.unwrap_err();
    assert_is!(error, Error::TlsCertificateError);
    assert_eq!(server.requests() + other_name.requests(), 0);
}

/// Faults: N03 N05
#[tokio::test]
async fn a_server_without_tls_is_unavailable() {
    assert_is!(error_of(Act::NoTls).await, Error::DestinationUnavailable);
    assert_is!(error_of(Act::HangUp).await, Error::DestinationUnavailable);
}

/// Faults: N06
#[tokio::test]
async fn a_handshake_that_stalls_is_a_connection_timeout() {
    let server = Server::start(Act::StallBeforeTls).await;
    let started = Instant::now();
    let error = Client::of(&server).send(post("")).await.unwrap_err();
    assert_is!(error, Error::ConnectionTimeout);
    assert!(started.elapsed() >= CONNECT, "{:?}", started.elapsed());
}

/// Faults: N04
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_that_drops_packets_is_a_connection_timeout() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let nowhere = BlackHole::at("127.0.0.1:0".parse().unwrap()).await;
    let mut options = options(&server);
    let to = format!("auth.openai.com:443:{}", nowhere.address);
    options.connect_to = vec![to.parse().unwrap()];
    let started = Instant::now();
    let error = Client::with(options).send(post("")).await.unwrap_err();
    assert_is!(error, Error::ConnectionTimeout);
    assert!(started.elapsed() >= CONNECT, "{:?}", started.elapsed());
}

/// A resolver with a fixed outcome.
enum Names {
    To(&'static str),
    ToBoth(&'static str, &'static str),
    Nowhere,
    Broken,
    Stalled,
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::To(address) => Ok(vec![address.parse().unwrap()]),
            Self::ToBoth(first, second) => {
                Ok(vec![first.parse().unwrap(), second.parse().unwrap()])
            }
            Self::Nowhere => Ok(Vec::new()),
            Self::Broken => Err(io::Error::other("broken")),
            Self::Stalled => std::future::pending().await,
        }
    }
}

/// Faults: N01 N02 M05
#[tokio::test]
async fn a_name_without_a_public_address_is_reported() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let error = async |names| {
        let mut options = options(&server);
        options.resolver = Arc::new(names);
        options.connect_to.clear();
        options.only_connect_to = false;
        Client::with(options).send(post("")).await.unwrap_err()
    };
    assert_is!(
        error(Names::To("127.0.0.1")).await,
        Error::DestinationIpProhibited
    );
    assert_is!(
        error(Names::To("169.254.169.254")).await,
        Error::DestinationIpProhibited
    );
    assert_is!(error(Names::Nowhere).await, Error::DestinationNotFound);
    assert_is!(error(Names::Broken).await, Error::DnsError { .. });
    assert_is!(error(Names::Stalled).await, Error::DnsTimeout);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_call_that_is_over_sends_nothing_more() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let mut client = Client::with_time(options(&server), Duration::ZERO).await;
    assert_is!(
        client.send(post("")).await.unwrap_err(),
        Error::ConnectionTimeout
    );
    assert_eq!(server.connections(), 0);
}

// Errors after the first byte of a request.

/// Faults: N28
#[tokio::test]
async fn no_answer_is_a_terminated_connection() {
    assert_is!(
        error_of(Act::CloseAfterRequest).await,
        Error::ConnectionTerminated
    );
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_protocol_error() {
    assert_is!(
        error_of(Act::Answer("hello\r\n\r\n".into())).await,
        Error::HttpProtocolError
    );
}

/// Faults: N10
#[tokio::test]
async fn an_answer_that_is_cut_is_incomplete() {
    for cut in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ] {
        assert_is!(
            error_of(Act::AnswerAndClose(cut.into())).await,
            Error::HttpResponseIncomplete
        );
    }
}

/// Faults: N08 H07
#[tokio::test]
async fn an_answer_that_never_begins_or_never_ends_is_a_timeout() {
    let timeouts = |first_byte, between_bytes| RequestOptions {
        connect_timeout: None,
        first_byte_timeout: Some(Duration::from_millis(first_byte)),
        between_bytes_timeout: Some(Duration::from_millis(between_bytes)),
    };
    let silent = Server::start(Act::Answer(String::new())).await;
    let silent = Client::of(&silent)
        .send_with(post(""), Some(timeouts(0, 100)))
        .await;
    assert_is!(silent.unwrap_err(), Error::HttpResponseTimeout);

    let endless = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}";
    let endless = Server::start(Act::Answer(endless.into())).await;
    let endless = Client::of(&endless)
        .send_with(post(""), Some(timeouts(20_000, 100)))
        .await;
    assert_is!(endless.unwrap_err(), Error::ConnectionReadTimeout);
}

/// Faults: H07
#[tokio::test]
async fn a_request_ends_with_its_call_whatever_timeouts_are_asked_for() {
    let server = Server::start(Act::Answer(String::new())).await;
    for timeout in [Duration::MAX, Duration::from_secs(3600)] {
        let timeouts = RequestOptions {
            connect_timeout: Some(timeout),
            first_byte_timeout: Some(timeout),
            between_bytes_timeout: Some(timeout),
        };
        let mut client = Client::with_time(options(&server), Duration::from_secs(2)).await;
        let error = client.send_with(post(""), Some(timeouts)).await;
        assert_is!(error.unwrap_err(), Error::HttpResponseTimeout);
    }
}

/// Faults: N09
#[tokio::test]
async fn an_answer_that_drips_ends_at_the_deadline_of_the_request() {
    let body = "x".repeat(1000);
    let drips = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{body}");
    let server = Server::start(Act::Drip(drips)).await;
    let mut client = Client::with_time(options(&server), Duration::from_secs(10)).await;
    let error = client.send(post("")).await;
    assert_is!(error.unwrap_err(), Error::HttpResponseTimeout);
    assert_eq!(server.requests(), 1);
}

/// Faults: N27
#[tokio::test]
async fn http_2_is_not_used_even_if_the_server_prefers_it() {
    let server = Server::start(Act::Answer(OK.into())).await;
    Client::of(&server).send(post("")).await.unwrap();
    assert!(server.seen().starts_with("POST /oauth/token HTTP/1.1\r\n"));
}

/// Options that lead to the server through a proxy on this machine.
fn proxied(server: &Server, proxy: &server::Proxy) -> ConnectorOptions {
    // Names have no case: the client asks for this one in lower case.
    let url = format!("http://user:pass@LocalHost:{}", proxy.address.port());
    ConnectorOptions {
        resolver: Arc::new(Names::To("127.0.0.1")),
        connect_to: Vec::new(),
        only_connect_to: false,
        proxies: Proxies::all(&url),
        ..options(server)
    }
}

#[tokio::test]
async fn a_proxy_is_used_and_sees_no_more_than_the_hosts_name() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let proxy = server::Proxy::start(Some(server.address)).await;
    let mut client = Client::with(proxied(&server, &proxy));
    client.send(post("token=CANARY")).await.unwrap();

    let seen = proxy.seen();
    assert!(
        seen.starts_with("CONNECT auth.openai.com:443 HTTP/1.1\r\n"),
        "{seen}"
    );
    assert!(seen.contains("Basic dXNlcjpwYXNz"), "{seen}");
    assert_eq!(server.seen().matches("CANARY").count(), 1);
}

/// Faults: N30
#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_ipv6_leads_nowhere_ipv4_is_tried_in_time() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let proxy = server::Proxy::start(Some(server.address)).await;
    let port = proxy.address.port();
    let _nowhere = BlackHole::at(format!("[::1]:{port}").parse().unwrap()).await;
    let mut options = proxied(&server, &proxy);
    options.resolver = Arc::new(Names::ToBoth("::1", "127.0.0.1"));
    // One limit covers all addresses of a connection, so success means in time.
    Client::with(options).send(post("")).await.unwrap();
}

/// Faults: N04
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_that_drops_packets_does_not_delay_the_next() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let proxy = server::Proxy::start(Some(server.address)).await;
    let port = proxy.address.port();
    let _nowhere = BlackHole::at(format!("127.0.0.2:{port}").parse().unwrap()).await;
    let mut options = proxied(&server, &proxy);
    options.resolver = Arc::new(Names::ToBoth("127.0.0.2", "127.0.0.1"));
    // One limit covers all addresses of a connection, so success means in time.
    Client::with(options).send(post("")).await.unwrap();
}

#[tokio::test]
async fn a_proxy_that_refuses_lets_nothing_out() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let proxy = server::Proxy::start(None).await;
    let mut client = Client::with(proxied(&server, &proxy));
    let error = client.send(post("")).await.unwrap_err();
    assert_eq!(word(error), "proxy-authentication");
    assert_eq!(server.connections(), 0);
}

/// The word for a proxy error that the guest gets.
#[track_caller]
fn word(error: Error) -> String {
    match error {
        Error::InternalError(Some(word)) => word,
        error => panic!("{error:?}"),
    }
}

/// Options that lead to the server through the proxy of this URL.
fn by(url: &str, server: &Server) -> ConnectorOptions {
    ConnectorOptions {
        resolver: Arc::new(Names::To("127.0.0.1")),
        connect_to: Vec::new(),
        only_connect_to: false,
        proxies: Proxies::all(url),
        ..options(server)
    }
}

/// Faults: F6 N03
#[tokio::test]
async fn a_fault_of_the_proxy_has_its_own_word_and_nothing_is_sent() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let closed = closed_port();
    let port = closed.local_addr().unwrap().port();
    let hangs_up = Server::start(Act::HangUp).await.address;
    let smtp = Server::start(Act::NoTls).await.address;
    let untrusted = Server::with_name("localhost", Act::Answer(OK.into())).await;
    let refused = format!("http://127.0.0.1:{port}");
    for (url, expected) in [
        ("quic://127.0.0.1:1", "proxy-unusable"),
        ("socks5://user:pass:word@:1", "proxy-unusable"),
        (&refused, "proxy-refused"),
        (&format!("socks5h://127.0.0.1:{port}"), "proxy-refused"),
        (&format!("https://127.0.0.1:{port}"), "proxy-refused"),
        (&format!("http://{hangs_up}"), "proxy-unreachable"),
        (&format!("socks5://{hangs_up}"), "proxy-unreachable"),
        (&format!("https://{hangs_up}"), "proxy-unreachable"),
        (&format!("http://{smtp}"), "proxy-unreachable"),
        (&format!("socks5://{smtp}"), "proxy-unreachable"),
        (&format!("https://{smtp}"), "proxy-unreachable"),
        (
            &format!("https://localhost:{}", untrusted.address.port()),
            "proxy-certificate",
        ),
    ] {
        let mut client = Client::with(by(url, &server));
        let error = client.send(post("")).await.unwrap_err();
        assert_eq!(word(error), expected, "{url}");
    }
    assert_eq!(server.connections(), 0);
}

/// Faults: F6 N01
#[tokio::test]
async fn a_proxy_whose_own_name_is_unknown_is_not_taken_for_an_unknown_host() {
    let server = Server::start(Act::Answer(OK.into())).await;
    for url in ["http://proxy.corp:3128", "socks5h://proxy.corp"] {
        for names in [Names::Nowhere, Names::Broken, Names::Stalled] {
            let mut options = by(url, &server);
            options.resolver = Arc::new(names);
            let error = Client::with(options).send(post("")).await.unwrap_err();
            assert_eq!(word(error), "proxy-name-unknown", "{url}");
        }
    }
}

/// Faults: N06
#[tokio::test]
async fn a_silent_proxy_is_unreachable_and_one_that_waits_times_out() {
    let server = Server::start(Act::Answer(OK.into())).await;
    let silent = Server::start(Act::StallBeforeTls).await.address;
    for url in [format!("socks5://{silent}"), format!("https://{silent}")] {
        let error = Client::with(by(&url, &server)).send(post("")).await;
        assert_eq!(word(error.unwrap_err()), "proxy-unreachable", "{url}");
    }
    // The proxy has the CONNECT request and may be waiting for the host.
    let mut client = Client::with(by(&format!("http://{silent}"), &server));
    let error = client.send(post("")).await.unwrap_err();
    assert_is!(error, Error::ConnectionTimeout);
}

#[tokio::test]
async fn a_proxy_is_reached_by_tls_where_its_url_says_so() {
    let inner = Server::start(Act::AnswerAndClose("HTTP/1.1 200 OK\r\n\r\n".into())).await;
    let url = format!("https://auth.openai.com:{}", inner.address.port());
    let error = Client::with(by(&url, &inner)).send(post("CANARY")).await;
    // The tunnel ends at the server, so the next handshake fails.
    assert_is!(error.unwrap_err(), Error::DestinationUnavailable);
    let seen = inner.seen();
    assert!(seen.starts_with("CONNECT auth.openai.com:443 HTTP/1.1\r\n"));
    assert!(!seen.contains("CANARY"));
}
