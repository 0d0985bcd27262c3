//! One request at a time, by streamable HTTP without sessions.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::combinators::BoxBody;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use crate::LARGEST;
use crate::tools::Tools;

impl Tools {
    /// Answers one request. Nothing is kept of it, so another process that has the profile
    /// can answer the next one. A message of more than 64 KiB is refused with 413.
    ///
    /// The caller checks before who sends the request, its `host` and its `origin`.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<BoxBody<Bytes, Infallible>>
    where
        B: Body + Send + 'static,
        B::Error: Display,
    {
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(LARGEST);
        let mut tools = self.clone();
        tools.connection_lasts = false;
        let sessions = Arc::<NeverSessionManager>::default();
        let service = StreamableHttpService::new(move || Ok(tools.clone()), sessions, config);
        service.handle(request).await
    }
}
