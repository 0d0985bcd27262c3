//! `adopt`: accepts a restored backup as the latest login.

use chatgpt_oauth_storage::sealed_store::{CREDENTIAL, LoginWrite};

use crate::error::Error;
use crate::profile::Profile;

impl Profile {
    /// Accepts the stored login as the latest, although this host has written a later one:
    /// after a backup was restored on purpose. If the refresh token was used since,
    /// presenting it ends the login. Returns whether there was a login to accept.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn adopt(&self) -> Result<bool, Error> {
        let _in_flight = self.host.parts.in_flight.begin()?;
        let sealed = &self.host.parts.sealed;
        let records = sealed.profile(self.name().clone(), LoginWrite::Update);
        let stored = records.read(CREDENTIAL).await?.map(|row| row.version);
        if !records.is_rolled_back(stored) {
            return Ok(false);
        }
        records.adopt(stored).await?;
        Ok(true)
    }
}
