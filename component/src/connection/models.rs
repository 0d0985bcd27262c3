use crate::backend;
use crate::cache::{self, Copy};
use crate::contract::{AnswerSource, ModelList};
use crate::credential::Record;
use crate::error::Result;
use crate::json::Object;
use crate::openai::{Trouble, models as wire};
use crate::ports::Ports;
use alloc::string::String;
use alloc::vec::Vec;

/// For the whole request, in seconds.
const TIMEOUT: u64 = 15;

/// Lists the models of the subscription, from the cache or from the service.
pub fn models(ports: Ports, force: bool) -> Result<ModelList> {
    let record = Record::load_signed_in(ports)?;
    match cache::load(ports, cache::MODELS, record.epoch) {
        Some(copy) if copy.answers(cache::MODELS, force, ports.now()) => {
            Ok(list(&copy, AnswerSource::Cache))
        }
        _ => fetch(ports, TIMEOUT),
    }
}

/// Asks the service, within `timeout` seconds for each request, and keeps a copy.
pub(super) fn fetch(ports: Ports, timeout: u64) -> Result<ModelList> {
    let ungated = ask(ports, wire::UNGATED_VERSION, timeout)?;
    let copy = match wire::read(&ungated.body).is_empty() {
        true => ask(ports, wire::RECENT_VERSION, timeout)?,
        false => ungated,
    };
    Ok(list(&copy, AnswerSource::Api))
}

/// The copy of that login, whatever its age.
pub(super) fn cached(ports: Ports, epoch: u64) -> Option<ModelList> {
    let copy = cache::load(ports, cache::MODELS, epoch)?;
    Some(list(&copy, AnswerSource::Cache))
}

fn ask(ports: Ports, version: &str, timeout: u64) -> Result<Copy> {
    let reply = backend::ask(ports, &|access, account| {
        wire::request(version, access, account, timeout)
    })?;
    let body = wire::keep(&reply.answer.body).ok_or_else(|| Trouble::Unexpected.error())?;
    let origin = Object::default()
        .with("client_version", version)
        .with("etag", reply.answer.etag.as_deref());
    Ok(cache::store(
        ports,
        cache::MODELS,
        reply.epoch,
        body,
        origin,
    ))
}

fn list(copy: &Copy, source: AnswerSource) -> ModelList {
    let models = wire::read(&copy.body);
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
