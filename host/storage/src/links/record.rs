//! What the store keeps of a link, as JSON that is sealed.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Asks, LINK_LIFE, LinkId, LinkSecret, NewLink, SESSION_LIFE};
use crate::server_store::Owner;
use crate::{ProfileName, StoreError, versioned_json};

/// The version of the JSON.
const VERSION: u32 = 1;

/// What the store keeps of a link.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkRecord {
    /// The id.
    pub id: LinkId,
    /// The profile that the person signs in.
    pub profile: ProfileName,
    /// Who asks the person to do so.
    pub asks: Asks,
    /// When it was made, in Unix seconds.
    pub created_at: u64,
    /// When it ends.
    pub expires_at: u64,
    /// The login that the page has begun last.
    pub login: Option<LinkLogin>,
    pub(super) browser_digest: Option<[u8; 32]>,
}

/// A login that the page of a link has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkLogin {
    /// The login, as `poll` names it.
    pub pending_id: String,
    /// How it ended, in a word of the page; none while it waits.
    pub outcome: Option<String>,
}

impl LinkRecord {
    /// The record of a new link.
    pub(super) fn new(id: LinkId, new: NewLink, now: u64) -> Self {
        Self {
            id,
            profile: new.profile,
            asks: new.asks,
            created_at: now,
            expires_at: now.saturating_add(LINK_LIFE),
            login: None,
            browser_digest: None,
        }
    }

    /// The record of the link that is bound to this browser.
    pub(super) fn bound_to(&self, browser: &LinkSecret, now: u64) -> Self {
        Self {
            expires_at: now.saturating_add(SESSION_LIFE),
            browser_digest: Some(browser.digest()),
            ..self.clone()
        }
    }

    /// The record of the link that ends now.
    pub(super) fn ended(&self, now: u64) -> Self {
        Self {
            expires_at: now,
            ..self.clone()
        }
    }

    /// The record of the link whose page has begun this login. It lasts until `until`, at least.
    pub(super) fn with_login(&self, pending_id: &str, until: u64) -> Self {
        Self {
            expires_at: self.expires_at.max(until),
            login: Some(LinkLogin {
                pending_id: pending_id.to_owned(),
                outcome: None,
            }),
            ..self.clone()
        }
    }

    /// The record of the link whose login has ended like this.
    pub(super) fn with_outcome(&self, outcome: &str) -> Self {
        let login = self.login.clone().map(|login| LinkLogin {
            outcome: Some(outcome.to_owned()),
            ..login
        });
        Self {
            login,
            ..self.clone()
        }
    }

    /// Whether it has expired at this time, in Unix seconds.
    #[must_use]
    pub fn has_ended(&self, now: u64) -> bool {
        self.expires_at <= now
    }

    /// Whether it is bound to a browser.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.browser_digest.is_some()
    }

    /// Whether it is bound to this browser. Takes constant time.
    #[must_use]
    pub fn is_bound_to(&self, browser: &LinkSecret) -> bool {
        let is_same = |digest: &[u8; 32]| bool::from(digest.ct_eq(&browser.digest()));
        self.browser_digest.as_ref().is_some_and(is_same)
    }

    /// Whose entry it is in.
    pub(super) fn owner(&self) -> Owner {
        Owner::Profile(self.profile.clone())
    }

    /// The JSON of the record. Id and owner are those of its entry.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let stored = Stored {
            version: VERSION,
            asks: self.asks.as_str().to_owned(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            browser_sha256: self
                .browser_digest
                .map(|digest| base16ct::lower::encode_string(&digest)),
            login: self.login.clone(),
        };
        Zeroizing::new(serde_json::to_vec(&stored).expect("texts and numbers are JSON"))
    }

    /// Reads the JSON of a record in an entry with this id and owner.
    pub(super) fn decode(id: &str, owner: &Owner, json: &[u8]) -> Result<Self, StoreError> {
        let stored: Stored = versioned_json::decode(json, VERSION)?;
        stored.into_record(id, owner).ok_or(StoreError::Corrupt)
    }
}

