//! Conversions of the results of calls, from [`types`] into the answers of
//! the JSON contract, [`chatgpt_oauth_answers`], which this module exports again.

pub use chatgpt_oauth_answers::*;

use chatgpt_oauth_answers::api_keys::{ApiKey, ApiKeyState, UnreadableApiKey};
use chatgpt_oauth_answers::connection::Authorize;
use chatgpt_oauth_answers::links::{CreateLink, RevealedLink};
use chatgpt_oauth_answers::operations::{Finding, LeftSealed, Rekey, Version};

use chatgpt_oauth_storage::api_keys::{
    ApiKeyRecord, ApiKeyState as StoredState, ListedApiKey, Permission, Scope,
};
use chatgpt_oauth_storage::links::LinkRecord;
use chatgpt_oauth_storage::server_store::Owner;

use crate::{artifact, types};

chatgpt_oauth_answers::convert_records!(types, crate::Error);

/// Without the headers: they hold the bearer token.
impl From<&types::Authorization> for Authorize {
    fn from(authorization: &types::Authorization) -> Self {
        Self {
            ok: True,
            base_url: authorization.base_url().to_owned(),
            expires_at: authorization.expires_at(),
            fingerprint: authorization.fingerprint().to_owned(),
            headers: None,
        }
    }
}

impl types::Authorization {
    /// The answer of `authorize` with the headers, the bearer token among them.
    #[must_use]
    pub fn reveal(&self) -> Authorize {
        let headers = self
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Authorize {
            headers: Some(headers.collect()),
            ..self.into()
        }
    }
}

impl From<&crate::Resealed> for Rekey {
    fn from(outcome: &crate::Resealed) -> Self {
        Self {
            ok: True,
            key_id: outcome.key.clone(),
            resealed: outcome.resealed,
            left: outcome.left.iter().map(LeftSealed::from).collect(),
        }
    }
}

impl From<&crate::LeftSealed> for LeftSealed {
    fn from(left: &crate::LeftSealed) -> Self {
        Self {
            profile: left.profile.as_str().to_owned(),
            key: left.key.clone(),
            code: left.error.code.into(),
            message: left.error.message.clone(),
            hint: left.error.hint.clone(),
        }
    }
}

impl From<&crate::Finding> for Finding {
    fn from(finding: &crate::Finding) -> Self {
        let (message, error) = match &finding.outcome {
            Ok(seen) => (seen, None),
            Err(error) => (&error.message, Some(error)),
        };
        Self {
            subject: finding.subject.clone(),
            ok: error.is_none(),
            message: message.clone(),
            code: error.map(|error| error.code.into()),
            hint: error.map(|error| error.hint.clone()),
        }
    }
}

/// What the store keeps of an API key, with its state at this time, in Unix seconds.
#[must_use]
pub fn api_key(record: &ApiKeyRecord, now: u64) -> ApiKey {
    let scopes = match &record.permission {
        Permission::Admin => Vec::new(),
        Permission::Profile { scopes, .. } => scopes.iter().collect(),
    };
    ApiKey {
        id: record.id.to_string(),
        profile: profile_of(&record.permission.owner()),
        admin: record.permission.is_admin(),
        scopes: scopes
            .into_iter()
            .map(|scope: Scope| scope.to_string())
            .collect(),
        label: record.label.to_string(),
        state: match record.state(now) {
            StoredState::Active => ApiKeyState::Active,
            StoredState::Expired => ApiKeyState::Expired,
            StoredState::Revoked => ApiKeyState::Revoked,
        },
        created_at: record.created_at,
        expires_at: record.expires_at,
        revoked_at: record.revoked_at,
        last_used_at: record.last_used_at,
    }
}

/// A page of API keys, with their states at this time, in Unix seconds.
#[must_use]
pub fn api_keys(page: &[ListedApiKey], now: u64) -> chatgpt_oauth_answers::api_keys::ApiKeys {
    let mut answer = chatgpt_oauth_answers::api_keys::ApiKeys {
        ok: True,
        keys: Vec::new(),
        unreadable: Vec::new(),
    };
    for listed in page {
        match &listed.record {
            Ok(record) => answer.keys.push(api_key(record, now)),
            Err(error) => {
                let error = crate::Error::from(error.clone());
                answer.unreadable.push(UnreadableApiKey {
                    id: listed.id.clone(),
                    profile: profile_of(&listed.owner),
                    code: error.code.into(),
                    message: error.message,
                });
            }
        }
    }
    answer
}

/// A link that was made, with the address that opens it.
#[must_use]
pub fn created_link(record: &LinkRecord, url: String) -> CreateLink {
    CreateLink {
        ok: True,
        url: RevealedLink(url),
        profile: record.profile.to_string(),
        asks: record.asks.to_string(),
        created_at: record.created_at,
        expires_at: record.expires_at,
    }
}

fn profile_of(owner: &Owner) -> Option<String> {
    match owner {
        Owner::Server => None,
        Owner::Profile(name) => Some(name.to_string()),
    }
}

/// This software's version, and the digests of the components in it.
#[must_use]
pub fn version() -> Version {
    let worlds = artifact::WORLDS
        .iter()
        .map(|world| (world.name.to_owned(), world.digest.to_owned()));
    Version {
        ok: True,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        component_sha256: artifact::PLATFORM.digest.to_owned(),
        worlds: worlds.collect(),
    }
}
