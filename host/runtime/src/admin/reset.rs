//! Ways out where a profile's login cannot be read or looks old.

use crate::error::Error;
use crate::profile::Profile;
use chatgpt_oauth_storage::sealed_store::CREDENTIAL;
use chatgpt_oauth_storage::sealed_store::{LoginWrite, SealedProfile};

impl Profile {
    /// Sets aside what is stored of the profile and cannot be opened, because its
    /// key is lost or it is damaged; with `all` the rest, too. It stays sealed as it
    /// is, for at least 30 days, where no call sees it, and the profile goes on
    /// without it. Returns the keys of the values. The service is not told.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn reset(&self, all: bool) -> Result<Vec<String>, Error> {
        let _under_way = self.host.parts.in_flight.begin()?;
        let now = self.host.parts.wall_clock.seconds();
        let now = now.map_err(|error| Error::internal(format!("no time: {error}")))?;
        let records = self.records();
        let mut set_aside = Vec::new();
        for row in records.load().await? {
            let store = self.host.store();
            let opens = records.decrypt(&row).is_ok();
            if (all || !opens) && store.quarantine(self.name(), &row.key, now).await? {
                set_aside.push(row.key);
            }
        }
        Ok(set_aside)
    }

    /// Takes the stored login for the latest one, although this host has written
    /// a later one: after a backup was restored on purpose. Its refresh token may
    /// have been used since; then presenting it ends the login. Returns whether
    /// there was anything to adopt.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn adopt(&self) -> Result<bool, Error> {
        let _under_way = self.host.parts.in_flight.begin()?;
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
