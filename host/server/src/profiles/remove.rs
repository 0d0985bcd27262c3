//! `DELETE /api/v1/profiles/{profile}`

use std::sync::Arc;

use axum::extract::State;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::RemoveProfile;
use chatgpt_oauth::links::Links;
use chatgpt_oauth::store::Owner;
use chatgpt_oauth::types::ConnectionState;
use chatgpt_oauth_answers::RefusalCode;
use http::Uri;

use super::failed::Failed;
use super::target::Target;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::query::Query;
use crate::refused::Refused;

/// Removes a profile. One that is signed in is removed with `force` alone.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    target: Target,
    uri: Uri,
) -> Result<Answer, Failed> {
    let force = Query::of(&uri, &["force"])?.flag("force")?;
    let profile = target.profile;
    let state = profile.status().await?.state;
    let is_signed_out = matches!(
        state,
        ConnectionState::NotConnected | ConnectionState::Pending
    );
    if !force && !is_signed_out {
        let hint = "log out first, or add ?force=true to lose the login";
        let refused = Refused::new(RefusalCode::Conflict, "the profile holds a login", hint);
        return Err(refused.into());
    }
    // No key and no link may reach a profile of the same name that is made later. Keys are first,
    // because they make links, and links before the login, because their pages begin one.
    let owner = Owner::Profile(profile.name().clone());
    let (keys, of_keys) = (app.keys(), owner.clone());
    let remove_keys = async move { Ok::<_, Failed>(keys.remove_all(&of_keys).await?) };
    app.clone().change_keys(remove_keys).await?;
    remove_links(&app, &owner).await?;
    profile.remove(force).await?;
    // An administrator may have made one meanwhile.
    remove_links(&app, &owner).await?;
    Ok(answer::success(&RemoveProfile {
        ok: True,
        profile: profile.name().as_str().to_owned(),
        removed: state != ConnectionState::NotConnected,
    }))
}

async fn remove_links(app: &App, owner: &Owner) -> Result<(), Failed> {
    if let Some(entries) = app.host.entries() {
        Links::new(entries).remove_all(owner).await?;
    }
    Ok(())
}
