//! One call, from the request to the head of the answer.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use chatgpt_oauth::Rule;
use http::header::{self, HeaderMap, HeaderValue};
use http::{HeaderName, Request, Response, StatusCode};
use http_body::Body;
use hyper::body::Incoming;
use uuid::Uuid;

use crate::authorization::Credentials;
use crate::backend::{Answer, COMPACT, MODELS, RESPONSES};
use crate::body::ModelBody;
use crate::budget::Running;
use crate::chat::{self, ChatStream, Conversations, Deltas, Translation, Wishes};
use crate::error::{self, ErrorAnswer, JSON};
use crate::gateway::Parts;
use crate::models;
use crate::profiles::InUse;
use crate::request::body::Reserved;
use crate::request::{self, Kind, ModelRequest};
use crate::secrets::Secrets;
use crate::stream::{End, Event, Events, Relay, response_of};

const IGNORED: HeaderName = HeaderName::from_static("x-chatgpt-oauth-ignored");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// How long a caller waits after the backend has refused a new token, in seconds.
const REJECTED: u64 = 60;

/// One call of a profile.
pub(crate) struct Call<'a> {
    pub(crate) id: Uuid,
    pub(crate) gateway: &'a Parts,
    pub(crate) profile: &'a InUse,
    pub(crate) running: &'a Running,
}

impl Call<'_> {
    /// Sends a request to an endpoint of models, and answers with what comes back.
    pub(crate) async fn forward<B>(
        &self,
        kind: Kind,
        request: Request<B>,
    ) -> Result<Response<ModelBody>, ErrorAnswer>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let body = self.gateway.room.collect(&head.headers, body, self.running);
        let (request, room) = request::judge_apart(kind, body.await?, head.headers).await?;
        let (is_streamed, ignored) = (request.is_streamed, request.ignored.list());
        let answer = match self.send(kind, request, room).await {
            Ok(answer) if kind == Kind::Compact => whole(answer).await,
            Ok(answer) => self.read_events(answer, is_streamed).await,
            Err(error) => Err(error),
        };
        with_ignored(answer, ignored)
    }

    /// Answers a request for a chat completion.
    pub(crate) async fn complete<B>(
        &self,
        request: Request<B>,
    ) -> Result<Response<ModelBody>, ErrorAnswer>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let body = self.gateway.room.collect(&head.headers, body, self.running);
        let profile = self.profile.authorization.profile();
        let conversations = Conversations::of(&self.gateway.host, profile);
        let judged = chat::judge_apart(body.await?, head.headers, conversations).await?;
        let ((request, wishes), room) = judged;
        let (is_streamed, ignored) = (request.is_streamed, request.ignored.list());
        let answer = match self.send(Kind::Responses, request, room).await {
            Ok(answer) => self.read_chat(answer, is_streamed, wishes).await,
            Err(error) => Err(error),
        };
        with_ignored(answer, ignored)
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
        let headers = |credentials: &Credentials| with_accept(credentials.headers.clone(), JSON);
        let answer = self
            .exchange(MODELS, Some(&query), headers, Bytes::new())
            .await?;
        let body = answer.into_json(MODELS).await?;
        catalogue.keep(query, generation, body.clone());
        Ok(models::with_etag(body))
    }

    /// Sends a request. Its body takes room until the head of the answer has come.
    async fn send(
        &self,
        kind: Kind,
        request: ModelRequest,
        _room: Reserved,
    ) -> Result<Answer, ErrorAnswer> {
        let (rule, accept) = match kind {
            Kind::Responses => (RESPONSES, EVENT_STREAM),
            Kind::Compact => (COMPACT, JSON),
        };
        let headers = |credentials: &Credentials| {
            let joined = request.headers.joined_with(&credentials.headers);
            let mut headers = with_accept(joined, accept.clone());
            headers.insert(header::CONTENT_TYPE, JSON);
            headers
        };
        self.exchange(rule, None, headers, request.body).await
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
            let credentials = self.authorize(refused.as_deref()).await?;
            let headers = headers(&credentials);
            let answer = self
                .gateway
                .backend
                .send(rule, query, headers, body.clone())
                .await;
            let answer = self.counted(answer)?;
            if answer.status() != StatusCode::UNAUTHORIZED {
                return Answer::accept(answer, credentials).await;
            }
            tracing::info!(request = %self.id, "the backend refused the token");
            refused = Some(credentials);
        }
        tracing::warn!(request = %self.id, "the backend refused the new token too");
        let message = "The backend refuses the login's tokens. Try again in a minute; if it stays, sign in again.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Err(ErrorAnswer::new(status, "rejected_by_backend", message).retry_after(REJECTED))
    }

    async fn authorize(
        &self,
        refused: Option<&Credentials>,
    ) -> Result<Arc<Credentials>, ErrorAnswer> {
        let counts = &self.gateway.counts;
        let authorization = &self.profile.authorization;
        match (refused.is_some(), authorization.is_kept()) {
            (true, _) => counts.authorization_refused.add_one(),
            (false, true) => counts.authorization_hits.add_one(),
            (false, false) => counts.authorization_misses.add_one(),
        }
        Ok(authorization.get(refused).await?)
    }

    fn counted<B>(
        &self,
        answer: Result<Response<B>, ErrorAnswer>,
    ) -> Result<Response<B>, ErrorAnswer> {
        let counts = &self.gateway.counts;
        match &answer {
            Ok(answer) if answer.status().is_success() => counts.upstream_accepted.add_one(),
            Ok(_) => counts.upstream_refused.add_one(),
            Err(_) => counts.upstream_failed.add_one(),
        }
        answer
    }

    /// Answers with the events of the backend, or with the response that they make.
    async fn read_events(
        &self,
        answer: Answer,
        is_streamed: bool,
    ) -> Result<Response<ModelBody>, ErrorAnswer> {
        let (relay, returned, secrets) = self.relay(answer).await?;
        let response = match is_streamed {
            true => Ok(streamed(ModelBody::relay(relay))),
            false => collected(relay).await,
        };
        returned_with(response, returned, &secrets)
    }

    /// Answers with chunks, or with the chat completion that they make.
    async fn read_chat(
        &self,
        answer: Answer,
        is_streamed: bool,
        wishes: Wishes,
    ) -> Result<Response<ModelBody>, ErrorAnswer> {
        let (relay, returned, secrets) = self.relay(answer).await?;
        let id = format!("chatcmpl-{}", self.id.simple());
        let deltas = Deltas::new(relay, Translation::new(id, &wishes));
        let response = match is_streamed {
            true => {
                let mut stream = ChatStream::new(deltas, wishes.includes_usage);
                let begun = stream.begin().await;
                begun.map(|()| streamed(ModelBody::chat(stream)))
            }
            false => chat::collect(deltas).await.map(json),
        };
        returned_with(response, returned, &secrets)
    }

    /// The events of an answer, the headers that the caller gets, and what neither may show.
    async fn relay(
        &self,
        mut answer: Answer,
    ) -> Result<(Relay<Incoming>, HeaderMap, Secrets), ErrorAnswer> {
        let received = answer.first_bytes().await?;
        let secrets = answer.secrets().clone();
        let returned = answer.returned_headers();
        let events = Events::new(format!("resp_{}", self.id.simple()), secrets.clone());
        let relay = Relay::new(self.id, answer.into_body(), received, events);
        Ok((relay, returned, secrets))
    }
}