/// Without the digest.
impl fmt::Debug for LinkRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkRecord")
            .field("id", &self.id)
            .field("profile", &self.profile)
            .field("asks", &self.asks)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("login", &self.login)
            .field("is_bound", &self.is_bound())
            .finish()
    }
}

/// The JSON. An unknown field may restrict the link: such a record is not used.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    asks: String,
    created_at: u64,
    expires_at: u64,
    browser_sha256: Option<String>,
    login: Option<LinkLogin>,
}

impl Stored {
    fn into_record(self, id: &str, owner: &Owner) -> Option<LinkRecord> {
        let Owner::Profile(profile) = owner else {
            return None;
        };
        let browser_digest = match self.browser_sha256 {
            None => None,
            Some(text) => Some(digest(&text)?),
        };
        Some(LinkRecord {
            id: LinkId::of_entry(id),
            profile: profile.clone(),
            asks: self.asks.parse().ok()?,
            created_at: self.created_at,
            expires_at: self.expires_at,
            login: self.login,
            browser_digest,
        })
    }
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let decoded = base16ct::lower::decode(text, &mut digest).ok()?;
    (decoded.len() == 32).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> LinkRecord {
        let new = NewLink {
            profile: "ada".parse().unwrap(),
            asks: "Ada's assistant".parse().unwrap(),
        };
        LinkRecord::new(LinkSecret::generate().unwrap().id(), new, 100)
    }

    fn decode(record: &LinkRecord, json: &[u8]) -> Result<LinkRecord, StoreError> {
        LinkRecord::decode(record.id.as_str(), &record.owner(), json)
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let browser = LinkSecret::generate().unwrap();
        let bound = LinkRecord {
            login: Some(LinkLogin {
                pending_id: "p".to_owned(),
                outcome: Some("connected".to_owned()),
            }),
            ..record().bound_to(&browser, 200)
        };
        for record in [record(), bound] {
            assert_eq!(decode(&record, &record.encode()), Ok(record.clone()));
        }
    }

    #[test]
    fn the_layout_of_a_record_is_what_the_documentation_says() {
        let json = String::from_utf8(record().encode().to_vec()).unwrap();
        assert_eq!(
            json,
            r#"{"version":1,"asks":"Ada's assistant","created_at":100,"expires_at":1000,"browser_sha256":null,"login":null}"#
        );
    }

    #[test]
    fn a_record_is_bound_to_its_browser_alone() {
        let [one, other] = [(); 2].map(|()| LinkSecret::generate().unwrap());
        let bound = record().bound_to(&one, 200);
        assert!(bound.is_bound_to(&one) && !bound.is_bound_to(&other));
        assert!(!record().is_bound() && !record().is_bound_to(&one));
        assert_eq!(bound.expires_at, 200 + SESSION_LIFE);
    }

    #[test]
    fn a_record_that_says_less_more_or_something_else_is_not_used() {
        let record = record();
        let json = String::from_utf8(record.encode().to_vec()).unwrap();
        for (what, by, error) in [
            (r#""version":1"#, r#""version":2"#, StoreError::Newer),
            (r#""asks":"Ada's assistant","#, "", StoreError::Corrupt),
            (r#""asks""#, r#""addresses":[],"asks""#, StoreError::Corrupt),
            (
                r#""asks":"Ada's assistant""#,
                r#""asks":"""#,
                StoreError::Corrupt,
            ),
            (
                r#""browser_sha256":null"#,
                r#""browser_sha256":"00""#,
                StoreError::Corrupt,
            ),
        ] {
            let changed = json.replacen(what, by, 1);
            assert_ne!(changed, json, "{what}");
            assert_eq!(decode(&record, changed.as_bytes()), Err(error), "{changed}");
        }
        let of_server = LinkRecord::decode(record.id.as_str(), &Owner::Server, json.as_bytes());
        assert_eq!(of_server, Err(StoreError::Corrupt));
    }
}
