//! The port [`Http`] over wasi:http.

use crate::bindings::wasi::clocks::monotonic_clock::{Duration, subscribe_duration};
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method as WasiMethod, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::poll::{self, Pollable};
use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use crate::ports::{Http, HttpError, HttpRequest, HttpResponse, MaybeSent, Method, NotSent};
use alloc::vec::Vec;

/// The origin that a test build sends every request to; the paths identify the
/// hosts. Fixed when the component is built. Released builds have no such origin.
const TEST_AUTHORITY: Option<&str> = match option_env!("CHATGPT_OAUTH_TEST_ORIGIN") {
    None => None,
    Some(origin) if origin.is_empty() => None,
    Some(origin) => Some(loopback_authority(origin)),
};

const SCHEME: Scheme = match TEST_AUTHORITY {
    None => Scheme::Https,
    Some(_) => Scheme::Http,
};

const SECOND: Duration = 1_000_000_000;

/// For connecting, in seconds. Hosts that set no limit of their own take minutes.
const CONNECT_TIMEOUT: u64 = 5;

/// For the first byte of the answer, in seconds.
const FIRST_BYTE_TIMEOUT: u64 = 15;

/// HTTP by wasi:http's outgoing handler.
pub(super) struct Outgoing;

impl Http for Outgoing {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let deadline = subscribe_duration(request.timeout_seconds.saturating_mul(SECOND));
        let response = response(request, &deadline)?;
        let status = response.status();
        let headers = response.headers().entries();
        let body = body(response, request.max_response_bytes, &deadline)?;
        Ok(HttpResponse {
            status,
            headers,
            body,
        })
    }
}

fn response(request: &HttpRequest, deadline: &Pollable) -> Result<IncomingResponse, HttpError> {
    let outgoing = outgoing(request)?;
    let body = outgoing.body().map_err(|()| UNSENT)?;
    let future = outgoing_handler::handle(outgoing, Some(options(request))).map_err(named)?;
    write(body, &request.body, deadline)?;
    wait(&future.subscribe(), deadline)?;
    match future.get() {
        Some(Ok(answer)) => answer.map_err(named),
        _ => Err(BROKEN),
    }
}

fn outgoing(request: &HttpRequest) -> Result<OutgoingRequest, HttpError> {
    let headers = Fields::new();
    let mut is_built = true;
    for (name, value) in &request.headers {
        is_built &= headers.append(name, value.as_bytes()).is_ok();
    }
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method {
        Method::Get => WasiMethod::Get,
        Method::Post => WasiMethod::Post,
    };
    let authority = TEST_AUTHORITY.unwrap_or(request.host);
    is_built &= outgoing.set_method(&method).is_ok()
        && outgoing.set_scheme(Some(&SCHEME)).is_ok()
        && outgoing.set_authority(Some(authority)).is_ok()
        && outgoing.set_path_with_query(Some(&request.path)).is_ok();
    is_built.then_some(outgoing).ok_or(UNSENT)
}

/// The authority of `http://127.0.0.1:PORT`. No other origin compiles, so no
/// build can send a token to another machine.
const fn loopback_authority(origin: &str) -> &str {
    const SCHEME: &[u8] = b"http://";
    const HOST: &[u8] = b"http://127.0.0.1:";
    const WRONG: &str = "CHATGPT_OAUTH_TEST_ORIGIN must be http://127.0.0.1:PORT";

    let (mut at, bytes) = (0, origin.as_bytes());
    assert!(bytes.len() > HOST.len(), "{}", WRONG);
    while at < HOST.len() {
        assert!(bytes[at] == HOST[at], "{}", WRONG);
        at += 1;
    }
    let (_, port) = origin.split_at(HOST.len());
    // `u16` also accepts a leading plus sign.
    assert!(matches!(port.as_bytes()[0], b'1'..=b'9'), "{}", WRONG);
    assert!(u16::from_str_radix(port, 10).is_ok(), "{}", WRONG);
    origin.split_at(SCHEME.len()).1
}

/// Hosts may refuse these options. The deadline of the call still applies.
fn options(request: &HttpRequest) -> RequestOptions {
    let first_byte = FIRST_BYTE_TIMEOUT.min(request.timeout_seconds);
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(CONNECT_TIMEOUT * SECOND));
    let _ = options.set_first_byte_timeout(Some(first_byte * SECOND));
    let _ = options.set_between_bytes_timeout(Some(first_byte * SECOND));
    options
}

