//! The stored login, read by this test's own code.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The record under the key `credential`, as docs/storage.md has it.
#[derive(Clone, Default)]
pub struct Credential {
    pub generation: u64,
    pub login_seq: u64,
    pub state: String,
    pub login_id: Option<String>,
    pub account_id: Option<String>,
    pub refresh: Option<String>,
    pub access: Option<String>,
    pub expires_at: Option<u64>,
    pub clock_offset: i64,
    pub refused: Option<String>,
    /// The fingerprint of the token that is being presented.
    pub presented: Option<String>,
    pub started: Option<u64>,
    pub probes: u64,
    pub not_before: Option<u64>,
}

impl Credential {
    pub fn read(bytes: &[u8]) -> Self {
        let fields: Value = serde_json::from_slice(bytes).expect("what is stored is JSON");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            generation: fields["generation"].as_u64().expect("a generation"),
            login_seq: fields["epoch"].as_u64().expect("an epoch"),
            state: text(&fields["state"]).expect("a state"),
            login_id: text(&fields["login_id"]),
            account_id: text(&fields["account_id"]),
            refresh: text(&fields["refresh_token"]),
            access: text(&fields["access_token"]),
            expires_at: fields["expires_at"].as_u64(),
            clock_offset: fields["clock_offset"].as_i64().unwrap_or(0),
            refused: text(&fields["refused"]),
            presented: text(&fields["intent"]["presented"]),
            started: fields["intent"]["started"].as_u64(),
            probes: fields["probes"].as_u64().unwrap_or(0),
            not_before: fields["not_before"].as_u64(),
        }
    }

    pub fn has_login(&self) -> bool {
        !matches!(self.state.as_str(), "" | "logged-out" | "logging-out")
    }

    /// Whether the backend has refused the access token, or a caller said so.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some() && self.refused == self.access.as_deref().map(fingerprint)
    }

    /// When the access token ends by this machine's clock.
    pub fn ends_at(&self) -> Option<u64> {
        Some(self.expires_at?.saturating_add_signed(-self.clock_offset))
    }
}

/// The first 32 hexadecimal digits of a secret's SHA-256.
pub fn fingerprint(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
