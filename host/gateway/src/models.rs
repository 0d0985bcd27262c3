//! Answers `GET /v1/models`: in OpenAI's shape, and with the backend's own list for the Codex CLI.

use std::hash::{DefaultHasher, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chatgpt_oauth::types::{Model, ModelList};
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use tokio::time::Instant;

use crate::body::ModelBody;
use crate::error::{ErrorAnswer, JSON};

/// How long the backend's own list is kept.
const KEPT: Duration = Duration::from_secs(300);
/// The owner of every model, and the prefix of its id.
const OWNER: &str = "openai-codex";
/// The longest version of a client, in bytes.
const LONGEST_VERSION: usize = 64;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    object: &'static str,
    /// Not known.
    created: u64,
    owned_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_window: Option<u64>,
    input_modalities: &'a [String],
    supported_reasoning_levels: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    default_reasoning_level: Option<&'a str>,
}

impl<'a> From<&'a Model> for Entry<'a> {
    fn from(model: &'a Model) -> Self {
        Self {
            id: &model.id,
            object: "model",
            created: 0,
            owned_by: OWNER,
            display_name: model.display_name.as_deref(),
            context_window: model.context_window,
            input_modalities: &model.input_modalities,
            supported_reasoning_levels: &model.reasoning_levels,
            default_reasoning_level: model.default_reasoning_level.as_deref(),
        }
    }
}

/// The answer of `GET /v1/models`.
pub(crate) fn list(models: &ModelList) -> Result<Response<ModelBody>, ErrorAnswer> {
    json(&List {
        object: "list",
        data: models.models.iter().map(Entry::from).collect(),
    })
}

/// The answer of `GET /v1/models/{id}`; the id may lack its prefix.
pub(crate) fn one(models: &ModelList, id: &str) -> Result<Response<ModelBody>, ErrorAnswer> {
    let is_meant = |model: &&Model| model.id == id || model.slug == id;
    let model = models.models.iter().find(is_meant).ok_or_else(|| {
        let message = "The subscription has no such model: GET /v1/models lists those that it has.";
        ErrorAnswer::new(StatusCode::NOT_FOUND, "model_not_found", message).param("model")
    })?;
    json(&Entry::from(model))
}

fn json(value: &impl Serialize) -> Result<Response<ModelBody>, ErrorAnswer> {
    let text = serde_json::to_vec(value);
    let text = text.map_err(|_| ErrorAnswer::internal("the list cannot be written"))?;
    Ok(with_etag(text.into()))
}

/// An answer whose ETag says what is in it.
pub(crate) fn with_etag(body: Bytes) -> Response<ModelBody> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&body);
    let etag = format!("W/\"{:016x}\"", hasher.finish());
    let mut response = Response::new(ModelBody::full(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// The query for the backend's own list.
pub(crate) fn query(client_version: &str) -> Result<String, ErrorAnswer> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+_".contains(&byte);
    let is_version = !client_version.is_empty()
        && client_version.len() <= LONGEST_VERSION
        && client_version.bytes().all(is_plain);
    if is_version {
        return Ok(format!("client_version={client_version}"));
    }
    let message = "client_version is a version such as 0.171.0.";
    Err(ErrorAnswer::invalid(None, message).param("client_version"))
}

/// The backend's own list, kept for 300 seconds.
#[derive(Default)]
pub(crate) struct Catalogue(Mutex<Option<Kept>>);

struct Kept {
    query: String,
    /// The profile's generation: another login has other models.
    generation: u64,
    until: Instant,
    body: Bytes,
}

impl Catalogue {
    pub(crate) fn kept(&self, query: &str, generation: u64) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |kept: &&Kept| {
            kept.query == query && kept.generation == generation && kept.until > Instant::now()
        };
        kept.as_ref().filter(is_it).map(|kept| kept.body.clone())
    }

    pub(crate) fn keep(&self, query: String, generation: u64, body: Bytes) {
        let until = Instant::now() + KEPT;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept {
            query,
            generation,
            until,
            body,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_reaches_the_backend() {
        assert_eq!(query("0.171.0").unwrap(), "client_version=0.171.0");
        for version in ["", "0.1&x=y", "0.1%26", "0.1#", &"1".repeat(65)] {
            assert!(query(version).is_err(), "{version}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_backends_list_is_kept_for_one_version_and_one_login() {
        let catalogue = Catalogue::default();
        catalogue.keep("client_version=1".into(), 7, Bytes::from_static(b"x"));
        assert!(catalogue.kept("client_version=1", 7).is_some());
        assert!(catalogue.kept("client_version=2", 7).is_none());
        assert!(catalogue.kept("client_version=1", 8).is_none());
        tokio::time::advance(KEPT).await;
        assert!(catalogue.kept("client_version=1", 7).is_none());
    }
}
