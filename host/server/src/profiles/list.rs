//! `GET /api/v1/profiles`: the names of the profiles, page by page.

use std::sync::Arc;

use axum::extract::State;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::ProfilePage;
use chatgpt_oauth::{Error, ProfileName};
use http::Uri;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::query::Page;
use crate::refused::Refused;

/// `GET /api/v1/profiles`. Names alone: the state of each would take a call each.
pub(crate) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Answer, Refused> {
    let asked = Page::of(&uri)?;
    Ok(match page(&app, &asked).await {
        Ok(page) => answer::success(&page),
        Err(error) => answer::failure(&error),
    })
}

async fn page(app: &App, asked: &Page) -> Result<ProfilePage, Error> {
    let after: Option<ProfileName> = asked.after().map(str::parse).transpose()?;
    let names = app.host.store().list(after.as_ref(), asked.limit).await?;
    let profiles: Vec<_> = names.iter().map(|name| name.as_str().to_owned()).collect();
    Ok(ProfilePage {
        ok: True,
        next_after: asked.next_after(profiles.iter().map(String::as_str)),
        profiles,
    })
}
