//! `/v1`: model calls, which the gateway makes for the profile of the key.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use chatgpt_oauth::api_keys::Scope;
use chatgpt_oauth_gateway::ModelBody;
use http::Request;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::answer::{Answer, Body};
use crate::app::App;
use crate::auth::Caller;
use crate::limits::Running;
use crate::refused::{Refused, Shape};

/// Whether a path is one of these calls.
pub(crate) fn has(path: &str) -> bool {
    path.starts_with("/v1/")
}

/// Every method and path below `/v1`: the gateway knows its endpoints. It is no handler of the
/// router, which would look at each call a second time.
pub(crate) async fn call(app: &App, caller: &Caller, request: Request<Body>) -> Answer {
    let answer = send(app, caller, request).await;
    answer.unwrap_or_else(|refused| refused.into_answer(Shape::OpenAi))
}

async fn send(app: &App, caller: &Caller, request: Request<Body>) -> Result<Answer, Refused> {
    caller.permit(&[Scope::Inference])?;
    let profile = caller.profile().ok_or_else(Refused::not_found)?;
    let rate = app.call_rate.take(caller.key_id());
    rate.map_err(|seconds| Refused::too_many("the API key makes too many calls", seconds))?;
    let running = app.calls.begin(caller.key_id());
    let mut running = running
        .ok_or_else(|| Refused::too_many("the API key makes too many calls at a time", 1))?;
    let access = app.gateway.access(app.host.profile(profile.clone()));
    let answer = access.send_until(request, running.stopped()).await;
    Ok(answer.map(|body| {
        Body::new(RunningBody {
            body,
            _running: running,
        })
    }))
}

/// The body of a model call that counts for its key until it ends.
struct RunningBody {
    body: ModelBody,
    _running: Running,
}

impl HttpBody for RunningBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