fn write(body: OutgoingBody, bytes: &[u8], deadline: &Pollable) -> Result<(), HttpError> {
    let stream = body.write().map_err(|()| BROKEN)?;
    let written = write_all(&stream, bytes, deadline);
    drop(stream);
    written?;
    OutgoingBody::finish(body, None).map_err(named)
}

/// Writes as much at a time as the host accepts. When it accepts no more, the
/// response says why.
fn write_all(stream: &OutputStream, bytes: &[u8], deadline: &Pollable) -> Result<(), HttpError> {
    let ready = stream.subscribe();
    let mut left = bytes;
    while !left.is_empty() {
        wait(&ready, deadline)?;
        let Ok(room) = stream.check_write() else {
            return Ok(());
        };
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let (piece, rest) = left.split_at(room.min(left.len()));
        if stream.write(piece).is_err() {
            return Ok(());
        }
        left = rest;
    }
    match stream.flush() {
        Ok(()) => wait(&ready, deadline),
        Err(_) => Ok(()),
    }
}

fn body(
    response: IncomingResponse,
    limit: usize,
    deadline: &Pollable,
) -> Result<Vec<u8>, HttpError> {
    let body = response.consume().map_err(|()| BROKEN)?;
    let stream = body.stream().map_err(|()| BROKEN)?;
    let bytes = read(&stream, limit, deadline);
    drop(stream);
    drop(IncomingBody::finish(body));
    bytes
}

fn read(stream: &InputStream, limit: usize, deadline: &Pollable) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    loop {
        wait(&stream.subscribe(), deadline)?;
        match stream.read(64 * 1024) {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(BROKEN),
        }
        if bytes.len() > limit {
            return Err(HttpError::MaybeSent(MaybeSent::Unreadable));
        }
    }
}

/// Waits until `ready` is, or until the deadline.
fn wait(ready: &Pollable, deadline: &Pollable) -> Result<(), HttpError> {
    match poll::poll(&[ready, deadline]).contains(&0) {
        true => Ok(()),
        false => Err(HttpError::MaybeSent(MaybeSent::TimedOut)),
    }
}

/// The request could not be built.
const UNSENT: HttpError = HttpError::NotSent(NotSent::Denied);

/// The connection broke at an unknown point.
const BROKEN: HttpError = HttpError::MaybeSent(MaybeSent::Broken);

/// What the error of a host means. These names mean that nothing was sent, as
/// wasmtime and the host of this repository use them. After all others the
/// request may have arrived.
fn named(error: ErrorCode) -> HttpError {
    HttpError::NotSent(match error {
        ErrorCode::HttpRequestDenied => NotSent::Denied,
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => NotSent::NameUnknown,
        ErrorCode::DestinationIpProhibited => NotSent::NotPublic,
        ErrorCode::ConnectionRefused => NotSent::Refused,
        ErrorCode::ConnectionTimeout | ErrorCode::DnsTimeout => NotSent::TimedOut,
        ErrorCode::DestinationUnavailable => NotSent::Unreachable,
        ErrorCode::TlsCertificateError => NotSent::Certificate,
        ErrorCode::InternalError(Some(word)) => match proxy_fault(&word) {
            Some(fault) => fault,
            None => return BROKEN,
        },
        error => return HttpError::MaybeSent(maybe_sent(&error)),
    })
}

/// Hosts that know this component report a fault of the proxy by a word of this
/// list: wasi:http has no names for these faults.
fn proxy_fault(word: &str) -> Option<NotSent> {
    Some(match word {
        "proxy-unusable" => NotSent::ProxyUnusable,
        "proxy-name-unknown" => NotSent::ProxyNameUnknown,
        "proxy-refused" => NotSent::ProxyRefused,
        "proxy-unreachable" => NotSent::ProxyUnreachable,
        "proxy-authentication" => NotSent::ProxyAuthentication,
        "proxy-denied" => NotSent::ProxyDenied,
        "proxy-certificate" => NotSent::ProxyCertificate,
        _ => return None,
    })
}

fn maybe_sent(error: &ErrorCode) -> MaybeSent {
    match error {
        ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpResponseContentCoding(_) => {
            MaybeSent::Unreadable
        }
        ErrorCode::HttpResponseTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout => MaybeSent::TimedOut,
        _ => MaybeSent::Broken,
    }
}
