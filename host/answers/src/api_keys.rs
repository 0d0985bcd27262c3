//! The answers about the API keys of a server.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{ErrorCode, True};

answers! {
    /// The answer of `keys create`.
    struct CreateApiKey {
        /// Always true.
        pub ok: True,
        /// The key, which is shown once; null if it was written to a file.
        pub key: Option<RevealedKey>,
        /// The path of the file with the key; null if it was shown.
        pub file: Option<String>,
        /// What the store keeps of the key.
        #[serde(flatten)]
        pub created: ApiKey,
    }

    /// The answer of `keys rotate`.
    struct RotateApiKey {
        /// Always true.
        pub ok: True,
        /// The new key, which is shown once; null if it was written to a file.
        pub key: Option<RevealedKey>,
        /// The path of the file with the new key; null if it was shown.
        pub file: Option<String>,
        /// What the store keeps of the new key.
        #[serde(flatten)]
        pub created: ApiKey,
        /// The id of the previous key.
        pub previous_id: String,
        /// When the previous key expires, in Unix seconds.
        pub previous_expires_at: u64,
    }

    /// The answer of `keys list`.
    struct ApiKeys {
        /// Always true.
        pub ok: True,
        /// The keys, in the order of their ids.
        pub keys: Vec<ApiKey>,
        /// The keys that cannot be read, and that admit no caller.
        pub unreadable: Vec<UnreadableApiKey>,
    }

    /// One page of the API keys of a profile that a server knows.
    struct ApiKeyPage {
        /// The keys.
        #[serde(flatten)]
        pub page: ApiKeys,
        /// The id that the next page comes after; null on the last page.
        pub next_after: Option<String>,
    }

    /// The answer of `keys revoke`.
    struct RevokeApiKey {
        /// Always true.
        pub ok: True,
        /// The id of the key.
        pub id: String,
        /// Whether the key was valid until now.
        pub revoked: bool,
    }

    /// What the store keeps of an API key.
    struct ApiKey {
        /// The id, which is part of the key.
        pub id: String,
        /// The profile that the key reaches; null for the key of an administrator.
        pub profile: Option<String>,
        /// Whether it is the key of an administrator.
        pub admin: bool,
        /// The scopes: `read`, `onboarding`, `inference`; none for an administrator.
        pub scopes: Vec<String>,
        /// What its owner calls it.
        pub label: String,
        /// Whether it can be used.
        pub state: ApiKeyState,
        /// When it was made, in Unix seconds.
        pub created_at: u64,
        /// When it expires; null if it does not.
        pub expires_at: Option<u64>,
        /// When it was revoked.
        pub revoked_at: Option<u64>,
        /// When it was used last, within five minutes; null if it never was.
        pub last_used_at: Option<u64>,
    }

    /// A key that cannot be read.
    struct UnreadableApiKey {
        /// The id.
        pub id: String,
        /// The profile; null for the key of an administrator.
        pub profile: Option<String>,
        /// Why, as an error code.
        pub code: ErrorCode,
        /// Why.
        pub message: String,
    }

    /// Whether an API key can be used.
    #[derive(Copy, PartialEq, Eq)]
    #[serde(rename_all = "snake_case")]
    enum ApiKeyState {
        /// It can.
        Active,
        /// It has expired.
        Expired,
        /// It was revoked.
        Revoked,
    }
}

/// An API key in an answer. `Debug` does not show it.
#[derive(Clone, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct RevealedKey(pub String);

impl fmt::Debug for RevealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RevealedKey")
    }
}
