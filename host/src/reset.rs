//! Ways out where a profile's login cannot be read or looks old.

use crate::error::{Error, ErrorCode};
use crate::host::Host;
use crate::profile::Profile;
use crate::records::Writes;
use crate::seal::Keys;
use crate::store::CREDENTIAL;

impl Profile {
    /// Sets all that is stored of the profile aside, sealed as it is, and leaves
    /// it signed out; returns how many values that were. They are kept for at
    /// least 30 days, where no call sees them. For a login that cannot be read,
    /// because its key is lost or it is damaged. The service is not told.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn reset(&self) -> Result<u64, Error> {
        let _under_way = self.host.parts.calls.begin()?;
        let now = self.host.parts.wall_clock.seconds();
        let now = now.map_err(|error| Error::internal(format!("no time: {error}")))?;
        Ok(self.host.store().set_aside(self.name(), now).await?)
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
        let _under_way = self.host.parts.calls.begin()?;
        let records = self
            .host
            .parts
            .records
            .of(self.name().clone(), Writes::Onward);
        let stored = records.read(CREDENTIAL).await?.map(|row| row.version);
        if !records.is_rolled_back(stored) {
            return Ok(false);
        }
        records.adopt(stored);
        Ok(true)
    }
}

impl Host {
    /// The keys that values are sealed with.
    pub(crate) fn keys(&self) -> Result<&Keys, Error> {
        self.parts.records.keys.as_ref().ok_or_else(|| {
            Error::lasting(
                ErrorCode::InvalidArgument,
                "this host does not seal what it stores",
                "set it up with keys",
            )
        })
    }
}
