//! One call, from the request to the head of the answer.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chatgpt_oauth::Rule;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;
use uuid::Uuid;

use crate::answer_headers;
use crate::authorization::Credentials;
use crate::body::ModelBody;
use crate::error::{ErrorAnswer, JSON};
use crate::events::{End, Event, Events};
use crate::gateway::Parts;
use crate::models;
use crate::profiles::InUse;
use crate::refusal;
use crate::relay::Relay;
use crate::request::{self, Kind, ModelRequest};
use crate::upstream::{COMPACT, MODELS, RESPONSES};

const IGNORED: &str = "x-chatgpt-oauth-ignored";
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The largest error of the backend that is read, in bytes.
const LARGEST_ERROR: usize = 64 << 10;
/// How long the body of an answer that is no stream may be silent.
const SILENCE: Duration = Duration::from_secs(600);
/// How long the body of an error may take.
const ERROR: Duration = Duration::from_secs(10);
/// How long the first bytes of a stream that does not call itself one are waited for.
const FIRST_BYTES: Duration = Duration::from_secs(15);
/// How long a caller waits after the backend has refused a new token, in seconds.
const REJECTED: u64 = 60;

/// One call of a profile.
pub(crate) struct Call<'a> {
    pub(crate) id: Uuid,
    pub(crate) gateway: &'a Parts,
    pub(crate) profile: &'a InUse,
}

/// The head of a successful answer of the backend, and its body.
struct Answer {
    head: http::response::Parts,
    body: Incoming,
    credentials: Arc<Credentials>,
}

impl Call<'_> {
    pub(crate) async fn responses<B>(
        &self,
        request: Request<B>,
    ) -> Result<Response<ModelBody>, ErrorAnswer>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let body = self.gateway.room.collect(&head.headers, body).await?;
        let request = request::judge(Kind::Responses, &body.bytes, &head.headers)?;
        let answer = self.send(RESPONSES, &EVENT_STREAM, &request).await;
        drop(body);
        let answer = match answer {
            Ok(answer) => self.read_events(answer, request.is_streamed).await,
            Err(error) => Err(error),
        };
        with_ignored(answer, &request)
    }

    pub(crate) async fn compact<B>(
        &self,
        request: Request<B>,
    ) -> Result<Response<ModelBody>, ErrorAnswer>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let body = self.gateway.room.collect(&head.headers, body).await?;
        let request = request::judge(Kind::Compact, &body.bytes, &head.headers)?;
        let answer = self.send(COMPACT, &JSON, &request).await;
        drop(body);
        let answer = match answer {
            Ok(answer) => read_json(COMPACT, answer).await.map(|(headers, body)| {
                let mut response = Response::new(ModelBody::full(body));
                *response.headers_mut() = headers;
                response
            }),
            Err(error) => Err(error),
        };
        with_ignored(answer, &request)
    }

    pub(crate) async fn models(&self) -> Result<Response<ModelBody>, ErrorAnswer> {
        let profile = self.profile.authorization.profile();
        models::list(&profile.models(false).await?)
    }

    pub(crate) async fn model(&self, id: &str) -> Result<Response<ModelBody>, ErrorAnswer> {
        let profile = self.profile.authorization.profile();
        models::one(&profile.models(false).await?, id)
    }

    /// The backend's own list, for a Codex CLI.
    pub(crate) async fn catalogue(
        &self,
        version: &str,
    ) -> Result<Response<ModelBody>, ErrorAnswer> {
        let query = models::query(version)?;
        let catalogue = &self.profile.catalogue;
        let generation = self.profile.authorization.profile().login_generation();
        if let Some(body) = catalogue.kept(&query, generation) {
            return Ok(models::with_etag(body));
        }
        let headers = |credentials: &Credentials| with_accept(&credentials.headers, &JSON);
        let answer = self
            .exchange(MODELS, Some(&query), headers, Bytes::new())
            .await?;
        let (_, body) = read_json(MODELS, answer).await?;
        catalogue.keep(query, generation, body.clone());
        Ok(models::with_etag(body))
    }

    async fn send(
        &self,
        rule: &Rule,
        accept: &HeaderValue,
        request: &ModelRequest,
    ) -> Result<Answer, ErrorAnswer> {
        let headers = |credentials: &Credentials| {
            let joined = request.headers.joined_with(&credentials.headers);
            let mut headers = with_accept(&joined, accept);
            headers.insert(header::CONTENT_TYPE, JSON);
            headers
        };
        self.exchange(rule, None, headers, request.body.clone())
            .await
    }

    /// Sends a request, and once more with a new token if the backend refuses the token.
    async fn exchange(
        &self,
        rule: &Rule,
        query: Option<&str>,
        headers: impl Fn(&Credentials) -> HeaderMap,
        body: Bytes,
    ) -> Result<Answer, ErrorAnswer> {
        let mut refused: Option<Arc<Credentials>> = None;
        for _ in 0..2 {
            let credentials = self.profile.authorization.get(refused.as_deref()).await?;
            let headers = headers(&credentials);
            let answer = self
                .gateway
                .upstream
                .send(rule, query, headers, body.clone())
                .await?;
            if answer.status() != StatusCode::UNAUTHORIZED {
                return accept(answer, credentials).await;
            }
            tracing::info!(request = %self.id, "the backend refused the token");
            refused = Some(credentials);
        }
        tracing::warn!(request = %self.id, "the backend refused the new token too");
        let message = "The backend refuses the login's tokens. Try again in a minute; if it stays, sign in again.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Err(ErrorAnswer::new(status, "rejected_by_backend", message).retry_after(REJECTED))
    }

    /// Answers with the events of the backend, or with the response that they make.
    async fn read_events(
        &self,
        mut answer: Answer,
        is_streamed: bool,
    ) -> Result<Response<ModelBody>, ErrorAnswer> {
        let received = first_bytes(&mut answer).await?;
        let secrets = answer.credentials.secrets.clone();
        let returned = answer_headers::returned(&answer.head.headers);
        let returned = secrets.removed_from_headers(returned);
        let events = Events::new(format!("resp_{}", self.id.simple()), secrets.clone());
        let relay = Relay::new(self.id, answer.body, received, events);
        let mut response = match is_streamed {
            true => streamed(relay),
            false => collected(relay)
                .await
                .map_err(|error| secrets.removed_from(error))?,
        };
        response.headers_mut().extend(returned);
        Ok(response)
    }
}

