//! Which profile a request is for.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use chatgpt_oauth::api_keys::Scope;
use chatgpt_oauth::{Error, Profile, ProfileName};
use http::request::Parts;

use super::failed::Failed;
use crate::app::App;
use crate::auth::Caller;
use crate::limits::Running;
use crate::refused::Refused;

/// The profile that a request is for: that of the key, or for an administrator that of the path.
pub(crate) struct Target {
    pub(crate) profile: Profile,
    caller: Caller,
}

impl Target {
    /// Refuses the request unless the key has one of these scopes.
    pub(crate) fn permit(&self, any_of: &[Scope]) -> Result<(), Refused> {
        self.caller.permit(any_of)
    }

    /// Counts a request that waits among the calls of its key, until it is dropped.
    pub(crate) fn begin_wait(&self, app: &App) -> Result<Running, Refused> {
        let running = app.calls.begin(self.caller.key_id());
        running.ok_or_else(|| Refused::too_many("the API key makes too many calls at a time", 1))
    }
}

impl FromRequestParts<Arc<App>> for Target {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failed> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let name = match caller.profile() {
            Some(name) => {
                let rate = app.call_rate.take(caller.key_id());
                let too_many =
                    |seconds| Refused::too_many("the API key makes too many calls", seconds);
                rate.map_err(too_many)?;
                name.clone()
            }
            None => of_path(parts, app).await?,
        };
        Ok(Self {
            profile: app.host.profile(name),
            caller,
        })
    }
}

/// The name in the path, decoded once.
async fn of_path(parts: &mut Parts, app: &Arc<App>) -> Result<ProfileName, Failed> {
    let parameters = RawPathParams::from_request_parts(parts, app).await;
    let unreadable = |_| Refused::invalid("the path is not UTF-8", "correct it");
    let parameters = parameters.map_err(unreadable)?;
    let name = parameters
        .iter()
        .find(|(parameter, _)| *parameter == "profile");
    let (_, name) = name.ok_or_else(Refused::not_found)?;
    name.parse().map_err(|error| Error::from(error).into())
}
