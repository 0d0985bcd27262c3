//! Who sends a request, by its key.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use chatgpt_oauth::ProfileName;
use chatgpt_oauth::api_keys::{ApiKeyRecord, Permission, Scope};
use chatgpt_oauth_answers::RefusalCode;
use http::request::Parts;

use crate::refused::Refused;

/// Who sends a request: what is known of its key. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    key_id: Arc<str>,
    record: Arc<ApiKeyRecord>,
}

impl Caller {
    pub(super) fn new(record: ApiKeyRecord) -> Self {
        Self {
            key_id: record.id.as_str().into(),
            record: Arc::new(record),
        }
    }

    pub(super) fn record(&self) -> &ApiKeyRecord {
        &self.record
    }

    /// Names the key without revealing it.
    pub(crate) const fn key_id(&self) -> &Arc<str> {
        &self.key_id
    }

    pub(crate) fn permission(&self) -> &Permission {
        &self.record.permission
    }

    /// The profile of the key; none for an administrator's key.
    pub(crate) fn profile(&self) -> Option<&ProfileName> {
        match self.permission() {
            Permission::Admin => None,
            Permission::Profile { profile, .. } => Some(profile),
        }
    }

    /// Refuses the request unless the key has one of these scopes.
    pub(crate) fn permit(&self, any_of: &[Scope]) -> Result<(), Refused> {
        let is_permitted = match self.permission() {
            Permission::Admin => true,
            Permission::Profile { scopes, .. } => any_of.iter().any(|scope| scopes.allow(*scope)),
        };
        if is_permitted {
            return Ok(());
        }
        tracing::warn!(key = %self.key_id, "a key has not the scope of the call");
        let names: Vec<_> = any_of.iter().map(|scope| scope.as_str()).collect();
        Err(Refused::new(
            RefusalCode::InsufficientScope,
            "the API key does not permit this call",
            format!("use a key with the scope {}", names.join(" or ")),
        ))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refused;

    /// The caller that the front has found out.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let caller = parts.extensions.get().cloned();
        caller.ok_or_else(|| {
            tracing::error!("a route that needs a key is reached without one");
            Refused::internal()
        })
    }
}