fn streamed(relay: Relay<Incoming>) -> Response<ModelBody> {
    let mut response = Response::new(ModelBody::relay(relay));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The response that the last event has.
async fn collected(mut relay: Relay<Incoming>) -> Result<Response<ModelBody>, ErrorAnswer> {
    let mut end = None;
    while let Some(event) = poll_fn(|context| relay.poll_event(context)).await {
        if let Event::End(_, found) = event {
            end = Some(found);
        }
    }
    let body = match end {
        Some(End::Response(Some(response))) => response.get().to_owned(),
        Some(End::Failed(error)) => return Err(*error),
        Some(End::Broken(why)) => return Err(why.into_answer()),
        Some(End::Response(None)) | None => return Err(unreadable()),
    };
    let mut response = Response::new(ModelBody::full(body));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

/// A successful answer, or the error that the backend's means.
async fn accept(
    answer: Response<Incoming>,
    credentials: Arc<Credentials>,
) -> Result<Answer, ErrorAnswer> {
    let (head, body) = answer.into_parts();
    if head.status == StatusCode::OK {
        return Ok(Answer {
            head,
            body,
            credentials,
        });
    }
    let body = timeout(ERROR, Limited::new(body, LARGEST_ERROR).collect()).await;
    let body = match body {
        Ok(Ok(body)) => body.to_bytes(),
        _ => Bytes::new(),
    };
    let error = refusal::of_answer(head.status, &head.headers, &body);
    let network_id = head.headers.get("cf-ray");
    tracing::info!(
        status = head.status.as_u16(),
        code = error.code(),
        ?network_id,
        "refused by the backend"
    );
    Err(credentials.secrets.removed_from(error))
}

/// The first bytes of a stream that does not call itself one: the header can be missing, and
/// a page or an error can have the status of a success.
async fn first_bytes(answer: &mut Answer) -> Result<Bytes, ErrorAnswer> {
    let content_type = answer.head.headers.get(header::CONTENT_TYPE);
    let is_stream = |value: &HeaderValue| value.as_bytes().starts_with(EVENT_STREAM.as_bytes());
    if content_type.is_some_and(is_stream) {
        return Ok(Bytes::new());
    }
    let first = timeout(FIRST_BYTES, answer.body.frame()).await;
    let Ok(Some(Ok(first))) = first else {
        return Ok(Bytes::new());
    };
    let bytes = first.into_data().unwrap_or_default();
    match bytes.trim_ascii_start().first() {
        Some(b'<') => Err(refusal::blocked()),
        Some(b'{') => Err(answer.credentials.secrets.removed_from(refusal::of_answer(
            StatusCode::BAD_GATEWAY,
            &answer.head.headers,
            &bytes,
        ))),
        _ => Ok(bytes),
    }
}

/// The returned headers and the body of an answer that is JSON.
async fn read_json(rule: &Rule, answer: Answer) -> Result<(HeaderMap, Bytes), ErrorAnswer> {
    let body = Limited::new(answer.body, rule.max_response_bytes()).collect();
    let body = timeout(SILENCE, body)
        .await
        .map_err(|_| crate::error::timed_out(SILENCE))?;
    let body = body.map_err(|_| unreadable())?.to_bytes();
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(refusal::blocked());
    }
    if !crate::json::is_json(&body) {
        return Err(unreadable());
    }
    let returned = answer_headers::returned(&answer.head.headers);
    let mut headers = answer.credentials.secrets.removed_from_headers(returned);
    headers.insert(header::CONTENT_TYPE, JSON);
    Ok((headers, body))
}

fn unreadable() -> ErrorAnswer {
    let message = "The backend's answer cannot be read.";
    ErrorAnswer::new(StatusCode::BAD_GATEWAY, "upstream_error", message)
}

/// Headers of a request whose answer must not be encoded.
fn with_accept(headers: &HeaderMap, accept: &HeaderValue) -> HeaderMap {
    let mut headers = headers.clone();
    headers.insert(header::ACCEPT, accept.clone());
    let identity = HeaderValue::from_static("identity");
    headers.insert(header::ACCEPT_ENCODING, identity);
    headers
}

/// Names what was left out of a request, in success and failure.
fn with_ignored(
    answer: Result<Response<ModelBody>, ErrorAnswer>,
    request: &ModelRequest,
) -> Result<Response<ModelBody>, ErrorAnswer> {
    let list = request.ignored.list();
    let Some(list) = list.and_then(|list| HeaderValue::from_str(&list).ok()) else {
        return answer;
    };
    match answer {
        Ok(mut response) => {
            response.headers_mut().insert(IGNORED, list);
            Ok(response)
        }
        Err(mut error) => {
            error.headers.insert(IGNORED, list);
            Err(error)
        }
    }
}
