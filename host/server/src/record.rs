//! What is measured and logged of a request: one line, and the metrics.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use chatgpt_oauth_gateway::{Outcome, RequestId};
use http::header::{self, HeaderMap, HeaderValue};
use http::{HeaderName, Method, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tracing::Span;

use crate::answer::{Answer, Body, Code};
use crate::app::App;
use crate::auth::Caller;
use crate::listen::Active;
use crate::metrics::Labels;
use crate::routes;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IGNORED: &str = "x-chatgpt-oauth-ignored";
/// How much of a text of the caller is logged, in characters.
const LONGEST: usize = 64;

/// A request that is being answered. Measured and logged when it is dropped.
pub(crate) struct Record {
    id: RequestId,
    /// Names the request in every line of the log that is about it.
    span: Span,
    method: Method,
    route: &'static str,
    traced: Traced,
    begun: Instant,
    app: Arc<App>,
    outcome: Option<Answered>,
    _active: Active,
}

/// What is known when the head of the answer is.
struct Answered {
    status: u16,
    code: Option<String>,
    key: Option<Arc<str>>,
    is_stream: bool,
    bytes: u64,
    first_event: Option<Instant>,
    is_complete: bool,
}

/// What the caller says of its own request, for the log.
#[derive(Default)]
struct Traced {
    client_request: Option<String>,
    traceparent: Option<String>,
}

impl Traced {
    fn of(headers: &HeaderMap) -> Self {
        let of = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            let cut: String = value.chars().take(LONGEST).collect();
            Some(cut.escape_default().to_string())
        };
        Self {
            client_request: of("x-client-request-id"),
            traceparent: of("traceparent"),
        }
    }
}

impl Record {
    pub(crate) fn begin<B>(
        id: RequestId,
        request: &Request<B>,
        active: Active,
        app: Arc<App>,
    ) -> Self {
        Self {
            id,
            span: tracing::info_span!("request", id = %id),
            method: request.method().clone(),
            route: routes::at(request.uri().path()).name,
            traced: Traced::of(request.headers()),
            begun: Instant::now(),
            app,
            outcome: None,
            _active: active,
        }
    }

    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// The answer, with the headers of every answer, measured to its end.
    pub(crate) fn answered(mut self, mut answer: Answer) -> Answer {
        self.outcome = Some(Answered::of(&answer));
        if let Some(names) = answer.headers().get(IGNORED) {
            self.app.metrics.ignored(names);
        }
        add_headers(&mut answer, self.id);
        if self.is_stream() {
            self.app.metrics.stream_begins();
        }
        answer.map(|body| Body::new(Recorded { body, record: self }))
    }

    fn is_stream(&self) -> bool {
        self.outcome
            .as_ref()
            .is_some_and(|outcome| outcome.is_stream)
    }

    fn note(&mut self, frame: &Frame<Bytes>) {
        let Some(outcome) = &mut self.outcome else {
            return;
        };
        outcome.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
        if outcome.is_stream && outcome.first_event.is_none() {
            outcome.first_event = Some(Instant::now());
            self.app
                .metrics
                .first_event(self.route, self.begun.elapsed());
        }
    }

    fn end(&mut self) {
        if let Some(outcome) = &mut self.outcome {
            outcome.is_complete = true;
        }
    }
}

impl Answered {
    fn of(answer: &Answer) -> Self {
        let extensions = answer.extensions();
        let own = extensions.get().map(|Code(code)| (*code).to_owned());
        let of_gateway = || extensions.get::<Outcome>()?.code.clone();
        let caller: Option<&Caller> = extensions.get();
        let media_type = answer.headers().get(header::CONTENT_TYPE);
        Self {
            status: answer.status().as_u16(),
            code: own.or_else(of_gateway),
            key: caller.map(|caller| caller.key_id().clone()),
            is_stream: media_type.is_some_and(|value| value == "text/event-stream"),
            bytes: 0,
            first_event: None,
            is_complete: false,
        }
    }
}

/// The headers of every answer.
fn add_headers(answer: &mut Response<Body>, id: RequestId) {
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

impl Drop for Record {
    fn drop(&mut self) {
        let is_stream = self.is_stream();
        let outcome = self.outcome.as_ref();
        let labels = Labels::new(
            self.route,
            outcome.map(|outcome| outcome.status),
            outcome.and_then(|outcome| outcome.code.as_deref()),
        );
        let elapsed = self.begun.elapsed();
        self.app.metrics.answered(labels, elapsed);
        if is_stream {
            self.app.metrics.stream_ends();
        }
        tracing::info!(
            request = %self.id,
            method = shown(&self.method),
            route = self.route,
            status = outcome.map(|outcome| outcome.status),
            code = outcome.and_then(|outcome| outcome.code.as_deref()),
            key = outcome.and_then(|outcome| outcome.key.as_deref()),
            bytes = outcome.map_or(0, |outcome| outcome.bytes),
            complete = outcome.is_some_and(|outcome| outcome.is_complete),
            milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            client_request = self.traced.client_request.as_deref(),
            traceparent = self.traced.traceparent.as_deref(),
            "request",
        );
    }
}

/// A method of HTTP, or that it is another one: the caller may have invented it.
fn shown(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::POST | Method::DELETE | Method::OPTIONS => {
            method.as_str()
        }
        Method::PUT | Method::PATCH | Method::TRACE | Method::CONNECT => method.as_str(),
        _ => "other",
    }
}

/// The body of an answer that is measured.
struct Recorded {
    body: Body,
    record: Record,
}

impl HttpBody for Recorded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, record } = self.get_mut();
        let frame = record
            .span
            .in_scope(|| Pin::new(&mut *body).poll_frame(context));
        let frame = ready!(frame);
        if let Some(Ok(frame)) = &frame {
            record.note(frame);
        }
        if frame.is_none() || body.is_end_stream() {
            record.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
