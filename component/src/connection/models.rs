use crate::backend;
use crate::cache::{self, Copy};
use crate::contract::{AnswerSource, Model, ModelList};
use crate::credential::Record;
use crate::error::Result;
use crate::openai::Trouble;
use crate::openai::models::{self as wire, Entry, Models};
use crate::ports::Ports;

/// What a model's name begins with, everywhere outside OpenAI.
const PREFIX: &str = "openai-codex/";

/// For the whole request, in seconds.
const TIMEOUT: u64 = 15;

/// Lists the models of the subscription, from the cache or from the service.
pub fn models(ports: Ports, force: bool) -> Result<ModelList> {
    let record = Record::load_signed_in(ports)?;
    match cache::load(ports, cache::MODELS, record.epoch) {
        Some(copy) if copy.answers(cache::MODELS, force, ports.now()) => {
            Ok(listing(copy, AnswerSource::Cache))
        }
        _ => fetch(ports, TIMEOUT),
    }
}

/// Asks the service, within `timeout` seconds for each request, and keeps a copy.
pub(super) fn fetch(ports: Ports, timeout: u64) -> Result<ModelList> {
    let (epoch, ungated) = ask(ports, wire::UNGATED_VERSION, timeout)?;
    let models = if ungated.models.is_empty() {
        ask(ports, wire::RECENT_VERSION, timeout)?.1
    } else {
        ungated
    };
    let copy = cache::store(ports, cache::MODELS, epoch, models);
    Ok(listing(copy, AnswerSource::Api))
}

/// The copy of that login, whatever its age.
pub(super) fn cached(ports: Ports, epoch: u64) -> Option<ModelList> {
    let copy = cache::load(ports, cache::MODELS, epoch)?;
    Some(listing(copy, AnswerSource::Cache))
}

fn ask(ports: Ports, version: &str, timeout: u64) -> Result<(u64, Models)> {
    let reply = backend::ask(ports, |access, account| {
        wire::request(version, access, account, timeout)
    })?;
    let models = wire::read(&reply.answer, version);
    Ok((
        reply.epoch,
        models.ok_or_else(|| Trouble::Unexpected.error())?,
    ))
}

fn listing(copy: Copy<Models>, source: AnswerSource) -> ModelList {
    let models: Vec<Model> = copy.value.models.into_iter().map(model).collect();
    let available_models: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
    ModelList {
        source,
        count: u32::try_from(models.len()).unwrap_or(u32::MAX),
        default_model_id: available_models.first().cloned(),
        available_models,
        models,
        fetched_at: copy.fetched_at,
    }
}

fn model(entry: Entry) -> Model {
    Model {
        id: format!("{PREFIX}{}", entry.slug),
        slug: entry.slug,
        display_name: entry.display_name,
        description: entry.description,
        priority: entry.priority,
        context_window: entry.context_window,
        default_reasoning_level: entry.default_reasoning_level,
        reasoning_levels: entry.reasoning_levels,
        input_modalities: entry.input_modalities,
    }
}
