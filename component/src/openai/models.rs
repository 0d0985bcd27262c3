//! `GET /backend-api/codex/models`: the models of the subscription
//! (docs/protocol.md, Models).

use super::answer::Answer;
use crate::claims::Claims;
use crate::ports::Request;
use crate::secret::Secret;
use crate::text::clean;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The version to ask with: reported to be answered with every model there is,
/// while a real but old version hides the newer ones.
pub(crate) const UNGATED_VERSION: &str = "0.0.0";

/// The version to ask with once more when the ungated list is empty: the Codex
/// CLI on the npm registry in November 2026.
pub(crate) const RECENT_VERSION: &str = "0.169.0";

/// The longest list taken, in bytes: instructions of several KiB come with each model.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// More models than this are not kept.
const MODELS_MAX: usize = 500;

/// What is kept of the answer.
#[derive(Serialize, Deserialize)]
pub(crate) struct Models {
    /// The version that was asked with.
    pub(crate) client_version: String,
    /// Names this version of the list.
    pub(crate) etag: Option<String>,
    /// In the service's order.
    pub(crate) models: Vec<Entry>,
}

/// What is kept of one model.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) slug: String,
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) priority: Option<i64>,
    pub(crate) context_window: Option<u64>,
    pub(crate) default_reasoning_level: Option<String>,
    pub(crate) reasoning_levels: Vec<String>,
    pub(crate) input_modalities: Vec<String>,
}

pub(crate) fn request(
    client_version: &str,
    access: &Secret,
    account: &Claims,
    timeout: u64,
) -> Request {
    let path = format!("/backend-api/codex/models?client_version={client_version}");
    super::backend_get(path, access, account, timeout, ANSWER_LIMIT)
}

/// Reads an answer with status 200. `None` when it is no list of models; an
/// entry that cannot be read is left out.
pub(crate) fn read(answer: &Answer, client_version: &str) -> Option<Models> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        models: Vec<&'a RawValue>,
    }
    let body: Body = serde_json::from_slice(&answer.body).ok()?;
    let mut models: Vec<Entry> = body.models.into_iter().filter_map(entry).collect();
    models.sort_by_key(|model| model.priority.unwrap_or(i64::MAX));
    models.truncate(MODELS_MAX);
    Some(Models {
        client_version: client_version.to_owned(),
        etag: answer.etag.clone(),
        models,
    })
}

fn entry(raw: &RawValue) -> Option<Entry> {
    let model: Value = serde_json::from_str(raw.get()).ok()?;
    if model["visibility"] != "list" {
        return None;
    }
    let text = |field: &str, limit| model[field].as_str().and_then(|text| clean(text, limit));
    Some(Entry {
        slug: text("slug", 100).filter(|slug| !slug.contains(char::is_whitespace))?,
        display_name: text("display_name", 100),
        description: text("description", 500),
        priority: model["priority"].as_i64(),
        context_window: model["context_window"].as_u64(),
        default_reasoning_level: text("default_reasoning_level", 40),
        reasoning_levels: words(
            &model["supported_reasoning_levels"],
            |level| &level["effort"],
        ),
        input_modalities: words(&model["input_modalities"], |modality| modality),
    })
}

fn words(list: &Value, word: impl Fn(&Value) -> &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let words = list
        .iter()
        .filter_map(|item| clean(word(item).as_str()?, 40));
    words.take(20).collect()
}