/// An answer with the backend's headers, or an error without its secrets.
fn returned_with(
    answer: Result<Response<ModelBody>, ErrorAnswer>,
    headers: HeaderMap,
    secrets: &Secrets,
) -> Result<Response<ModelBody>, ErrorAnswer> {
    let mut response = answer.map_err(|error| secrets.removed_from(error))?;
    response.headers_mut().extend(headers);
    Ok(response)
}

/// The answer of the endpoint that compacts: one JSON text.
async fn whole(answer: Answer) -> Result<Response<ModelBody>, ErrorAnswer> {
    let headers = answer.returned_headers();
    let body = answer.into_json(COMPACT).await?;
    let mut response = Response::new(ModelBody::full(body));
    *response.headers_mut() = headers;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

fn streamed(body: ModelBody) -> Response<ModelBody> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

/// The response that the last event has.
async fn collected(mut relay: Relay<Incoming>) -> Result<Response<ModelBody>, ErrorAnswer> {
    let mut end = None;
    while let Some(event) = poll_fn(|context| relay.poll_event(context)).await {
        if let Event::End(frame, found) = event {
            end = Some((frame, found));
        }
    }
    let response = match end {
        Some((frame, End::Response)) => response_of(&frame),
        Some((_, End::Failed(error))) => return Err(*error),
        Some((_, End::Broken(why))) => return Err(why.into_answer()),
        None => None,
    };
    let response = response.ok_or_else(error::unreadable)?;
    Ok(json(Box::<str>::from(response).into()))
}

fn json(body: String) -> Response<ModelBody> {
    let mut response = Response::new(ModelBody::full(body));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// Headers of a request whose answer must not be encoded.
fn with_accept(mut headers: HeaderMap, accept: HeaderValue) -> HeaderMap {
    headers.insert(header::ACCEPT, accept);
    let identity = HeaderValue::from_static("identity");
    headers.insert(header::ACCEPT_ENCODING, identity);
    headers
}

/// Names what was left out of a request, in success and failure.
fn with_ignored(
    mut answer: Result<Response<ModelBody>, ErrorAnswer>,
    ignored: Option<String>,
) -> Result<Response<ModelBody>, ErrorAnswer> {
    if let Some(list) = ignored.and_then(|list| HeaderValue::from_str(&list).ok()) {
        let headers = match &mut answer {
            Ok(response) => response.headers_mut(),
            Err(error) => error.headers.as_mut(),
        };
        headers.insert(IGNORED, list);
    }
    answer
}
