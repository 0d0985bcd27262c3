//! What the store remembers of a refresh token that was taken over: that, and into which
//! profile.

use base16ct::HexDisplay;
use chatgpt_oauth_storage::sealed_entries::SealedEntries;
use chatgpt_oauth_storage::sealed_store::{CREDENTIAL, LoginWrite};
use chatgpt_oauth_storage::server_store::{Collection, EntryPlace, Owner};
use chatgpt_oauth_storage::{StoreError, Version};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorCode};
use crate::profile::Profile;

/// The note of one refresh token.
pub(super) struct Note {
    entries: SealedEntries,
    fingerprint: String,
    version: Version,
    /// False for the note of an earlier attempt.
    is_new: bool,
}

impl Note {
    /// Notes that this profile takes the token over. Goes on with the note of an earlier
    /// attempt of the same profile if no login of the profile was written since: then the
    /// token cannot be in the store. None if the store keeps no notes.
    ///
    /// # Errors
    ///
    /// `needs-login` when the token was or may have been taken over before, and those of the
    /// store.
    pub(super) async fn write(profile: &Profile, token: &str) -> Result<Option<Self>, Error> {
        let Some(entries) = profile.host.entries() else {
            return Ok(None);
        };
        let fingerprint = fingerprint(token);
        let record = record(profile).await?;
        let written = write(&entries, &fingerprint, None, &record).await;
        let (version, is_new) = match written {
            Ok(version) => (version, true),
            Err(StoreError::Conflict) => (take_up(&entries, &fingerprint, &record).await?, false),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Self {
            entries,
            fingerprint,
            version,
            is_new,
        }))
    }

    /// Removes the note of a token that was not taken over. That of an earlier attempt stays:
    /// the other process may still be storing the login.
    pub(super) async fn forget(self) {
        if !self.is_new {
            return;
        }
        let place = place(&self.fingerprint);
        if let Err(error) = self.entries.remove(place, self.version).await {
            tracing::warn!(%error, "the login counts as taken over, and was not");
        }
    }
}

/// Writes the note of an earlier attempt again if it says the same, so that the earlier
/// process, if it is still alive, does not remove it.
async fn take_up(
    entries: &SealedEntries,
    fingerprint: &str,
    record: &Value,
) -> Result<Version, Error> {
    let found = entries.read(Collection::TakenOver, fingerprint).await?;
    let found = found.ok_or(StoreError::Conflict)?;
    let value = entries.decrypt(&found).unwrap_or_default();
    match serde_json::from_slice::<Value>(&value) {
        Ok(noted) if noted == *record => {
            Ok(write(entries, fingerprint, Some(found.version), record).await?)
        }
        // Also a note that cannot be read.
        _ => Err(spent()),
    }
}

async fn write(
    entries: &SealedEntries,
    fingerprint: &str,
    expected: Option<Version>,
    record: &Value,
) -> Result<Version, StoreError> {
    let record = record.to_string();
    let written = entries.write(place(fingerprint), expected, record.as_bytes());
    written.await
}

/// The profile, and the version of its login, which every write of the login changes.
async fn record(profile: &Profile) -> Result<Value, Error> {
    let sealed = &profile.host.parts.sealed;
    let records = sealed.profile(profile.name().clone(), LoginWrite::Update);
    let login = records.read(CREDENTIAL).await?.map(|row| row.version.0);
    Ok(json!({"version": 1, "profile": profile.name().as_str(), "login": login}))
}

fn place(fingerprint: &str) -> EntryPlace<'_> {
    EntryPlace {
        collection: Collection::TakenOver,
        // Not the profile's: the token is spent for every profile.
        owner: &Owner::Server,
        id: fingerprint,
    }
}

/// As the component has it: the first 32 hexadecimal digits of the SHA-256.
fn fingerprint(token: &str) -> String {
    format!("{:x}", HexDisplay(&Sha256::digest(token)[..16]))
}

fn spent() -> Error {
    Error::permanent(
        ErrorCode::NeedsLogin,
        "this login was or may have been taken over before, so that its refresh token may be spent",
        "sign in with `chatgpt-oauth login`, or let the other program sign in again first",
    )
}
