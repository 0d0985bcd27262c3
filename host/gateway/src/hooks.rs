//! [`ModelHooks`]: the model calls of guests of wasmtime.
//!
//! A guest sends its model calls to a reserved name, which no resolver knows. The hooks of
//! its host answer them by a [`ModelAccess`], so that the login stays outside of the guest.
//! Every other request is the affair of the inner hooks.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderName, Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep, sleep, timeout};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use crate::access::ModelAccess;
use crate::body::ModelBody;
use crate::request::ORIGINATOR;

/// The host of a guest's model calls: `https://openai-codex.invalid/v1/…`. A name below
/// `.invalid` never resolves (RFC 2606).
pub const GUEST_HOST: &str = "openai-codex.invalid";

/// The hooks of a guest that makes model calls with the login of one profile.
///
/// Requests to [`GUEST_HOST`] by `https` or `http`, with the default port and a path below
/// `/v1/`, are answered by the profile's [`ModelAccess`]. The guest's own authorization,
/// cookies and account are dropped, so that an SDK with any key works, and so is the name of
/// a client in `originator`. Failures are HTTP answers; only the guest's own timeouts end in
/// an error of `wasi:http`.
///
/// The inner hooks get every other request and decide on headers and schemes.
/// [`ModelAccess::with_budget`] limits what the guest may use.
#[derive(Debug)]
pub struct ModelHooks<I = DenyAll> {
    access: ModelAccess,
    inner: I,
}

impl ModelHooks {
    /// Hooks for a guest that may make model calls and no other requests.
    #[must_use]
    pub fn only(access: ModelAccess) -> Self {
        Self::new(access, DenyAll)
    }
}

impl<I> ModelHooks<I> {
    /// Hooks for a guest whose other requests these hooks answer.
    pub const fn new(access: ModelAccess, inner: I) -> Self {
        Self { access, inner }
    }
}

/// Hooks that deny every request.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyAll;

type Processing = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sending = Box<dyn Future<Output = Result<(Response<WasiBody>, Processing), Error>> + Send>;

impl WasiHttpHooks for DenyAll {
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Processing,
    ) -> Sending {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

impl<I: WasiHttpHooks> WasiHttpHooks for ModelHooks<I> {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        processing: Processing,
    ) -> Sending {
        if !is_model_call(request.uri()) {
            return self.inner.send_request(request, options, processing);
        }
        let access = self.access.clone();
        Box::new(async move {
            let answer = send(&access, request, Timeouts::from(options)).await?;
            Ok((answer, Box::new(async { Ok(()) }) as Processing))
        })
    }

    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        self.inner.is_forbidden_header(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        self.inner.forbidden_header_filter()
    }

    fn is_supported_scheme(&mut self, scheme: &Scheme) -> bool {
        self.inner.is_supported_scheme(scheme)
    }

    fn set_host_header(&mut self) -> bool {
        self.inner.set_host_header()
    }

    fn default_scheme(&mut self) -> Option<Scheme> {
        self.inner.default_scheme()
    }

    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        self.inner.p2_outgoing_body_buffer_chunks()
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        self.inner.p2_outgoing_body_chunk_size()
    }

    fn p2_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode {
        self.inner.p2_error_from_hyper(error)
    }

    fn p2_error_from_connect(&mut self, error: &std::io::Error) -> ErrorCode {
        self.inner.p2_error_from_connect(error)
    }

    fn p2_error_from_tls(&mut self, error: &std::io::Error) -> ErrorCode {
        self.inner.p2_error_from_tls(error)
    }
}

/// Whether a request is for the gateway: compares scheme, authority and the beginning of
/// the path with constants. User information and other ports are not the reserved name.
fn is_model_call(uri: &Uri) -> bool {
    let default_port = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") => 80,
        _ => return false,
    };
    let is_reserved = uri.authority().is_some_and(|authority| {
        *authority == *GUEST_HOST || *authority == *format!("{GUEST_HOST}:{default_port}")
    });
    is_reserved && uri.path().starts_with("/v1/")
}

async fn send(
    access: &ModelAccess,
    mut request: Request<WasiBody>,
    timeouts: Timeouts,
) -> Result<Response<WasiBody>, Error> {
    // A guest does not choose as which client the host calls the backend.
    request.headers_mut().remove(ORIGINATOR);
    let answer = access.send(request);
    let answer = match timeouts.head {
        Some(head) => timeout(head, answer)
            .await
            .map_err(|_| Error::HttpResponseTimeout)?,
        None => answer.await,
    };
    Ok(answer.map(|body| match timeouts.between_bytes {
        Some(pause) => TimedBody::new(body, pause).boxed_unsync(),
        None => body.map_err(|never| match never {}).boxed_unsync(),
    }))
}

/// The guest's own timeouts. The gateway has its own besides, so these can only be shorter.
struct Timeouts {
    head: Option<Duration>,
    between_bytes: Option<Duration>,
}

impl From<Option<RequestOptions>> for Timeouts {
    fn from(options: Option<RequestOptions>) -> Self {
        let options = options.as_ref();
        Self {
            head: options.and_then(|options| {
                let connect = options.connect_timeout.unwrap_or_default();
                let first_byte = options.first_byte_timeout?;
                Some(connect.saturating_add(first_byte))
            }),
            between_bytes: options.and_then(|options| options.between_bytes_timeout),
        }
    }
}

/// A body that fails when nothing has come for too long.
struct TimedBody {
    body: ModelBody,
    pause: Duration,
    timer: Pin<Box<Sleep>>,
}

impl TimedBody {
    fn new(body: ModelBody, pause: Duration) -> Self {
        Self {
            body,
            pause,
            timer: Box::pin(sleep(pause)),
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(later) = Instant::now().checked_add(self.pause) {
                self.timer.as_mut().reset(later);
            }
            let infallible = |never: Infallible| match never {};
            return Poll::Ready(frame.map(|frame| frame.map_err(infallible)));
        }
        ready!(self.timer.as_mut().poll(context));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::is_model_call;

    #[test]
    fn the_reserved_name_is_the_only_one() {
        for url in [
            "https://openai-codex.invalid/v1/responses",
            "http://openai-codex.invalid/v1/models/a%2Fb",
            "https://OpenAI-Codex.invalid/v1/responses",
            "https://openai-codex.invalid:443/v1/responses",
            "http://openai-codex.invalid:80/v1/responses?x",
        ] {
            assert!(is_model_call(&url.parse().unwrap()), "{url}");
        }
    }

    /// Faults: G46
    #[test]
    fn look_alikes_of_the_reserved_name_are_for_the_inner_hooks() {
        for url in [
            "https://openai-codex.invalid:444/v1/responses",
            "https://openai-codex.invalid:80/v1/responses",
            "http://openai-codex.invalid:443/v1/responses",
            "https://ada@openai-codex.invalid/v1/responses",
            "https://ada:openai-codex.invalid@example.com/v1/responses",
            "https://openai-codex.invalid./v1/responses",
            "https://openai-codex.invalid.example.com/v1/responses",
            "https://openai-codex.invalid/",
            "https://openai-codex.invalid/v1",
            "https://openai-codex.invalid/V1/responses",
            "https://openai-codex.invalid//v1/responses",
            "https://openai-codex.invalid/%76%31/responses",
            "https://openai-codex.invalid/backend-api/codex/responses",
            "https://xn--openai-codx-x9a.invalid/v1/responses",
            "https://chatgpt.com/backend-api/codex/responses",
            "ftp://openai-codex.invalid/v1/responses",
            "/v1/responses",
        ] {
            assert!(!is_model_call(&url.parse().unwrap()), "{url}");
        }
    }
}
