//! `wasi:http/outgoing-handler`: one request, as a whole.
//!
//! The guest's request is held against the [policy](crate::egress::policy), collected,
//! built anew from what was checked, sent once, and its answer collected, all
//! under one deadline. The guest then reads an answer that is complete: there is
//! no connection behind it that could stall.
//!
//! What the guest hears when it fails is what its refresh protocol needs to know,
//! whether the request may have arrived; [`failure`] says that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::{timeout, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::failpoint::step;
use super::limits::{self, Bound};
use super::state::Traffic;
use crate::egress::connect::CONNECT;
use crate::egress::failure;
use crate::egress::policy::{self, Rule};
use crate::egress::transport::{HttpClient, Transport, USER_AGENT};

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 64 << 10;

/// Headers that are the host's business: how the message is framed and routed,
/// and how its answer is encoded.
const HOSTS_HEADERS: [HeaderName; 12] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers of an answer that the component reads. Of an answer with too many,
/// these are left: it may hold a token that exists nowhere else.
const READ_HEADERS: [HeaderName; 6] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::DATE,
    header::ETAG,
    header::RETRY_AFTER,
    HeaderName::from_static("cf-mitigated"),
];

/// The longest value of one of these in such an answer, in bytes.
const LONGEST_VALUE: usize = 1 << 10;

/// One call's way out.
pub(crate) struct Outgoing {
    transport: Arc<Transport>,
    bound: Bound,
    traffic: Arc<Traffic>,
}

impl Outgoing {
    pub(crate) fn new(transport: Arc<Transport>, bound: Bound, traffic: Arc<Traffic>) -> Self {
        Self {
            transport,
            bound,
            traffic,
        }
    }
}

type Processing = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Processing,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Processing), Error>> + Send> {
        let exchange = Exchange {
            transport: self.transport.clone(),
            bound: self.bound,
            traffic: self.traffic.clone(),
            patience: Patience::new(options),
        };
        Box::new(async move {
            let answer = exchange.run(request).await?;
            let body = |bytes| Full::new(bytes).map_err(|never| match never {});
            let answer = answer.map(|bytes| body(bytes).boxed_unsync());
            Ok((answer, Box::new(async { Ok(()) }) as Processing))
        })
    }

    /// The client writes it, from the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        LARGEST_BODY
    }
}

/// How long to wait for what, where the guest is less patient than the host.
struct Patience {
    first_byte: Duration,
    between_bytes: Duration,
}

impl Patience {
    fn new(options: Option<RequestOptions>) -> Self {
        let asked = |of: fn(&RequestOptions) -> Option<Duration>| {
            let asked = options.as_ref().and_then(of);
            asked.unwrap_or(limits::HTTP).min(limits::HTTP)
        };
        Self {
            first_byte: asked(|options| options.first_byte_timeout),
            between_bytes: asked(|options| options.between_bytes_timeout),
        }
    }
}

/// A request on its way.
struct Exchange {
    transport: Arc<Transport>,
    bound: Bound,
    traffic: Arc<Traffic>,
    patience: Patience,
}

impl Exchange {
    async fn run(self, request: Request<WasiBody>) -> Result<Response<Bytes>, Error> {
        let (parts, body) = request.into_parts();
        let Some(rule) = self.permit(&parts.method, &parts.uri) else {
            tracing::warn!("the guest asked for an address outside of the policy");
            return Err(Error::HttpRequestDenied);
        };
        if self.bound.is_spent() {
            return Err(Error::ConnectionTimeout);
        }
        let deadline = self.bound.deadline(limits::HTTP);
        // Nothing has left yet, whatever goes wrong in here.
        let prepare = async {
            let client = self.transport.client(rule).await;
            let client = client.map_err(failure::before_sending)?;
            Ok::<_, Error>((collect(body).await?, client))
        };
        let prepared = timeout_at(deadline, prepare).await;
        let (body, client) = prepared.map_err(|_| Error::ConnectionTimeout)??;

        let request = build(rule, parts.uri.query(), &parts.headers, body)?;
        let started = Instant::now();
        self.traffic.note_sent();
        let answer = timeout_at(deadline, self.exchange(&client, rule, request));
        let answer = step("send", rule.path, answer).await;
        let answer = answer.unwrap_or(Err(Error::HttpResponseTimeout));
        report(rule, started, &answer);
        answer
    }

