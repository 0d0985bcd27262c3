//! A [`Fault`] as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::script_description::ScriptDescription;
use crate::fault::Fault;

/// At most one of `preset`, `status`, `patch`, `stream`, `raw`, `silence` and `hang` (none: the normal answer), and
/// modifiers that do what the methods of [`Fault`] with their names do.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FaultDescription {
    /// `cloudflare_challenge`, `region_blocked`, `too_many_requests`, `captive_portal`, `truncated_json`, `slow_down`,
    /// `device_login_disabled`, `usage_limit_reached`, `usage_not_included`, `overloaded`, `token_expired`,
    /// `token_invalidated`, `token_revoked`, `deactivated_workspace`
    preset: Option<String>,
    status: Option<u16>,
    /// With `status`: a JSON body.
    json: Option<Value>,
    /// With `status`: a body as text.
    body: Option<String>,
    patch: Option<Value>,
    /// What the model endpoint streams.
    stream: Option<ScriptDescription>,
    raw: Option<String>,
    silence: bool,
    hang: bool,
    headers: BTreeMap<String, String>,
    delay_ms: u64,
    /// Bytes of each piece, with `pause_ms` before each piece.
    drip: Option<usize>,
    pause_ms: u64,
    cut_after: Option<usize>,
    reset: bool,
    chunked: bool,
    after_processing: bool,
}

impl FaultDescription {
    pub(super) fn build(mut self) -> Result<Fault, String> {
        let mut fault = self.effect()?;
        for (name, value) in &self.headers {
            fault = fault.header(name, value);
        }
        if let Some(body) = self.body {
            fault = fault.body(body);
        }
        if let Some(piece) = self.drip {
            fault = fault.drip(piece, Duration::from_millis(self.pause_ms));
        }
        if let Some(bytes) = self.cut_after {
            fault = fault.cut_after(bytes);
        }
        if self.reset {
            fault = fault.reset();
        }
        if self.chunked {
            fault = fault.chunked();
        }
        if self.after_processing {
            fault = fault.after_processing();
        }
        Ok(fault.delay(Duration::from_millis(self.delay_ms)))
    }

    fn effect(&mut self) -> Result<Fault, String> {
        let mut effects = Vec::new();
        if let Some(name) = &self.preset {
            effects.push(preset(name)?);
        }
        if let Some(status) = self.status {
            effects.push(match &self.json {
                Some(body) => Fault::json(status, body.clone()),
                None => Fault::status(status),
            });
        }
        effects.extend(self.patch.clone().map(Fault::patch));
        if let Some(stream) = self.stream.take() {
            effects.push(Fault::stream(stream.build()?));
        }
        effects.extend(self.raw.clone().map(Fault::raw));
        effects.extend(self.silence.then(Fault::silence));
        effects.extend(self.hang.then(Fault::hang));
        match effects.len() {
            0 => Ok(Fault::normal()),
            1 => Ok(effects.remove(0)),
            _ => Err(
                "a fault has one of preset, status, patch, stream, raw, silence and hang".into(),
            ),
        }
    }
}

fn preset(name: &str) -> Result<Fault, String> {
    Ok(match name {
        "cloudflare_challenge" => Fault::cloudflare_challenge(),
        "region_blocked" => Fault::region_blocked(),
        "too_many_requests" => Fault::too_many_requests(None),
        "captive_portal" => Fault::captive_portal(),
        "truncated_json" => Fault::truncated_json(),
        "slow_down" => Fault::slow_down(),
        "device_login_disabled" => Fault::device_login_disabled(),
        "usage_limit_reached" => Fault::usage_limit_reached("plus", 1_900_000_000),
        "usage_not_included" => Fault::usage_not_included(),
        "overloaded" => Fault::overloaded(),
        "token_expired" | "token_invalidated" | "token_revoked" => Fault::token_refused(name),
        "deactivated_workspace" => Fault::deactivated_workspace(),
        _ => return Err(format!("unknown preset {name:?}")),
    })
}
