//! `POST …/links`: a link by which the person of the profile signs in, shown once.

use std::sync::Arc;

use axum::extract::State;
use chatgpt_oauth::api_keys::Scope;
use chatgpt_oauth::links::NewLink;
use chatgpt_oauth::{Error, ErrorCode, answers};
use chatgpt_oauth_answers::RefusalCode;
use http::Uri;
use serde::Deserialize;

use super::body::Json;
use super::failed::Failed;
use super::target::Target;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::query::Query;
use crate::refused::Refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// Who asks the person to sign in.
    asks: String,
}

/// `POST …/links`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    target: Target,
    uri: Uri,
    Json(body): Json<CreateBody>,
) -> Result<Answer, Failed> {
    target.permit(&[Scope::Onboarding])?;
    Query::of(&uri, &[])?;
    let connect = app.connect.as_ref().ok_or_else(no_page)?;
    let new = NewLink {
        profile: target.profile.name().clone(),
        asks: body.asks.parse().map_err(|error| invalid(&error))?,
    };
    let links = connect.links();
    let created = links.create(new, links.now()).await;
    let created = created.map_err(Error::from)?;
    let url = connect.url().of_link(&created.secret);
    Ok(answer::success(&answers::created_link(
        &created.record,
        url,
    )))
}

fn no_page() -> Refused {
    Refused::new(
        RefusalCode::Conflict,
        "this server has no connect page",
        "start it with --public-url",
    )
}

fn invalid(error: &dyn std::fmt::Display) -> Error {
    let hint = "correct the field; /openapi.json has the fields";
    Error::permanent(ErrorCode::InvalidArgument, error.to_string(), hint)
}
