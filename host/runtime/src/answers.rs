//! Conversions of the results of calls, from [`types`] into the answers of
//! the JSON contract, [`chatgpt_oauth_answers`], which this module exports again.

pub use chatgpt_oauth_answers::*;

use chatgpt_oauth_answers::connection::Authorize;
use chatgpt_oauth_answers::operations::{Finding, LeftSealed, Rekey, Version};

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
