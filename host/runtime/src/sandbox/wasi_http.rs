//! `wasi:http/outgoing-handler`: one request and its complete answer.
//!
//! The host checks the guest's request against the [policy](crate::egress::policy),
//! collects its body, builds a new request from the checked parts, sends that once, and
//! collects the answer, all before one deadline. The guest then reads a complete answer,
//! so that no stalled connection holds it up.
//!
//! The error of a failed request says whether the request may have arrived, which the
//! refresh protocol depends on: see [`failure`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::{timeout, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::activity::Activity;
use super::failpoint::step;
use super::given_answers::GivenAnswers;
use super::limits::{self, Deadline};
use super::token_answer::TokenAnswer;
use crate::egress::connect::CONNECT;
use crate::egress::failure;
use crate::egress::policy::{self, Rule};
use crate::egress::transport::{HttpClient, Transport, USER_AGENT};

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 64 << 10;

/// Headers that the host alone sets: framing and routing of the message, and the
/// encoding of its answer.
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

/// Headers of an answer that the component reads. From an answer with too many headers
/// the host keeps these: the answer may hold a token that exists nowhere else.
const READ_HEADERS: [HeaderName; 6] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::DATE,
    header::ETAG,
    header::RETRY_AFTER,
    HeaderName::from_static("cf-mitigated"),
];

/// The longest value of such a header in such an answer, in bytes.
const LONGEST_VALUE: usize = 1 << 10;

/// Sends the requests of one call.
pub(crate) struct HttpHooks {
    transport: Arc<Transport>,
    given: Option<Arc<GivenAnswers>>,
    deadline: Deadline,
    activity: Arc<Activity>,
}

impl HttpHooks {
    pub(crate) fn new(
        transport: Arc<Transport>,
        given: Option<Arc<GivenAnswers>>,
        deadline: Deadline,
        activity: Arc<Activity>,
    ) -> Self {
        Self {
            transport,
            given,
            deadline,
            activity,
        }
    }
}

type Processing = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for HttpHooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Processing,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Processing), Error>> + Send> {
        let call = OutgoingCall {
            transport: self.transport.clone(),
            given: self.given.clone(),
            deadline: self.deadline,
            activity: self.activity.clone(),
            timeouts: Timeouts::new(options),
        };
        Box::new(async move {
            let answer = call.run(request).await?;
            let body = |bytes| Full::new(bytes).map_err(|never| match never {});
            let answer = answer.map(|bytes| body(bytes).boxed_unsync());
            Ok((answer, Box::new(async { Ok(()) }) as Processing))
        })
    }

    /// The client writes the header, from the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        LARGEST_BODY
    }
}

/// The guest's timeouts, where they are shorter than the host's.
struct Timeouts {
    first_byte: Duration,
    between_bytes: Duration,
}

impl Timeouts {
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

/// One request.
struct OutgoingCall {
    transport: Arc<Transport>,
    given: Option<Arc<GivenAnswers>>,
    deadline: Deadline,
    activity: Arc<Activity>,
    timeouts: Timeouts,
}

impl OutgoingCall {
    async fn run(self, request: Request<WasiBody>) -> Result<Response<Bytes>, Error> {
        let (parts, body) = request.into_parts();
        let Some(rule) = self.permit(&parts.method, &parts.uri) else {
            tracing::warn!("the guest asked for an address outside of the policy");
            return Err(Error::HttpRequestDenied);
        };
        if self.deadline.has_passed() {
            return Err(Error::ConnectionTimeout);
        }
        if let Some(answer) = self.given.as_ref().and_then(|given| given.take(rule)) {
            collect(body).await?;
            return Ok(answer);
        }
        let deadline = self.deadline.at_most(limits::HTTP);
        // No byte of the request leaves in this block.
        let prepare = async {
            let client = self.transport.client(rule).await;
            let client = client.map_err(failure::before_sending)?;
            Ok::<_, Error>((collect(body).await?, client))
        };
        let prepared = timeout_at(deadline, prepare).await;
        let (body, client) = prepared.map_err(|_| Error::ConnectionTimeout)??;

        let request = build(rule, parts.uri.query(), &parts.headers, body)?;
        let started = Instant::now();
        self.activity.note_sent();
        let answer = timeout_at(deadline, self.send(&client, rule, request));
        let answer = step("send", rule.path, answer).await;
        let answer = answer.unwrap_or(Err(Error::HttpResponseTimeout));
        report(rule, started, &answer);
        if let Some(answer) = TokenAnswer::of(rule, &answer) {
            self.activity.note_token_answer(answer);
        }
        answer
    }

    fn permit(&self, method: &http::Method, uri: &http::Uri) -> Option<&'static Rule> {
        let rule = policy::rule_for(method, uri)?;
        self.transport.options().allows(rule.host).then_some(rule)
    }

    async fn send(
        &self,
        client: &HttpClient,
        rule: &Rule,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Error> {
        // The connector has its own timeout and its own error.
        let head = timeout(CONNECT + self.timeouts.first_byte, client.request(request)).await;
        let head = head.map_err(|_| Error::HttpResponseTimeout)?;
        let (head, body) = head
            .map_err(|error| failure::of_sending(&error))?
            .into_parts();
        self.activity.note_answered(rule.path == policy::TOKENS);

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
            let frame = timeout(self.timeouts.between_bytes, incoming.frame()).await;
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

/// Collects the whole request body of the guest.
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

/// Builds the request from the rule, so that the host sends what it checked.
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

/// Refuses an encoded answer, which this host does not decode. Removes cookies, and the
/// headers that the guest does not read if there are too many.
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
        tracing::warn!("the answer has too many headers, most are removed");
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
