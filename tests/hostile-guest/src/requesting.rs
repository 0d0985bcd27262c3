//! Misdeeds with requests. The order can set every part, such as `method=PUT` or
//! `header=name: value`; the other parts are those of a refresh.

use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::streams::{OutputStream, StreamError};

pub(crate) fn commit(misdeed: &str, details: &[&str]) -> Option<String> {
    let then: fn(FutureIncomingResponse) -> Result<String, String> = match misdeed {
        "request" => answer,
        "request and read slowly" => read_slowly,
        // The answer is dropped with the call, and was not read.
        "request and read nothing" => unread,
        // The request is dropped with its call.
        "request and leave" => |_under_way| Ok("left".into()),
        "request and trap while it is under way" => |_under_way| {
            monotonic_clock::subscribe_duration(300_000_000).block();
            core::arch::wasm32::unreachable()
        },
        "request and trap with the answer" => |under_way| {
            answer(under_way)?;
            core::arch::wasm32::unreachable()
        },
        _ => return None,
    };
    let outcome = Order::read(details).send().and_then(then);
    Some(outcome.unwrap_or_else(|refusal| refusal))
}

/// The request to send.
pub(crate) struct Order<'a> {
    method: Method,
    scheme: Option<Scheme>,
    authority: Option<&'a str>,
    path: Option<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    body: Vec<u8>,
    /// The body is repeated until the host takes no more.
    is_endless: bool,
    /// Each timeout of the request, in nanoseconds.
    timeout: Option<u64>,
}

impl Default for Order<'_> {
    fn default() -> Self {
        Self {
            method: Method::Post,
            scheme: Some(Scheme::Https),
            authority: Some("auth.openai.com"),
            path: Some("/oauth/token"),
            headers: Vec::new(),
            body: Vec::new(),
            is_endless: false,
            timeout: None,
        }
    }
}

impl<'a> Order<'a> {
    fn read(details: &[&'a str]) -> Self {
        let mut order = Self::default();
        for detail in details {
            let (part, value) = detail.split_once('=').unwrap_or((detail, ""));
            match part {
                "method" => order.method = method(value),
                "scheme" => order.scheme = Some(scheme(value)),
                "authority" => order.authority = Some(value),
                "no authority" => order.authority = None,
                "path" => order.path = Some(value),
                "no path" => order.path = None,
                "header" => order.headers.push(value.split_once(": ").unwrap()),
                "body" => order.body = value.as_bytes().to_vec(),
                "bytes of body" => order.body = vec![b'x'; value.parse().unwrap()],
                "endless body" => {
                    order.body = vec![b'x'; 1 << 16];
                    order.is_endless = true;
                }
                "patience" => order.timeout = Some(value.parse().unwrap()),
                other => panic!("no part of a request: {other}"),
            }
        }
        order
    }

    /// The request, or the part that the host refused.
    pub(crate) fn request(&self) -> Result<OutgoingRequest, String> {
        let headers = Fields::new();
        for (name, value) in &self.headers {
            let appended = headers.append(name, value.as_bytes());
            appended.map_err(|refusal| format!("header refused: {refusal:?}"))?;
        }
        let request = OutgoingRequest::new(headers);
        let refused = |part| move |()| format!("{part} refused");
        let (scheme, authority) = (self.scheme.as_ref(), self.authority);
        request
            .set_method(&self.method)
            .map_err(refused("method"))?;
        request.set_scheme(scheme).map_err(refused("scheme"))?;
        request
            .set_authority(authority)
            .map_err(refused("authority"))?;
        request
            .set_path_with_query(self.path)
            .map_err(refused("path"))?;
        Ok(request)
    }

    fn options(&self) -> Result<Option<RequestOptions>, String> {
        let Some(timeout) = self.timeout else {
            return Ok(None);
        };
        let options = RequestOptions::new();
        let set = options
            .set_connect_timeout(Some(timeout))
            .and(options.set_first_byte_timeout(Some(timeout)))
            .and(options.set_between_bytes_timeout(Some(timeout)));
        set.map_err(|()| "patience refused".to_owned())?;
        Ok(Some(options))
    }

    fn send(&self) -> Result<FutureIncomingResponse, String> {
        let request = self.request()?;
        let options = self.options()?;
        let body = request.body().map_err(|()| "body refused")?;
        let under_way = outgoing_handler::handle(request, options).map_err(text)?;
        let stream = body.write().unwrap();
        while self.write(&stream).is_ok() && self.is_endless {}
        drop(stream);
        // The answer reports this error too.
        _ = OutgoingBody::finish(body, None);
        Ok(under_way)
    }

    fn write(&self, stream: &OutputStream) -> Result<(), StreamError> {
        let mut pieces = self.body.chunks(4096);
        pieces.try_for_each(|piece| stream.blocking_write_and_flush(piece))
    }
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "CONNECT" => Method::Connect,
        other => Method::Other(other.into()),
    }
}

fn scheme(name: &str) -> Scheme {
    match name {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    }
}

/// Status, headers and size of the answer, or the code of the failure.
fn answer(under_way: FutureIncomingResponse) -> Result<String, String> {
    let answer = head(under_way)?;
    let mut names: Vec<_> = answer.headers().entries();
    names.sort();
    let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
    let status = answer.status();
    let bytes = read(answer, 1 << 20, 0)?;
    Ok(format!("{status}, {bytes} bytes, {}", names.join(" ")))
}

/// Status and size of an answer that the guest reads in small pieces, with pauses.
fn read_slowly(under_way: FutureIncomingResponse) -> Result<String, String> {
    let answer = head(under_way)?;
    let status = answer.status();
    let bytes = read(answer, 256, 20_000_000)?;
    Ok(format!("{status}, {bytes} bytes"))
}

/// Status of an answer that the guest does not read.
fn unread(under_way: FutureIncomingResponse) -> Result<String, String> {
    let answer = head(under_way)?;
    Ok(format!("{}, not read", answer.status()))
}

fn head(under_way: FutureIncomingResponse) -> Result<IncomingResponse, String> {
    under_way.subscribe().block();
    under_way.get().unwrap().unwrap().map_err(text)
}

/// Reads pieces of at most this many bytes, with pauses in nanoseconds.
fn read(answer: IncomingResponse, piece: u64, pause: u64) -> Result<usize, String> {
    let body: IncomingBody = answer.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut bytes = 0;
    loop {
        if pause > 0 {
            monotonic_clock::subscribe_duration(pause).block();
        }
        match stream.blocking_read(piece) {
            Ok(piece) => bytes += piece.len(),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
}

fn text(code: ErrorCode) -> String {
    let text = format!("{code:?}");
    text.trim_start_matches("ErrorCode::").to_owned()
}
