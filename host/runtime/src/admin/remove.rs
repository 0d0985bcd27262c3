//! Lists the profiles, and removes one so that no late write restores it.
//!
//! Another call, possibly of another process, may still be waiting for tokens, and stores
//! them when they arrive. So no row is deleted, and the profile is signed out first:
//!
//! | late write | why it does not stay |
//! |---|---|
//! | tokens of a login or a refresh | the record of the logout remains, without secrets and with another epoch |
//! | the next stage of a pending login | its row is a tombstone with another version |
//! | cached models or usage | likewise; where there was no row, the epoch of the entry is outdated |
//!
//! An unreadable record cannot be signed out, and its epoch cannot be kept: the record
//! becomes a tombstone like the other rows, as the last of them. A refresh that ends later
//! finds no login and drops its tokens.

use chatgpt_oauth_storage::ProfileName;
use chatgpt_oauth_storage::sealed_store::{self, CREDENTIAL};
use chatgpt_oauth_storage::store::Profiles;

use crate::error::{Error, ErrorCode};
use crate::host::Host;
use crate::profile::Profile;
use crate::types::ConnectionState;

impl Host {
    /// The profiles that hold a login, a pending login or an unreadable record, in the
    /// order of their names. A profile that was signed out or removed holds none of these,
    /// though the store still [lists its name](crate::store::Store::list).
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
    /// Signs out without a request to the service, and removes all other values. Tokens
    /// that arrive later are dropped. Removing an absent profile succeeds.
    ///
    /// With `unreadable` an unreadable login is removed too. Without it, an unreadable
    /// login is an error and nothing changes.
    ///
    /// # Errors
    ///
    /// Those of the store, among them `record-corrupt`, `record-newer` and `key-unknown`.
    /// After an error a part may be removed: call this again.
    pub async fn remove(&self, unreadable: bool) -> Result<(), Error> {
        let _in_flight = self.host.parts.in_flight.begin()?;
        let kept = match self.logout(false).await {
            Ok(_) => Some(CREDENTIAL),
            Err(error) if unreadable && is_unreadable(&error) => None,
            Err(error) => return Err(error),
        };
        let cleared = sealed_store::clear(self.host.store(), self.name(), kept).await;
        self.login_has_changed().await;
        Ok(cleared?)
    }
}

fn is_unreadable(error: &Error) -> bool {
    matches!(
        error.code,
        ErrorCode::RecordCorrupt | ErrorCode::RecordNewer | ErrorCode::KeyUnknown
    )
}
