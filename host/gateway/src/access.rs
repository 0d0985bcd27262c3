//! [`ModelAccess`]: the model calls of one profile.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use chatgpt_oauth::Profile;
use futures_util::future::{Either, select};
use http::header::{self, HeaderValue};
use http::{HeaderName, Request, Response};
use http_body::Body;
use tokio::time::Instant;
use tower_service::Service;

use crate::body::ModelBody;
use crate::budget::Budget;
use crate::call::Call;
use crate::error::ErrorAnswer;
use crate::gateway::Parts;
use crate::outcome::Outcome;
use crate::profiles::InUse;
use crate::request::Kind;
use crate::request_id::RequestId;
use crate::route::Route;
use crate::stop::{Stop, StopSignal};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROCESSING: HeaderName = HeaderName::from_static("openai-processing-ms");

/// Makes the model calls of one profile: a `tower` service. Cheap to clone.
///
/// The paths are `/v1/responses`, `/v1/responses/compact`, `/v1/chat/completions`, `/v1/models`
/// and `/v1/models/{id}`; the host of the URL does not matter. The request's own authorization
/// and cookies are dropped. Every outcome is an HTTP answer: errors have OpenAI's shape, and
/// a login that a person must repeat is 403 `login_required`.
#[derive(Clone)]
pub struct ModelAccess {
    gateway: Arc<Parts>,
    /// None for a profile of another host.
    profile: Option<Arc<InUse>>,
    budget: Budget,
}

impl ModelAccess {
    pub(crate) fn new(gateway: Arc<Parts>, profile: Profile) -> Self {
        let is_ours = profile.is_of(&gateway.host);
        Self {
            profile: is_ours.then(|| gateway.profiles.of(profile)),
            gateway,
            budget: Budget::default(),
        }
    }

    /// The same calls within a budget, for a guest. A call above one of its limits is
    /// answered 429 `guest_budget_exceeded`, and the backend does not hear of it. Without
    /// this, there is no limit.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Makes a call. Dropping the future, or the body of the answer, ends the request to the
    /// backend.
    pub async fn send<B>(&self, request: Request<B>) -> Response<ModelBody>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.send_until(request, pending()).await
    }

    /// Makes a call that ends when `stop` completes: a stream with the event
    /// `response.failed`, or with a chunk that has an `error`; an answer that has not begun
    /// with an error. A caller that has the last event already sees nothing of it.
    pub async fn send_until<B>(
        &self,
        request: Request<B>,
        stop: impl Future<Output = Stop> + Send + Sync + 'static,
    ) -> Response<ModelBody>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let id = request.extensions().get().copied();
        let id: RequestId = id.unwrap_or_default();
        let begun = Instant::now();
        let route = Route::of(request.method(), request.uri(), request.headers());
        let name = route.as_ref().map_or("none", Route::name);
        let mut stop: StopSignal = Box::pin(stop);
        let answer = match select(pin!(self.answer(id, route, request)), &mut stop).await {
            Either::Left((answer, _)) => {
                answer.map(|response| response.map(|body| body.until(stop)))
            }
            Either::Right((why, _)) => Err(why.into_answer()),
        };
        let milliseconds = begun.elapsed().as_millis();
        let (code, mut response) = match answer {
            Ok(response) => (String::new(), response),
            Err(error) => (error.logged_code(), error.into_response()),
        };
        let status = response.status().as_u16();
        tracing::debug!(request = %id, route = name, status, code, milliseconds, "answered");
        let code = Some(code).filter(|code| !code.is_empty());
        response.extensions_mut().insert(Outcome { code });
        add_headers(&mut response, id, milliseconds);
        response
    }

    async fn answer<B>(
        &self,
        id: RequestId,
        route: Result<Route, ErrorAnswer>,
        request: Request<B>,
    ) -> Result<Response<ModelBody>, ErrorAnswer>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let running = self.budget.begin()?;
        let route = route?;
        let profile = self.profile.as_deref().ok_or_else(|| {
            tracing::error!("a profile of another host is used");
            ErrorAnswer::internal("The profile belongs to another host.")
        })?;
        let call = Call {
            id: id.uuid(),
            gateway: &self.gateway,
            profile,
            running: &running,
        };
        let answer = match route {
            Route::Responses => call.forward(Kind::Responses, request).await,
            Route::Compact => call.forward(Kind::Compact, request).await,
            Route::ChatCompletions => call.complete(request).await,
            Route::Models {
                client_version: None,
            } => call.models().await,
            Route::Models {
                client_version: Some(version),
            } => call.catalogue(&version).await,
            Route::Model(model) => call.model(&model).await,
        };
        Ok(answer?.map(|body| body.of_call(running)))
    }
}

/// The headers of every answer.
fn add_headers(response: &mut Response<ModelBody>, id: RequestId, milliseconds: u128) {
    let headers = response.headers_mut();
    for (name, value) in [
        (REQUEST_ID, id.to_string()),
        (PROCESSING, milliseconds.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

impl<B> Service<Request<B>> for ModelAccess
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<ModelBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ModelBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let access = self.clone();
        Box::pin(async move { Ok(access.send(request).await) })
    }
}

impl fmt::Debug for ModelAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = self.profile.as_ref();
        let name = profile.map(|profile| profile.authorization.profile().name());
        f.debug_struct("ModelAccess")
            .field("profile", &name)
            .finish_non_exhaustive()
    }
}
