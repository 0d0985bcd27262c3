//! `status`, `models` and `usage`: what changes no login.

use chatgpt_oauth::answers::connection::{Models, Status, Usage};
use chatgpt_oauth::api_keys::Scope;
use http::Uri;

use super::target::Target;
use crate::answer::{self, Answer};
use crate::query::Query;
use crate::refused::Refused;

/// `GET …/status`
pub(crate) async fn status(target: Target, uri: Uri) -> Result<Answer, Refused> {
    target.permit(&[Scope::Read])?;
    Query::of(&uri, &[])?;
    Ok(answer::of::<Status, _>(target.profile.status().await))
}

/// `GET …/models`
pub(crate) async fn models(target: Target, uri: Uri) -> Result<Answer, Refused> {
    target.permit(&[Scope::Read, Scope::Inference])?;
    let force = Query::of(&uri, &["force"])?.flag("force")?;
    Ok(answer::of::<Models, _>(target.profile.models(force).await))
}

/// `GET …/usage`
pub(crate) async fn usage(target: Target, uri: Uri) -> Result<Answer, Refused> {
    target.permit(&[Scope::Read])?;
    let force = Query::of(&uri, &["force"])?.flag("force")?;
    Ok(answer::of::<Usage, _>(target.profile.usage(force).await))
}
