//! `reset` quarantines unreadable values; `adopt` accepts a restored backup.

use chatgpt_oauth_storage::sealed_store::{CREDENTIAL, LoginWrite, SealedProfile};

use crate::error::Error;
use crate::profile::Profile;

impl Profile {
    /// Quarantines the profile's values that do not decrypt, because their key is lost or
    /// they are damaged; with `all`, quarantines all values. No call sees a quarantined
    /// value, which stays in the store, sealed, for at least 30 days. Returns the keys of
    /// the quarantined values. Sends no request to the service.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn reset(&self, all: bool) -> Result<Vec<String>, Error> {
        let _in_flight = self.host.parts.in_flight.begin()?;
        let now = self.host.parts.wall_clock.seconds();
        let now = now.map_err(|error| Error::internal(format!("no time: {error}")))?;
        let records = self.records();
        let mut quarantined = Vec::new();
        for row in records.load().await? {
            let store = self.host.store();
            let opens = records.decrypt(&row).is_ok();
            if (all || !opens) && store.quarantine(self.name(), &row.key, now).await? {
                quarantined.push(row.key);
            }
        }
        self.queue.note_login_changed();
        Ok(quarantined)
    }

    /// Accepts the stored login as the latest, although this host has written a later one:
    /// after a backup was restored on purpose. If the refresh token was used since,
    /// presenting it ends the login. Returns whether there was a login to accept.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn adopt(&self) -> Result<bool, Error> {
        let _in_flight = self.host.parts.in_flight.begin()?;
        let records = self.records();
        let stored = records.read(CREDENTIAL).await?.map(|row| row.version);
        if !records.is_rolled_back(stored) {
            return Ok(false);
        }
        records.adopt(stored).await?;
        Ok(true)
    }

    fn records(&self) -> SealedProfile {
        let sealed = &self.host.parts.sealed;
        sealed.profile(self.name().clone(), LoginWrite::Update)
    }
}
