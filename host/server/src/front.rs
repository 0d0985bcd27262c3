//! The way of each request: measured, admitted, authenticated, routed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use chatgpt_oauth_gateway::RequestId;
use futures_util::FutureExt;
use http::Request;
use http_body::Body as HttpBody;
use tower_service::Service;
use tracing::Instrument;

use crate::admission;
use crate::answer::{Answer, Body};
use crate::app::App;
use crate::connect::{self, Connect};
use crate::health;
use crate::listen::{Active, Peer};
use crate::openai;
use crate::record::Record;
use crate::refused::{Refused, Shape};
use crate::server::Side;

/// Takes the requests of one listener.
#[derive(Clone)]
pub(crate) struct Front {
    app: Arc<App>,
    side: Side,
    routes: Router,
}

impl Front {
    pub(crate) const fn new(app: Arc<App>, side: Side, routes: Router) -> Self {
        Self { app, side, routes }
    }

    /// Answers a request. A handler that panics fails this request alone.
    pub(crate) async fn answer<B>(
        &self,
        peer: Peer,
        active: Active,
        mut request: Request<B>,
    ) -> Answer
    where
        B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let id = RequestId::new();
        request.extensions_mut().insert(id);
        let request = request.map(Body::new);
        let record = Record::begin(id, &request, active, self.app.clone());
        let span = record.span().clone();
        let shape = Shape::of(request.uri().path());
        let is_page = self.page_at(request.uri().path()).is_some();
        let answered = AssertUnwindSafe(self.admit(peer, request).instrument(span)).catch_unwind();
        let answer = answered.await.unwrap_or_else(|_| Err(Refused::internal()));
        let mut answer = answer.unwrap_or_else(|refused| refused.into_answer(shape));
        if is_page {
            connect::protect(answer.headers_mut());
        }
        record.answered(answer)
    }

    async fn admit(&self, peer: Peer, mut request: Request<Body>) -> Result<Answer, Refused> {
        admission::check_target(&request)?;
        let (method, path) = (request.method(), request.uri().path());
        if let Some(answer) = health::answer(&self.app, method, path).await {
            return answer;
        }
        admission::check_host(&request, &self.app.hosts)?;
        admission::check_origin(&request)?;
        admission::check_method(&request)?;
        let client = self.app.proxies.client(peer, request.headers());
        if let Some(page) = self.page_at(request.uri().path()) {
            admission::check_host_of_page(&request, page.url())?;
            return Ok(connect::answer(&self.app, page, client, request).await);
        }
        admission::check_content_type(&request)?;
        let authentication = &self.app.authentication;
        let caller = authentication
            .caller(request.headers(), self.side, client, &self.app.metrics)
            .await?;
        let is_model_call = self.side == Side::Public && openai::has(request.uri().path());
        let mut answer = if is_model_call {
            // Boxed, because hyper keeps the memory of a request's future for its connection.
            Box::pin(openai::call(&self.app, &caller, request)).await
        } else {
            request.extensions_mut().insert(caller.clone());
            self.route(request).await
        };
        answer.extensions_mut().insert(caller);
        Ok(answer)
    }

    /// The connect page, whose visitors have no key.
    fn page_at(&self, path: &str) -> Option<&Connect> {
        let is_its = self.side == Side::Public && connect::has(path);
        self.app.connect.as_ref().filter(|_| is_its)
    }

    async fn route(&self, request: Request<Body>) -> Answer {
        let mut routes = self.routes.clone();
        let Ok(answer) = routes.call(request).await;
        answer
    }
}

#[cfg(test)]
mod tests;
