//! The environment of a test: the simulator, a server over it with real sockets, and a key for
//! each purpose.

#![allow(dead_code, reason = "each test binary uses its part of it")]

pub mod browser;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chatgpt_oauth::api_keys::{ApiKeys, NewApiKey, Permission, Scope, Scopes};
use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::{Host, Profile};
use chatgpt_oauth_server::{Handle, Listen, Options, Server, Times};
use openai_simulator::{Endpoint, Fault, Script, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// The time at which every test begins, Unix seconds.
pub const BEGINNING: u64 = 1_800_000_000;
/// Longer than anything of a test takes.
pub const LONG: Duration = Duration::from_secs(60);

pub struct TestServer {
    pub simulator: Simulator,
    clock: TempDir,
    pub host: Host,
    pub ada: Profile,
    pub keys: Keys,
    pub handle: Handle,
    pub public: Listen,
    pub admin: Listen,
    pub serving: JoinHandle<()>,
}

/// A key for each purpose.
pub struct Keys {
    /// Of ada, with every scope.
    pub ada: String,
    pub ada_read: String,
    pub ada_onboarding: String,
    pub ada_inference: String,
    /// Of grace, with every scope.
    pub grace: String,
    pub admin: String,
}

impl Keys {
    async fn create(host: &Host) -> Self {
        use Scope::{Inference, Onboarding, Read};
        let keys = ApiKeys::new(host.entries().unwrap());
        let of = async |name: &str, scopes: &[Scope]| {
            let permission = Permission::Profile {
                profile: name.parse().unwrap(),
                scopes: Scopes::new(scopes.iter().copied()).unwrap(),
            };
            create(&keys, permission).await
        };
        Self {
            ada: of("ada", &Scope::ALL).await,
            ada_read: of("ada", &[Read]).await,
            ada_onboarding: of("ada", &[Onboarding]).await,
            ada_inference: of("ada", &[Inference]).await,
            grace: of("grace", &Scope::ALL).await,
            admin: create(&keys, Permission::Admin).await,
        }
    }
}

/// Makes a key, and returns its text.
pub async fn create(keys: &ApiKeys, permission: Permission) -> String {
    let new = NewApiKey {
        permission,
        label: "test".parse().unwrap(),
        expires_at: None,
    };
    let created = keys.create(new, 1).await.unwrap();
    created.key.reveal().to_owned()
}

/// An answer that has come completely.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    /// Reads the bytes of one answer.
    #[track_caller]
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap_or_default();
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let chunked = ("transfer-encoding".to_owned(), "chunked".to_owned());
        Self {
            status: status.unwrap_or_else(|| panic!("no answer: {text:?}")),
            text: match headers.contains(&chunked) {
                true => unchunked(body),
                false => body.to_owned(),
            },
            headers,
        }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of the failure, in either shape.
    #[track_caller]
    pub fn code(&self) -> String {
        let json = self.json();
        let code = json["error"]["code"]
            .as_str()
            .or_else(|| json["code"].as_str());
        code.unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    text
}

/// A request as text.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        text += "host: localhost\r\n";
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if method == "POST" || !body.is_empty() {
        text += &format!("content-length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

/// A request with a key, as text.
fn with_key(key: &str, method: &str, target: &str, body: &str) -> String {
    let bearer = format!("Bearer {key}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    request(method, target, &headers, body)
}

/// A connection to a listener on TCP.
pub async fn connect(listen: &Listen) -> TcpStream {
    let Listen::Tcp(address) = listen else {
        panic!("{listen} is no TCP")
    };
    TcpStream::connect(address).await.unwrap()
}

/// Sends bytes and reads what comes until the end.
pub async fn exchange(listen: &Listen, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut stream = connect(listen).await;
    // A server that refuses a request may close before it has the whole.
    _ = stream.write_all(bytes.as_ref()).await;
    read_to_end(&mut stream).await
}

/// Reads what comes until the end of the connection, also an end without manners.
pub async fn read_to_end(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut read = Vec::new();
    let whole = tokio::time::timeout(LONG, stream.read_to_end(&mut read)).await;
    let is_over = whole.is_ok();
    assert!(
        is_over,
        "the connection ends: {}",
        String::from_utf8_lossy(&read)
    );
    read
}

/// Waits until a condition holds.
pub async fn until(condition: impl AsyncFn() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.unwrap();
}

/// How often something may have happened since then that may happen so often a minute.
pub fn permitted(a_minute: u64, since: Instant) -> u64 {
    a_minute + since.elapsed().as_secs() * a_minute / 60
}

/// Repeats what may happen so often a minute until it is refused, and returns the refusal. The
/// answers before have this status.
pub async fn until_refused(
    a_minute: u64,
    status: u16,
    mut attempt: impl AsyncFnMut(u64) -> Answer,
) -> Answer {
    let since = Instant::now();
    let mut accepted = 0;
    loop {
        let answer = attempt(accepted).await;
        if answer.status == 429 {
            assert!(accepted >= a_minute, "{accepted}");
            return answer;
        }
        assert_eq!(answer.status, status, "{answer:?}");
        accepted += 1;
        assert!(accepted <= permitted(a_minute, since), "{accepted}");
    }
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with other options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let clock = tempfile::tempdir().unwrap();
        let file = clock.path().join("clock");
        std::fs::write(&file, BEGINNING.to_string()).unwrap();
        let simulator = Simulator::builder().interval(1).clock_file(&file);
        let simulator = simulator.start().unwrap();
        let mut host = Host::builder(MemoryStore::of_kind(StoreKind::Test))
            .root_certificates(simulator.ca_pem())
            .wall_clock_file(&file);
        for connect_to in simulator.connect_to() {
            host = host.connect_to(connect_to.parse().unwrap());
        }
        let host = host.build().unwrap();
        let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut options = Options {
            listen: Listen::Tcp(anywhere),
            admin_listen: Listen::Tcp(anywhere),
            times: Times {
                unready: Duration::ZERO,
                ..Times::default()
            },
            ..Options::default()
        };
        // A test is as quick as the machine is.
        options.key_limits.rate = 100_000.try_into().unwrap();
        change(&mut options);
        let keys = Keys::create(&host).await;
        let server = Server::bind(options, host.clone()).await.unwrap();
        Self {
            simulator,
            clock,
            ada: host.profile("ada".parse().unwrap()),
            host,
            keys,
            handle: server.handle(),
            public: server.address().unwrap(),
            admin: server.admin_address().unwrap(),
            serving: tokio::spawn(server.serve()),
        }
    }

    /// A server with the connect page.
    pub async fn with_page() -> Self {
        Self::with(|options| options.public_url = Some("http://localhost".parse().unwrap())).await
    }

    /// The path of a new link for ada.
    pub async fn link(&self) -> String {
        let target = "/api/v1/profiles/ada/links";
        let made = self
            .order("POST", target, r#"{"asks": "The Assistant"}"#)
            .await;
        let url = made.json()["url"].as_str().map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("no link: {made:?}"));
        let at = url.find("/connect/").unwrap();
        url[at..].to_owned()
    }

    /// A server of a person who has signed in.
    pub async fn signed_in() -> Self {
        let server = Self::start().await;
        server.sign_in().await;
        server
    }

    pub async fn sign_in(&self) {
        let prompt = self.ada.start().await.unwrap();
        self.simulator.approve(&prompt.pending.user_code).unwrap();
        self.ada.poll(None).await.unwrap();
        self.simulator.clear_requests();
    }

    /// Lets the login be some minutes old.
    pub fn pass_minutes(&self, minutes: u64) {
        self.pass_seconds(60 * minutes);
    }

    /// Sets the clock of the login to so many seconds after the beginning.
    pub fn pass_seconds(&self, seconds: u64) {
        let next = self.clock.path().join("next");
        std::fs::write(&next, (BEGINNING + seconds).to_string()).unwrap();
        std::fs::rename(next, self.clock.path().join("clock")).unwrap();
    }

    /// Sends a request with a key to the public listener.
    pub async fn send(&self, key: &str, method: &str, target: &str, body: &str) -> Answer {
        self.send_to(&self.public, key, method, target, body).await
    }

    /// Sends a request with the key of an administrator to the admin listener.
    pub async fn order(&self, method: &str, target: &str, body: &str) -> Answer {
        self.send_to(&self.admin, &self.keys.admin, method, target, body)
            .await
    }

    pub async fn send_to(
        &self,
        listen: &Listen,
        key: &str,
        method: &str,
        target: &str,
        body: &str,
    ) -> Answer {
        let text = with_key(key, method, target, body);
        Answer::parse(&exchange(listen, text).await)
    }

    /// Sends a request of ada, and returns the connection on which its answer comes.
    pub async fn open(&self, target: &str, body: &str) -> TcpStream {
        let mut stream = connect(&self.public).await;
        let text = with_key(&self.keys.ada, "POST", target, body);
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Begins a streamed model call of ada, and returns when the answer has begun.
    pub async fn open_stream(&self, script: Script) -> TcpStream {
        let fault = Fault::stream(script);
        self.simulator.fault(Endpoint::Responses, fault);
        let stream = self.open("/v1/responses", &prompt(true).to_string()).await;
        let begun = tokio::time::timeout(LONG, stream.peek(&mut [0])).await;
        begun.expect("the answer begins").unwrap();
        stream
    }

    /// Waits until so many requests have come to an endpoint of the service.
    pub async fn wait_for_requests(&self, endpoint: Endpoint, count: usize) {
        while self.simulator.requests_to(endpoint).len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the metrics contain a text.
    pub async fn wait_for_metrics(&self, text: &str) {
        until(async || self.order("GET", "/metrics", "").await.text.contains(text)).await;
    }

    /// Sends a model call of ada.
    pub async fn call(&self, is_streamed: bool) -> Answer {
        let body = prompt(is_streamed).to_string();
        self.send(&self.keys.ada, "POST", "/v1/responses", &body)
            .await
    }
}

/// A request of an SDK.
pub fn prompt(is_streamed: bool) -> Value {
    json!({"model": "openai-codex/gpt-6-astra", "input": "Say hi.", "stream": is_streamed})
}
