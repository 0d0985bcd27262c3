//! `models`: lists the models of the subscription.

use crate::contract::{AnswerSource, Model, ModelList};
use crate::error::Result;
use crate::flow::backend;
use crate::flow::records;
use crate::json::Object;
use crate::openai::{FailureKind, models as wire};
use crate::ports::Ports;
use crate::state::cache::{CachedResponse, MODELS};
use alloc::string::String;
use alloc::vec::Vec;

/// For the whole request, in seconds.
const TIMEOUT: u64 = 15;

/// Lists the models of the subscription, from the cache or from the service.
pub fn models(ports: Ports, force: bool) -> Result<ModelList> {
    let record = records::credential::load_signed_in(ports)?;
    match records::cache::load(ports, MODELS, record.login_seq) {
        Some(cached) if cached.is_fresh(MODELS, force, ports.now()) => Ok(from_cache(&cached)),
        _ => fetch(ports, TIMEOUT),
    }
}

/// Asks the service, within `timeout` seconds for each request, and caches the
/// response.
pub(super) fn fetch(ports: Ports, timeout: u64) -> Result<ModelList> {
    let mut response = ask(ports, wire::UNGATED_VERSION, timeout)?;
    if response.models.is_empty() {
        response = ask(ports, wire::RECENT_VERSION, timeout)?;
    }
    let Fetched {
        models,
        login_seq,
        origin,
    } = response;
    let cached = wire::to_cache(&models);
    let fetched_at = records::cache::store(ports, MODELS, login_seq, cached, origin);
    Ok(list(models, fetched_at, AnswerSource::Api))
}

/// The cached models of that login, whatever their age.
pub(super) fn cached(ports: Ports, login_seq: u64) -> Option<ModelList> {
    let cached = records::cache::load(ports, MODELS, login_seq)?;
    Some(from_cache(&cached))
}

/// The part of a cached response that `status` returns.
pub(super) struct Names {
    pub(super) ids: Vec<String>,
    /// Unix seconds.
    pub(super) fetched_at: u64,
}

/// The cached names of that login, whatever their age.
pub(super) fn cached_names(ports: Ports, login_seq: u64) -> Option<Names> {
    let cached = records::cache::load(ports, MODELS, login_seq)?;
    Some(Names {
        ids: wire::ids_from_cache(&cached.body),
        fetched_at: cached.fetched_at,
    })
}

struct Fetched {
    models: Vec<Model>,
    /// The login whose token the request carried.
    login_seq: u64,
    /// The version in the request, and the `ETag` of the response.
    origin: Object,
}

fn ask(ports: Ports, version: &str, timeout: u64) -> Result<Fetched> {
    let reply = backend::ask(ports, &|access, account| {
        wire::request(version, access, account, timeout)
    })?;
    Ok(Fetched {
        models: wire::read(&reply.response.body).ok_or_else(|| FailureKind::Unexpected.error())?,
        login_seq: reply.login_seq,
        origin: Object::default()
            .with("client_version", version)
            .with("etag", reply.response.etag.as_deref()),
    })
}

fn from_cache(cached: &CachedResponse) -> ModelList {
    let models = wire::from_cache(&cached.body);
    list(models, cached.fetched_at, AnswerSource::Cache)
}

fn list(models: Vec<Model>, fetched_at: u64, source: AnswerSource) -> ModelList {
    let available_models: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
    ModelList {
        source,
        count: count(&available_models),
        default_model_id: available_models.first().cloned(),
        available_models,
        models,
        fetched_at,
    }
}

/// How many there are.
pub(super) fn count(ids: &[String]) -> u32 {
    u32::try_from(ids.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
