//! What the store keeps of an API key, as JSON that is sealed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::text::{ApiKey, ApiKeyId};
use super::{NewApiKey, Permission, Scope, Scopes};
use crate::server_store::Owner;
use crate::{StoreError, versioned_json};

/// The version of the JSON.
const VERSION: u32 = 1;

/// What the store keeps of a key: everything but its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The id, which is in the key too.
    pub id: ApiKeyId,
    /// What the key allows, and to whom.
    pub permission: Permission,
    /// What its owner calls it.
    pub label: Label,
    /// When it was made, in Unix seconds.
    pub created_at: u64,
    /// When it expires.
    pub expires_at: Option<u64>,
    /// When it was revoked.
    pub revoked_at: Option<u64>,
    /// When it was used last, within five minutes.
    pub last_used_at: Option<u64>,
    pub(super) secret_digest: [u8; 32],
}

/// Whether a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyState {
    /// It can.
    Active,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
}

impl ApiKeyState {
    /// The name of the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl ApiKeyRecord {
    /// The record of a new key.
    pub(super) fn new(key: &ApiKey, new: NewApiKey, now: u64) -> Self {
        Self {
            id: key.id().clone(),
            permission: new.permission,
            label: new.label,
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
            secret_digest: key.secret_digest(),
        }
    }

    /// The state of the key at this time, in Unix seconds.
    #[must_use]
    pub fn state(&self, now: u64) -> ApiKeyState {
        if self.revoked_at.is_some() {
            ApiKeyState::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            ApiKeyState::Expired
        } else {
            ApiKeyState::Active
        }
    }

    /// Whether this is the record of the key that a caller shows, and the key can be used at
    /// this time. Takes constant time: neither the part of the secret that differs nor the state
    /// can be measured.
    #[must_use]
    pub fn admits(&self, shown: &ApiKey, now: u64) -> bool {
        let is_same = self.secret_digest.ct_eq(&shown.secret_digest());
        let is_active = self.state(now) == ApiKeyState::Active;
        let is_of_class = self.permission.is_admin() == shown.is_admin();
        bool::from(is_same) & is_active & is_of_class & (self.id == *shown.id())
    }

    /// The JSON of the record. Id and owner are those of its entry.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let scopes = match &self.permission {
            Permission::Admin => Vec::new(),
            Permission::Profile { scopes, .. } => scopes.iter().map(Scope::as_str).collect(),
        };
        let stored = Stored {
            version: VERSION,
            secret_sha256: base16ct::lower::encode_string(&self.secret_digest),
            scopes: scopes.into_iter().map(str::to_owned).collect(),
            label: self.label.0.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
        };
        let json = serde_json::to_vec(&stored).expect("texts and numbers are JSON");
        Zeroizing::new(json)
    }

    /// Reads the JSON of a record in an entry with this id and owner.
    pub(super) fn decode(id: &str, owner: &Owner, json: &[u8]) -> Result<Self, StoreError> {
        let stored: Stored = versioned_json::decode(json, VERSION)?;
        stored.into_record(id, owner).ok_or(StoreError::Corrupt)
    }
}

/// Without the digest.
impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord")
            .field("id", &self.id)
            .field("permission", &self.permission)
            .field("label", &self.label)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("revoked_at", &self.revoked_at)
            .field("last_used_at", &self.last_used_at)
            .finish_non_exhaustive()
    }
}

/// The JSON. An unknown field may restrict the key: such a record is not used.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    secret_sha256: String,
    /// Empty for an administrator.
    scopes: Vec<String>,
    label: String,
    created_at: u64,
    expires_at: Option<u64>,
    revoked_at: Option<u64>,
    last_used_at: Option<u64>,
}

impl Stored {
    fn into_record(self, id: &str, owner: &Owner) -> Option<ApiKeyRecord> {
        let mut secret_digest = [0; 32];
        let decoded = base16ct::lower::decode(&self.secret_sha256, &mut secret_digest).ok()?;
        if decoded.len() != 32 {
            return None;
        }
        Some(ApiKeyRecord {
            id: id.parse().ok()?,
            permission: permission(owner, &self.scopes)?,
            label: self.label.parse().ok()?,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
            secret_digest,
        })
    }
}

/// The permission of a key with this owner and these scopes.
fn permission(owner: &Owner, scopes: &[String]) -> Option<Permission> {
    match owner {
        Owner::Server => scopes.is_empty().then_some(Permission::Admin),
        Owner::Profile(profile) => {
            let parsed: Result<Vec<Scope>, _> = scopes.iter().map(|scope| scope.parse()).collect();
            Some(Permission::Profile {
                profile: profile.clone(),
                scopes: Scopes::new(parsed.ok()?)?,
            })
        }
    }
}

