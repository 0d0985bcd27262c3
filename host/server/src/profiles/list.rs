//! `GET /api/v1/profiles`: the names of the profiles, page by page.

use std::sync::Arc;

use axum::extract::State;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::ProfilePage;
use chatgpt_oauth::{Error, ProfileName};
use http::Uri;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::query::Query;
use crate::refused::Refused;

/// How many names a page has if nothing is said.
const USUAL: u64 = 100;
/// How many names a page has at most.
const MOST: u64 = 1000;

/// `GET /api/v1/profiles`. Names alone: the state of each would take a call each.
pub(crate) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Answer, Refused> {
    let query = Query::of(&uri, &["after", "limit"])?;
    let limit = query.number("limit", MOST)?.unwrap_or(USUAL);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Err(Refused::invalid(
            "a page has no names",
            "give a limit of at least 1",
        ));
    }
    Ok(match page(&app, query.text("after"), limit).await {
        Ok(page) => answer::success(&page),
        Err(error) => answer::failure(&error),
    })
}

async fn page(app: &App, after: Option<&str>, limit: usize) -> Result<ProfilePage, Error> {
    let after: Option<ProfileName> = after.map(str::parse).transpose()?;
    let names = app.host.store().list(after.as_ref(), limit).await?;
    let is_last = names.len() < limit;
    let profiles: Vec<_> = names.iter().map(|name| name.as_str().to_owned()).collect();
    Ok(ProfilePage {
        ok: True,
        next_after: profiles.last().filter(|_| !is_last).cloned(),
        profiles,
    })
}
