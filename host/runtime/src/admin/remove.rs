//! Removing a profile, so that nothing brings it back.
//!
//! A call under way elsewhere, in another process perhaps, may still be waiting
//! for tokens, and stores them when they come. So no row is deleted, and a
//! profile is first signed out like any other:
//!
//! | what comes late | why it does not stay |
//! |---|---|
//! | tokens, of a login or a refresh | the record of the logout is still there, without secrets; its epoch is another |
//! | a pending login's next stage | its row is a tombstone, of another version |
//! | a copy of the models or the usage | likewise; where there was no row, its epoch counts no more |
//!
//! A record that cannot be read cannot be signed out, nor can its epoch be kept:
//! it becomes a tombstone like the rest, and is the last to do so. A refresh that
//! ends later finds no login and drops what came.

use crate::error::{Error, ErrorCode};
use crate::host::Host;
use crate::profile::Profile;
use crate::types::ConnectionState;
use chatgpt_oauth_storage::ProfileName;
use chatgpt_oauth_storage::sealed_store::{self, CREDENTIAL};
use chatgpt_oauth_storage::store::Profiles;

impl Host {
    /// The profiles that hold something, in the order of their names: a login,
    /// one that waits for approval, or what cannot be read. One that was signed
    /// out or removed holds nothing, though the store still
    /// [knows its name](crate::store::Store::list).
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn profiles(&self) -> Result<Vec<ProfileName>, Error> {
        let mut profiles = Vec::new();
        let mut names = Profiles::of(self.store());
        while let Some(name) = names.next().await? {
            let status = self.profile(name.clone()).status().await?;
            if status.state != ConnectionState::NotConnected {
                profiles.push(name);
            }
        }
        Ok(profiles)
    }
}

impl Profile {
    /// Signs out, without telling the service, and removes what else is stored.
    /// Tokens that are on their way are dropped when they come. Removing twice,
    /// or what never was, is success.
    ///
    /// With `unreadable` a login that cannot be read is removed too; without it
    /// that is an error and nothing changes.
    ///
    /// # Errors
    ///
    /// Those of the store, `record-corrupt`, `record-newer` and `key-unknown`
    /// among them. After one, part of it may be removed: remove it again.
    pub async fn remove(&self, unreadable: bool) -> Result<(), Error> {
        let _under_way = self.host.parts.in_flight.begin()?;
        let kept = match self.logout(false).await {
            Ok(_) => Some(CREDENTIAL),
            Err(error) if unreadable && is_unreadable(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(sealed_store::clear(self.host.store(), self.name(), kept).await?)
    }
}

fn is_unreadable(error: &Error) -> bool {
    matches!(
        error.code,
        ErrorCode::RecordCorrupt | ErrorCode::RecordNewer | ErrorCode::KeyUnknown
    )
}
