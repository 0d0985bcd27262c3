//! `reset`: quarantines the values that do not decrypt, or all.

use chatgpt_oauth_storage::sealed_store::LoginWrite;

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
        let now = self.host.now()?;
        let sealed = &self.host.parts.sealed;
        let records = sealed.profile(self.name().clone(), LoginWrite::Update);
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
}
