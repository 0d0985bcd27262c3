//! `/mcp`: the seven functions of the profile of the key, as tools of the Model Context
//! Protocol. Every request stands alone, so that any server of a fleet answers it.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use chatgpt_oauth::api_keys::Scope;
use chatgpt_oauth::types::LoginProgress;
use chatgpt_oauth::{Error, ProfileName};
use chatgpt_oauth_answers::ErrorCode;
use chatgpt_oauth_mcp::{Hooks, Tools};
use http::{Request, header};
use http_body_util::Full;

use crate::answer::{Answer, Body, Code};
use crate::app::App;
use crate::profiles::body;
use crate::profiles::target::Target;
use crate::query::Query;
use crate::refused::Refused;

/// `POST /mcp`
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    target: Target,
    request: Request<Body>,
) -> Result<Answer, Refused> {
    target.permit(&[Scope::Onboarding])?;
    Query::of(request.uri(), &[])?;
    let (mut parts, body) = request.into_parts();
    let body = body::read(body, app.times.body).await?;
    // The protocol's library has no use for the key.
    parts.headers.remove(header::AUTHORIZATION);
    let calls = Arc::new(Calls {
        app,
        profile: target.profile.name().clone(),
        failed: OnceLock::new(),
    });
    let tools = Tools::with_hooks(target.profile, calls.clone());
    let answer = tools.answer(Request::from_parts(parts, Full::new(body)));
    let mut answer = answer.await.map(Body::new);
    if let Some(code) = calls.failed.get() {
        answer.extensions_mut().insert(Code(code.name()));
    }
    Ok(answer)
}

/// What the server adds to the calls of tools: the limits and the metrics of the management API.
struct Calls {
    app: Arc<App>,
    profile: ProfileName,
    failed: OnceLock<ErrorCode>,
}

impl Hooks for Calls {
    fn begin_login(&self) -> Result<(), Error> {
        let counted = self.app.starts.count(&self.profile);
        counted.map_err(|seconds| {
            let code = chatgpt_oauth::ErrorCode::RateLimited;
            let hint = "wait, then call it again";
            Error::transient(code, "too many logins were begun", hint, seconds)
        })
    }

    fn polled(&self, progress: &Result<LoginProgress, Error>) {
        self.app.metrics.polled(progress);
    }

    fn failed(&self, code: ErrorCode) {
        // One request has one call.
        _ = self.failed.set(code);
    }
}
