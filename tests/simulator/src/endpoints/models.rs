//! `GET /backend-api/codex/models?client_version=MAJOR.MINOR.PATCH`: the models that an account may use.
//!
//! The backend hides models from clients that are too old: an old version gets an empty list and 200, `0.0.0` gets
//! every model.

use serde_json::{Value, json};

use super::bearer::authorize;
use crate::account::Account;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};
use crate::jwt::fingerprint;

pub(super) fn answer(issuer: &Issuer, request: &Request, arrival: Arrival) -> Answer {
    let account = match authorize(issuer, request, arrival) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(client_version) = request.query("client_version").as_deref().and_then(version) else {
        return Answer::detail(400, json!("client_version must be MAJOR.MINOR.PATCH"));
    };
    let models: Vec<Value> = listed(&account, client_version).map(Model::entry).collect();
    let etag = etag_of(&account, client_version);
    Answer::json(200, &json!({ "models": models })).header("etag", etag)
}

/// The `ETag` of the list that a client of this version gets.
pub(super) fn etag(account: &Account, client_version: &str) -> String {
    etag_of(account, version(client_version).unwrap_or(UNGATED))
}

/// The models that the account may use with a client of any version.
pub(super) fn available(account: &Account) -> impl Iterator<Item = &'static Model> {
    CATALOGUE
        .iter()
        .filter(|model| account.plan_type != "free" || model.in_free_plan)
}

fn listed(account: &Account, client_version: [u32; 3]) -> impl Iterator<Item = &'static Model> {
    available(account).filter(move |model| {
        client_version == UNGATED
            || version(model.since).is_some_and(|since| client_version >= since)
    })
}

/// The names are enough: an entry does not change while the simulator runs.
fn etag_of(account: &Account, client_version: [u32; 3]) -> String {
    let slugs: Vec<_> = listed(account, client_version)
        .map(|model| model.slug)
        .collect();
    format!("W/\"{}\"", fingerprint(slugs.join(" ")))
}

/// A client with this version gets the whole catalogue.
const UNGATED: [u32; 3] = [0, 0, 0];

fn version(text: &str) -> Option<[u32; 3]> {
    let numbers: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
    numbers?.try_into().ok()
}

pub(super) struct Model {
    pub(super) slug: &'static str,
    display_name: &'static str,
    /// Lower first; the lowest listed one is the default.
    priority: u32,
    visibility: &'static str,
    /// The oldest `client_version` that gets it.
    since: &'static str,
    in_free_plan: bool,
    pub(super) efforts: &'static [&'static str],
}

const TO_ULTRA: &[&str] = &["low", "medium", "high", "xhigh", "max", "ultra"];
const TO_MAX: &[&str] = &["low", "medium", "high", "xhigh", "max"];
const TO_XHIGH: &[&str] = &["low", "medium", "high", "xhigh"];

/// The models that the live service listed in autumn 2026. A client must not know these names; they change every few
/// weeks.
const CATALOGUE: &[Model] = &[
    Model::listed("gpt-6-astra", "GPT-6 Astra", 1, "0.153.0", false, TO_ULTRA),
    Model::listed("gpt-6-sol", "GPT-6 Sol", 2, "0.155.0", false, TO_ULTRA),
    Model::listed("gpt-6-luna", "GPT-6 Luna", 3, "0.155.0", false, TO_MAX),
    Model::listed("gpt-5.6-sol", "GPT-5.6 Sol", 4, "0.144.0", false, TO_ULTRA),
    Model::listed(
        "gpt-5.6-terra",
        "GPT-5.6 Terra",
        5,
        "0.144.0",
        true,
        TO_ULTRA,
    ),
    Model::listed("gpt-5.6-luna", "GPT-5.6 Luna", 6, "0.144.0", true, TO_MAX),
    Model::listed("gpt-5.5", "GPT-5.5", 7, "0.124.0", true, TO_XHIGH),
    Model {
        visibility: "hide",
        ..Model::listed(
            "codex-auto-review",
            "Codex Auto Review",
            43,
            "0.98.0",
            true,
            TO_XHIGH,
        )
    },
];

impl Model {
    const fn listed(
        slug: &'static str,
        display_name: &'static str,
        priority: u32,
        since: &'static str,
        in_free_plan: bool,
        efforts: &'static [&'static str],
    ) -> Self {
        Self {
            slug,
            display_name,
            priority,
            visibility: "list",
            since,
            in_free_plan,
            efforts,
        }
    }

    /// Every field that Codex requires: it drops the whole list if it cannot decode one entry.
    fn entry(&self) -> Value {
        let levels: Vec<Value> = self
            .efforts
            .iter()
            .map(|effort| json!({ "effort": effort, "description": format!("{effort} effort") }))
            .collect();
        let paid = [
            "plus",
            "pro",
            "prolite",
            "team",
            "business",
            "enterprise",
            "edu",
        ];
        let plans = self.in_free_plan.then_some("free").into_iter().chain(paid);
        json!({
            "slug": self.slug,
            "display_name": self.display_name,
            "description": format!("{} of the simulator.", self.display_name),
            "default_reasoning_level": "medium",
            "supported_reasoning_levels": levels,
            "shell_type": "shell_command",
            "visibility": self.visibility,
            "supported_in_api": true,
            "priority": self.priority,
            "minimal_client_version": self.since,
            "available_in_plans": plans.collect::<Vec<_>>(),
            "additional_speed_tiers": [],
            "service_tiers": [{ "id": "priority", "name": "Fast", "description": "Faster, at a higher rate." }],
            "availability_nux": null,
            "upgrade": null,
            "base_instructions": "You are a coding agent.",
            "supports_reasoning_summaries": true,
            "default_reasoning_summary": "none",
            "support_verbosity": true,
            "default_verbosity": "low",
            "apply_patch_tool_type": "freeform",
            "web_search_tool_type": "text",
            "truncation_policy": { "mode": "tokens", "limit": 10_000 },
            "supports_parallel_tool_calls": true,
            "supports_image_detail_original": true,
            "input_modalities": ["text", "image"],
            "context_window": 272_000,
            "max_context_window": 272_000,
            "effective_context_window_percent": 95,
            "experimental_supported_tools": [],
            "supports_search_tool": true,
            "prefer_websockets": false,
        })
    }
}