    fn permit(&self, method: &http::Method, uri: &http::Uri) -> Option<&'static Rule> {
        let rule = policy::rule_for(method, uri)?;
        self.transport.options().reaches(rule.host).then_some(rule)
    }

    async fn exchange(
        &self,
        client: &HttpClient,
        rule: &Rule,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Error> {
        // A connection that takes too long fails by itself, and says so.
        let head = timeout(CONNECT + self.patience.first_byte, client.request(request)).await;
        let head = head.map_err(|_| Error::HttpResponseTimeout)?;
        let (head, body) = head
            .map_err(|error| failure::of_sending(&error))?
            .into_parts();
        self.traffic.note_answered();

        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = head.status;
        *answer.headers_mut() = accept(&head.headers)?;
        *answer.body_mut() = self.read(body, rule.max_response_bytes).await?;
        Ok(answer)
    }

    async fn read(&self, mut incoming: Incoming, largest: usize) -> Result<Bytes, Error> {
        let too_large = || Error::HttpResponseBodySize(Some(largest as u64));
        if incoming.size_hint().lower() > largest as u64 {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        loop {
            let frame = timeout(self.patience.between_bytes, incoming.frame()).await;
            let frame = frame.map_err(|_| Error::ConnectionReadTimeout)?;
            let Some(frame) = frame else {
                return Ok(body.freeze());
            };
            let frame = frame.map_err(|_| Error::HttpResponseIncomplete)?;
            // Trailers are not read.
            let chunk = frame.into_data().unwrap_or_default();
            if body.len() + chunk.len() > largest {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
    }
}

/// Takes the whole request body from the guest.
async fn collect(body: WasiBody) -> Result<Bytes, Error> {
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Error::HttpRequestBodySize(Some(LARGEST_BODY as u64)))
        }
        Err(error) => Err(match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(_) => Error::HttpProtocolError,
        }),
    }
}

/// Builds the request from the rule, so that what was checked is what is sent.
fn build(
    rule: &Rule,
    query: Option<&str>,
    guests: &HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Error> {
    let url = rule.url(query).parse();
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = rule.method().clone();
    *request.uri_mut() = url.map_err(|_| Error::HttpRequestUriInvalid)?;
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(header::USER_AGENT, USER_AGENT);
    for name in guests.keys().filter(|name| !HOSTS_HEADERS.contains(name)) {
        headers.remove(name);
        for value in guests.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    Ok(request)
}

/// Refuses an encoded answer, which this host does not read, and keeps cookies
/// and a flood of headers from the guest.
fn accept(headers: &HeaderMap) -> Result<HeaderMap, Error> {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if !encodings.all(is_identity) {
        return Err(Error::HttpResponseContentCoding(None));
    }
    let mut headers = headers.clone();
    headers.remove(header::SET_COOKIE);
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    if headers.iter().map(size).sum::<usize>() > limits::HTTP_FIELDS {
        tracing::warn!("the answer has too many headers, most are left out");
        headers = only_read(&headers);
    }
    Ok(headers)
}

fn only_read(headers: &HeaderMap) -> HeaderMap {
    let short = |name: &HeaderName| {
        let value = headers.get(name)?;
        (value.len() <= LONGEST_VALUE).then(|| (name.clone(), value.clone()))
    };
    READ_HEADERS.iter().filter_map(short).collect()
}

fn report(rule: &Rule, started: Instant, answer: &Result<Response<Bytes>, Error>) {
    let (host, path) = (rule.host, rule.path);
    let milliseconds = started.elapsed().as_millis();
    match answer {
        Ok(answer) => {
            let (status, bytes) = (answer.status().as_u16(), answer.body().len());
            tracing::debug!(host, path, status, bytes, milliseconds, "answered");
        }
        Err(error) => tracing::warn!(host, path, %error, milliseconds, "not answered"),
    }
}

#[cfg(test)]
mod tests;
