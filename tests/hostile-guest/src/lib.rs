//! A component that does what a sandbox must survive. It has the world of the
//! real one; `poll` takes the name of a misdeed, and `status` behaves.

#![cfg(target_family = "wasm")]
#![allow(missing_docs, unsafe_code, reason = "generated bindings")]

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "platform", generate_all });
    use super::Hostile;
    export!(Hostile);
}

use bindings::exports::chatgpt::oauth::connection::{
    ConnectionState, ConnectionStatus, Error, ErrorCode, Guest, LoginProgress, LoginPrompt,
    LogoutResult, ModelList, RefreshResult, UsageReport,
};
use bindings::exports::chatgpt::oauth::credentials::{self, Authorization};
use bindings::wasi::clocks::{monotonic_clock, wall_clock};
use bindings::wasi::http::outgoing_handler;
use bindings::wasi::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, Scheme};
use bindings::wasi::io::poll;
use bindings::wasi::keyvalue::store;
use bindings::wasi::random::random;

struct Hostile;

impl Guest for Hostile {
    fn status() -> Result<ConnectionStatus, Error> {
        Ok(ConnectionStatus {
            state: ConnectionState::NotConnected,
            connected: false,
            method: None,
            email: None,
            account_id: None,
            plan: None,
            expires_at: None,
            expires_in_seconds: None,
            updated_at: Some(wall_clock::now().seconds),
            models_count: None,
            models_fetched_at: None,
            default_model_id: None,
            available_models: None,
            usage: None,
            usage_fetched_at: None,
            pending: None,
            hint: None,
        })
    }

    fn poll(misdeed: Option<String>) -> Result<LoginProgress, Error> {
        match misdeed.as_deref().unwrap_or_default() {
            "compute forever" => loop {
                std::hint::spin_loop();
            },
            "look at the clock forever" => loop {
                monotonic_clock::now();
            },
            "poll forever" => loop {
                poll::poll(&[&monotonic_clock::subscribe_duration(0)]);
            },
            "sleep forever" => monotonic_clock::subscribe_duration(u64::MAX).block(),
            "write a body that nobody reads" => write_to_nobody(),
            "take all memory" => take_all_memory(),
            "overflow the stack" => _ = descend(0),
            "hold handles" => {
                let held: Vec<_> = (0..).map(|_| Fields::new()).collect();
                return said(held.len());
            }
            "hold pollables" => {
                let clock = || monotonic_clock::subscribe_duration(1);
                let held: Vec<_> = (0..).map(|_| clock()).collect();
                return said(held.len());
            }
            "flood headers" => {
                let fields = Fields::new();
                for n in 0..33_000 {
                    if fields.append(&format!("x-{n}"), b"").is_err() {
                        return said(n);
                    }
                }
            }
            "ask for a megabyte of random bytes" => _ = random::get_random_bytes(1 << 20),
            "ask for all random bytes" => _ = random::get_random_bytes(u64::MAX),
            "return too much" => return said("x".repeat(32 << 20)),
            "panic" => panic!("CANARY"),
            "write a huge value" => {
                let bucket = store::open("default").map_err(debug)?;
                bucket.get("key").map_err(debug)?;
                bucket.set("key", &vec![0; 20 << 20]).map_err(debug)?;
            }
            "open other buckets" => {
                let names = ["", "alice", "../default", "default\0"];
                return said(names.map(|name| store::open(name).is_ok()));
            }
            "reach for other hosts" => return said(OTHER_URLS.map(reach)),
            other => return said(format!("unknown misdeed: {other}")),
        }
        said("survived")
    }

    fn start() -> Result<LoginPrompt, Error> {
        Err(error("nothing"))
    }
    fn logout(_: bool) -> Result<LogoutResult, Error> {
        Err(error("nothing"))
    }
    fn refresh() -> Result<RefreshResult, Error> {
        Err(error("nothing"))
    }
    /// Finds somebody refreshing for as long as there is a key of that name.
    fn models(_: bool) -> Result<ModelList, Error> {
        let bucket = store::open("default").map_err(debug)?;
        match bucket.get("refreshing").map_err(debug)? {
            None => Err(error("refreshed")),
            Some(_) => Err(Error {
                code: ErrorCode::RefreshInProgress,
                ..error("refreshing")
            }),
        }
    }
    fn usage(_: bool) -> Result<UsageReport, Error> {
        Err(error("nothing"))
    }
}

impl credentials::Guest for Hostile {
    fn authorize(_: Option<String>) -> Result<Authorization, Error> {
        Err(error("nothing"))
    }
}

fn error(message: impl ToString) -> Error {
    Error {
        code: ErrorCode::InvalidArgument,
        message: message.to_string(),
        hint: String::new(),
        retryable: false,
        retry_after_seconds: None,
        relogin_required: false,
    }
}

fn debug(value: impl std::fmt::Debug) -> Error {
    error(format!("{value:?}"))
}

/// Ends a misdeed with what came of it.
fn said(value: impl std::fmt::Debug) -> Result<LoginProgress, Error> {
    Err(debug(value))
}

fn take_all_memory() {
    let mut held = Vec::new();
    loop {
        held.push(vec![1_u8; 1 << 20]);
        std::hint::black_box(&held);
    }
}

#[allow(unconditional_recursion, reason = "that is the misdeed")]
fn descend(depth: u64) -> u64 {
    std::hint::black_box(descend(std::hint::black_box(depth + 1)) + 1)
}

fn write_to_nobody() {
    let request = OutgoingRequest::new(Fields::new());
    let body: OutgoingBody = request.body().unwrap();
    let stream = body.write().unwrap();
    while stream.blocking_write_and_flush(&[0; 4096]).is_ok() {}
}

const OTHER_URLS: [(Scheme, Option<&str>, &str); 8] = [
    (Scheme::Https, Some("example.org"), "/oauth/token"),
    (Scheme::Http, Some("auth.openai.com"), "/oauth/token"),
    (Scheme::Https, Some("auth.openai.com:8443"), "/oauth/token"),
    (Scheme::Https, Some("x@auth.openai.com"), "/oauth/token"),
    (Scheme::Https, Some("auth.openai.com"), "/oauth/token/"),
    (Scheme::Https, Some("127.0.0.1"), "/oauth/token"),
    (
        Scheme::Https,
        Some("auth.openai.com"),
        "https://example.org/oauth/token",
    ),
    (Scheme::Https, None, "/oauth/token"),
];

/// What comes of a request.
fn reach((scheme, authority, path): (Scheme, Option<&str>, &str)) -> String {
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Post).unwrap();
    let named = request.set_scheme(Some(&scheme));
    if named.and(request.set_authority(authority)).is_err() {
        return "no such authority".into();
    }
    if request.set_path_with_query(Some(path)).is_err() {
        return "no such path".into();
    }
    let answer = match outgoing_handler::handle(request, None) {
        Ok(answer) => answer,
        Err(code) => return format!("{code:?}"),
    };
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(Ok(response))) => format!("answered {}", response.status()),
        Some(Ok(Err(code))) => format!("{code:?}"),
        other => format!("{:?}", other.is_some()),
    }
}
