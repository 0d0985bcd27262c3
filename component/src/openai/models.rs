//! `GET /backend-api/codex/models`: the models of the subscription
//! (docs/protocol.md, Models).

use crate::claims::Claims;
use crate::contract::Model;
use crate::json::{self, Value};
use crate::ports::Request;
use crate::secret::Secret;
use crate::text::clean;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What a model's name begins with, everywhere outside OpenAI.
const PREFIX: &str = "openai-codex/";

/// The version to ask with: reported to be answered with every model there is,
/// while a real but old version hides the newer ones.
pub(crate) const UNGATED_VERSION: &str = "0.0.0";

/// The version to ask with once more when the ungated list is empty: the Codex
/// CLI as published in November 2026.
pub(crate) const RECENT_VERSION: &str = "0.169.0";

/// The longest list taken, in bytes: instructions of several KiB come with each model.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// More models than this are not kept.
const MODELS_MAX: usize = 500;

/// What is read of a model; the rest, by far the most, is not kept.
const KEPT: [&str; 9] = [
    "slug",
    "display_name",
    "description",
    "visibility",
    "priority",
    "context_window",
    "default_reasoning_level",
    "supported_reasoning_levels",
    "input_modalities",
];

pub(crate) fn request(
    client_version: &str,
    access: &Secret,
    account: &Claims,
    timeout: u64,
) -> Request {
    let path = format!("/backend-api/codex/models?client_version={client_version}");
    super::backend_get(path, access, account, timeout, ANSWER_LIMIT)
}

/// Returns the answer's list, cut down to what [`read`] reads. `None` when it
/// is no list of models.
pub(crate) fn keep(body: &[u8]) -> Option<Value> {
    let Value::List(mut models) = json::parse_object(body)?.take("models") else {
        return None;
    };
    models.retain(|model| model["visibility"].as_str() == Some("list"));
    models.truncate(MODELS_MAX);
    for model in &mut models {
        if let Value::Object(fields) = model {
            fields.keep_only(&KEPT);
        }
    }
    Some(Value::List(models))
}

/// Reads a kept list, in the service's order. An entry that cannot be read is
/// left out.
pub(crate) fn read(kept: &Value) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    for model in kept.items().iter().filter_map(model) {
        let rank = |model: &Model| model.priority.unwrap_or(i64::MAX);
        let place = models.partition_point(|other| rank(other) <= rank(&model));
        models.insert(place, model);
    }
    models
}

fn model(entry: &Value) -> Option<Model> {
    let text = |field: &str, limit| entry[field].as_str().and_then(|text| clean(text, limit));
    let slug = text("slug", 100).filter(|slug| !slug.contains(' '))?;
    Some(Model {
        id: format!("{PREFIX}{slug}"),
        slug,
        display_name: text("display_name", 100),
        description: text("description", 500),
        priority: entry["priority"].as_i64(),
        context_window: entry["context_window"].as_u64(),
        default_reasoning_level: text("default_reasoning_level", 40),
        reasoning_levels: words(&entry["supported_reasoning_levels"], "effort"),
        input_modalities: words(&entry["input_modalities"], ""),
    })
}

/// The words of a list, or of that field of its items.
fn words(list: &Value, field: &str) -> Vec<String> {
    let word = |item: &Value| clean(item[field].as_str().or(item.as_str())?, 40);
    list.items().iter().filter_map(word).take(20).collect()
}
