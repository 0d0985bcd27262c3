//! `/api/v1/profiles/{profile}/keys`: the API keys of one profile.
//!
//! A key is shown once, in the answer that makes it. Keys of administrators are made on the
//! command line alone.

use std::sync::Arc;

use axum::extract::{RawPathParams, State};
use chatgpt_oauth::answers::{self, True};
use chatgpt_oauth::api_keys::{
    ApiKeyError, ApiKeyId, ApiKeys, CreatedApiKey, NewApiKey, Permission, Scope, Scopes,
};
use chatgpt_oauth::store::Owner;
use chatgpt_oauth::{Error, ErrorCode, ProfileName};
use chatgpt_oauth_answers::api_keys::{
    ApiKeyPage, CreateApiKey, RevealedKey, RevokeApiKey, RotateApiKey,
};
use http::Uri;
use serde::Deserialize;
use serde_json::Number;

use super::body::{Json, Nothing};
use super::failed::Failed;
use super::target::Target;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::query::{Page, Query};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// `inference` if nothing is said.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    label: String,
    #[serde(default)]
    expires_in_seconds: Option<Number>,
}

impl CreateBody {
    fn into_new_key(self, profile: ProfileName, now: u64) -> Result<NewApiKey, Error> {
        let scopes = self.scopes.map_or_else(|| Ok(Scopes::default()), scopes)?;
        let expires_in = self.expires_in_seconds.as_ref().map(seconds).transpose()?;
        Ok(NewApiKey {
            permission: Permission::Profile { profile, scopes },
            label: self.label.parse().map_err(|error| invalid(&error))?,
            expires_at: expires_in.map(|seconds| now.saturating_add(seconds.into())),
        })
    }
}

/// A whole number, also with a fraction of zero, as JSON Schema has it.
fn seconds(number: &Number) -> Result<u32, Error> {
    let text = number.to_string();
    let whole = text.strip_suffix(".0").unwrap_or(&text).parse().ok();
    let whole = whole.filter(|seconds| *seconds > 0);
    whole.ok_or_else(|| invalid(&"`expires_in_seconds` is no whole number of seconds, at least 1"))
}

fn scopes(names: Vec<String>) -> Result<Scopes, Error> {
    let scopes: Result<Vec<Scope>, _> = names.iter().map(|name| name.parse()).collect();
    let scopes = scopes.map_err(|error| invalid(&error))?;
    Scopes::new(scopes).ok_or_else(|| invalid(&"a key has at least one scope"))
}

/// `GET …/keys`
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    target: Target,
    uri: Uri,
) -> Result<Answer, Failed> {
    let asked = Page::of(&uri)?;
    let after = asked.after().map(str::parse::<ApiKeyId>).transpose();
    let after = after.map_err(|_| invalid(&"`after` is no id of a key"))?;
    let after = after.as_ref().map(ApiKeyId::as_str);
    let owner = Owner::Profile(target.profile.name().clone());
    let keys = app.keys();
    let listed = keys.list(Some(&owner), after, asked.limit).await?;
    Ok(answer::success(&ApiKeyPage {
        page: answers::api_keys(&listed, keys.now()),
        next_after: asked.next_after(listed.iter().map(|listed| listed.id.as_str())),
    }))
}

/// `POST …/keys`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    target: Target,
    uri: Uri,
    Json(body): Json<CreateBody>,
) -> Result<Answer, Failed> {
    Query::of(&uri, &[])?;
    let now = app.keys().now();
    let new = body.into_new_key(target.profile.name().clone(), now)?;
    let CreatedApiKey { key, record } = app.keys().create(new, now).await?;
    Ok(answer::success(&CreateApiKey {
        ok: True,
        key: Some(RevealedKey(key.reveal().to_owned())),
        file: None,
        created: answers::api_key(&record, now),
    }))
}

/// `DELETE …/keys/{id}`
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    target: Target,
    parameters: RawPathParams,
    uri: Uri,
) -> Result<Answer, Failed> {
    Query::of(&uri, &[])?;
    let keys = app.keys();
    let id = of_profile(&keys, &target, &parameters).await?;
    let changed = id.clone();
    let revoke = async move { Ok::<_, Failed>(keys.revoke(&changed, keys.now()).await?) };
    let revoked = app.change_keys(revoke).await?;
    Ok(answer::success(&RevokeApiKey {
        ok: True,
        id: id.to_string(),
        revoked,
    }))
}

/// `POST …/keys/{id}/rotate`
pub(crate) async fn rotate(
    State(app): State<Arc<App>>,
    target: Target,
    parameters: RawPathParams,
    uri: Uri,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Answer, Failed> {
    Query::of(&uri, &[])?;
    let now = app.keys().now();
    let keys = app.keys();
    let id = of_profile(&keys, &target, &parameters).await?;
    let changed = id.clone();
    let rotate = async move { Ok::<_, Failed>(keys.rotate(&changed, now).await?) };
    let rotated = app.change_keys(rotate).await?;
    let CreatedApiKey { key, record } = rotated.created;
    Ok(answer::success(&RotateApiKey {
        ok: True,
        key: Some(RevealedKey(key.reveal().to_owned())),
        file: None,
        created: answers::api_key(&record, now),
        previous_id: id.to_string(),
        previous_expires_at: rotated.previous_expires_at,
    }))
}

/// The id in the path, if it is that of a key of the profile.
async fn of_profile(
    keys: &ApiKeys,
    target: &Target,
    parameters: &RawPathParams,
) -> Result<ApiKeyId, ApiKeyError> {
    let text = parameters.iter().find(|(name, _)| *name == "id");
    let id = text.and_then(|(_, id)| id.parse().ok());
    let id: ApiKeyId = id.ok_or(ApiKeyError::Unknown)?;
    let record = keys.find(&id).await?;
    let owner = Owner::Profile(target.profile.name().clone());
    match record.is_some_and(|record| record.permission.owner() == owner) {
        true => Ok(id),
        false => Err(ApiKeyError::Unknown),
    }
}

fn invalid(error: &dyn std::fmt::Display) -> Error {
    let hint = "correct the field; /openapi.json has the fields";
    Error::permanent(ErrorCode::InvalidArgument, error.to_string(), hint)
}