/// What the owner of a key calls it: at most 64 characters, of which none controls a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// The longest label, in characters.
    const LONGEST: usize = 64;

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = InvalidLabel;

    fn from_str(label: &str) -> Result<Self, InvalidLabel> {
        let fits = label.chars().count() <= Self::LONGEST;
        match fits && !label.chars().any(char::is_control) {
            true => Ok(Self(label.to_owned())),
            false => Err(InvalidLabel),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a label has at most 64 characters, and no control characters")]
pub struct InvalidLabel;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(permission: Permission) -> (ApiKey, ApiKeyRecord) {
        let key = ApiKey::generate(permission.is_admin()).unwrap();
        let new = NewApiKey {
            permission,
            label: "laptop".parse().unwrap(),
            expires_at: Some(200),
        };
        let record = ApiKeyRecord::new(&key, new, 100);
        (key, record)
    }

    fn of_alice() -> Permission {
        Permission::Profile {
            profile: "alice".parse().unwrap(),
            scopes: Scopes::default(),
        }
    }

    fn decode(record: &ApiKeyRecord, json: &[u8]) -> Result<ApiKeyRecord, StoreError> {
        ApiKeyRecord::decode(record.id.as_str(), &record.permission.owner(), json)
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for permission in [Permission::Admin, of_alice()] {
            let (_, mut record) = record(permission);
            record.last_used_at = Some(150);
            record.revoked_at = Some(160);
            assert_eq!(decode(&record, &record.encode()), Ok(record.clone()));
        }
    }

    #[test]
    fn the_layout_of_a_record_is_what_the_documentation_says() {
        let (_, mut record) = record(of_alice());
        record.secret_digest = [0xab; 32];
        let json = String::from_utf8(record.encode().to_vec()).unwrap();
        let digest = "ab".repeat(32);
        assert_eq!(
            json,
            format!(
                r#"{{"version":1,"secret_sha256":"{digest}","scopes":["inference"],"label":"laptop","created_at":100,"expires_at":200,"revoked_at":null,"last_used_at":null}}"#
            )
        );
    }

    /// Faults: G17
    #[test]
    fn a_record_admits_its_own_key_while_it_is_active() {
        let (key, record) = record(of_alice());
        let (other, _) = self::record(of_alice());
        assert!(record.admits(&key, 100));
        assert!(record.admits(&key, 199));
        assert!(!record.admits(&other, 100));
        assert!(!record.admits(&key, 200));
        let revoked = ApiKeyRecord {
            revoked_at: Some(150),
            ..record
        };
        assert!(!revoked.admits(&key, 100));
    }

    /// Faults: G17
    #[test]
    fn a_key_with_a_known_id_and_another_secret_or_class_is_not_admitted() {
        let (key, record) = record(of_alice());
        let (other, _) = self::record(of_alice());
        let with_id = |id: &ApiKeyId, record: &ApiKeyRecord| ApiKeyRecord {
            id: id.clone(),
            ..record.clone()
        };
        assert!(!with_id(other.id(), &record).admits(&other, 100));
        assert!(!with_id(other.id(), &record).admits(&key, 100));
        let of_admin = ApiKeyRecord {
            permission: Permission::Admin,
            ..record
        };
        assert!(!of_admin.admits(&key, 100));
    }

    #[test]
    fn the_state_is_active_until_the_key_expires_or_is_revoked() {
        let (_, record) = record(of_alice());
        assert_eq!(record.state(199), ApiKeyState::Active);
        assert_eq!(record.state(200), ApiKeyState::Expired);
        let revoked = ApiKeyRecord {
            revoked_at: Some(1),
            ..record.clone()
        };
        assert_eq!(revoked.state(300), ApiKeyState::Revoked);
        let lasting = ApiKeyRecord {
            expires_at: None,
            ..record
        };
        assert_eq!(lasting.state(u64::MAX), ApiKeyState::Active);
    }

    #[test]
    fn a_record_that_says_less_more_or_something_else_is_not_used() {
        let (_, record) = record(of_alice());
        let json = String::from_utf8(record.encode().to_vec()).unwrap();
        let corrupt = Err(StoreError::Corrupt);
        for (what, by, error) in [
            (r#""version":1"#, r#""version":2"#, Err(StoreError::Newer)),
            (r#""version":1,"#, "", corrupt.clone()),
            (r#""label":"laptop","#, "", corrupt.clone()),
            (r#""label""#, r#""addresses":[],"label""#, corrupt.clone()),
            (r#""label""#, r#""label":"","label""#, corrupt.clone()),
            (r#""laptop""#, r#""lap\ntop""#, corrupt.clone()),
            (r#"["inference"]"#, "[]", corrupt.clone()),
            (r#"["inference"]"#, r#"["everything"]"#, corrupt.clone()),
            (
                r#""secret_sha256":""#,
                r#""secret_sha256":"00"#,
                corrupt.clone(),
            ),
            (r#""created_at":100"#, r#""created_at":-1"#, corrupt.clone()),
        ] {
            let changed = json.replacen(what, by, 1);
            assert_ne!(changed, json, "{what}");
            assert_eq!(decode(&record, changed.as_bytes()), error, "{changed}");
        }
        let of_admin = ApiKeyRecord::decode(record.id.as_str(), &Owner::Server, json.as_bytes());
        assert_eq!(of_admin, corrupt);
        assert_eq!(decode(&record, b""), corrupt);
    }

    /// Faults: G28
    #[test]
    fn a_record_shows_no_digest() {
        let (_, mut record) = record(of_alice());
        record.secret_digest = [0xab; 32];
        let shown = format!("{record:?}");
        assert!(shown.contains("laptop"), "{shown}");
        assert!(!shown.contains("171") && !shown.contains("abab"), "{shown}");
    }

    /// Faults: G29
    #[test]
    fn a_label_is_short_and_controls_no_terminal() {
        for label in ["", "Ada's laptop", "ключ", &"x".repeat(64)] {
            assert_eq!(label.parse::<Label>().unwrap().as_str(), label);
        }
        for label in ["\u{1b}[31m", "a\nb", "\u{9b}", &"x".repeat(65)] {
            assert_eq!(label.parse::<Label>(), Err(InvalidLabel), "{label:?}");
        }
    }
}
