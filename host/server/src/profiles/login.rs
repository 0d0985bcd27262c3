//! `start`, `poll`, `logout` and `refresh`: what changes the login.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use chatgpt_oauth::answers::connection::{Logout, Poll, Refresh, Start};
use chatgpt_oauth::api_keys::Scope;
use chatgpt_oauth::types::{LoginProgress, LoginStatus};
use chatgpt_oauth::{Error, Profile};
use http::Uri;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::body::{Json, Nothing};
use super::target::Target;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::drain::Phase;
use crate::query::Query;
use crate::refused::Refused;

/// For so long the server may wait for an approval, in seconds.
const LONGEST_WAIT: u64 = 25;
/// The interval of RFC 8628 where the service names none, in seconds.
const INTERVAL: u32 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollBody {
    /// The login that is meant; none for the pending one.
    #[serde(default)]
    pending_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogoutBody {
    /// Whether the service is asked to end the login.
    #[serde(default)]
    revoke: bool,
}

/// `POST …/start`
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    target: Target,
    uri: Uri,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Answer, Refused> {
    target.permit(&[Scope::Onboarding])?;
    Query::of(&uri, &[])?;
    let counted = app.starts.count(target.profile.name());
    counted.map_err(|seconds| Refused::too_many("too many logins were begun", seconds))?;
    Ok(answer::of::<Start, _>(target.profile.start().await))
}

/// `POST …/poll`: asks once, or for as long as `wait` says.
pub(crate) async fn poll(
    State(app): State<Arc<App>>,
    target: Target,
    uri: Uri,
    Json(body): Json<PollBody>,
) -> Result<Answer, Refused> {
    target.permit(&[Scope::Onboarding])?;
    let wait = Query::of(&uri, &["wait"])?.number("wait", LONGEST_WAIT)?;
    let _waiting = match wait {
        None | Some(0) => None,
        Some(_) => Some(target.begin_wait(&app)?),
    };
    let until = Instant::now() + Duration::from_secs(wait.unwrap_or(0));
    let progress = poll_until(&app, &target.profile, body.pending_id.as_deref(), until).await;
    Ok(answer::of::<Poll, _>(progress))
}

/// Polls once, and counts a login that has ended.
pub(crate) async fn poll_once(
    app: &App,
    profile: &Profile,
    pending_id: Option<&str>,
) -> Result<LoginProgress, Error> {
    let progress = profile.poll(pending_id).await;
    app.metrics.polled(&progress);
    progress
}

/// Polls at the interval that the service wants, until the login has ended, the time is up, or
/// the server ends.
async fn poll_until(
    app: &App,
    profile: &Profile,
    pending_id: Option<&str>,
    until: Instant,
) -> Result<LoginProgress, Error> {
    loop {
        let progress = poll_once(app, profile, pending_id).await?;
        let interval = progress.retry_after_seconds.unwrap_or(INTERVAL).max(1);
        let next = Instant::now() + Duration::from_secs(interval.into());
        if progress.status != LoginStatus::Pending || next > until {
            return Ok(progress);
        }
        tokio::select! {
            () = sleep(next - Instant::now()) => {}
            () = reached(app, Phase::Closing) => return Ok(progress),
        }
    }
}

async fn reached(app: &App, phase: Phase) {
    app.progress.clone().reached(phase).await;
}

/// `POST …/logout`
pub(crate) async fn logout(
    target: Target,
    uri: Uri,
    Json(body): Json<LogoutBody>,
) -> Result<Answer, Refused> {
    target.permit(&[Scope::Onboarding])?;
    Query::of(&uri, &[])?;
    Ok(answer::of::<Logout, _>(
        target.profile.logout(body.revoke).await,
    ))
}

/// `POST …/refresh`
pub(crate) async fn refresh(
    target: Target,
    uri: Uri,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Answer, Refused> {
    target.permit(&[Scope::Onboarding])?;
    Query::of(&uri, &[])?;
    Ok(answer::of::<Refresh, _>(target.profile.refresh().await))
}
