//! Key rotation, while other processes use the store.
//!
//! 1. All values that the previous key seals are sealed with the current key, since the
//!    key file has room for two keys and the previous one is removed next.
//! 2. A new key is written before the current one. From now on both keys decrypt, and new
//!    values are sealed with the new key. Other processes read the key file again when
//!    they find such a value.
//! 3. Every value is sealed with the new key, by a conditional write like any other.
//!
//! After an interruption at any point all values still decrypt, and the next attempt
//! continues.

use chatgpt_oauth_storage::seal::KeyId;
use chatgpt_oauth_storage::sealed_store::{LoginWrite, is_irreplaceable, sealed_with};
use chatgpt_oauth_storage::server_store::{Collection, all_entries};
use chatgpt_oauth_storage::store::Profiles;
use chatgpt_oauth_storage::{ProfileName, StoreError};

use crate::error::{Error, ErrorCode};
use crate::host::Host;

/// How often a value is read again after a conflict.
const MAX_ATTEMPTS: u32 = 8;

/// The outcome of sealing the values of a store with another key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// The id of the key that seals now.
    pub key: String,
    /// How many values were sealed with this key.
    pub resealed: u64,
    /// The values that were not changed.
    pub left: Vec<LeftSealed>,
}

/// A value that was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftSealed {
    /// The profile of the value.
    pub profile: ProfileName,
    /// The key of the value in the store.
    pub key: String,
    /// Why the value was not changed.
    pub error: Error,
}

impl Host {
    /// Creates a new key and seals all values of the store with it. The key used until now
    /// still decrypts, since other processes may be using it.
    ///
    /// A value that does not decrypt, or that looks restored from a backup, is not changed
    /// and is no error. But if such a value may need the previous key, which the new key
    /// would replace, the key is not rotated.
    ///
    /// # Errors
    ///
    /// `invalid-argument` when nothing is sealed yet or the host has no keys,
    /// `key-unknown` when there is no key file or it is not the store's own, `store-busy`
    /// while another process rotates the key, and those of the store.
    pub async fn rekey(&self) -> Result<Resealed, Error> {
        let _in_flight = self.parts.in_flight.begin()?;
        let keys = self.keys()?;
        let _one_at_a_time = keys.lock()?;
        let before = self.reseal().await?;
        if let Some(kept) = self.needs_previous_key(before.left).await? {
            return Err(Error {
                message: format!(
                    "{} of the profile {} still needs the previous key: {}",
                    kept.key, kept.profile, kept.error.message
                ),
                ..kept.error
            });
        }
        keys.rotate()?;
        self.reseal().await
    }

    /// Seals all values of the store with the current key: for a key file into which the
    /// operator has put a new first key.
    ///
    /// # Errors
    ///
    /// As [`rekey`](Self::rekey).
    pub async fn reseal(&self) -> Result<Resealed, Error> {
        let keys = self.keys()?;
        if keys.is_yet_to_be_created() && self.store().list(None, 1).await?.is_empty() {
            return Err(nothing_to_seal());
        }
        let sealing = *keys.ids()?.first().ok_or(StoreError::KeyUnknown)?;
        let mut outcome = Resealed {
            key: sealing.to_string(),
            ..Resealed::default()
        };
        self.reseal_entries(sealing, &mut outcome).await?;
        let mut profiles = Profiles::of(self.store());
        while let Some(profile) = profiles.next().await? {
            for row in self.store().load(&profile).await? {
                match self.reseal_value(&profile, &row.key, sealing).await {
                    Ok(written) => outcome.resealed += u64::from(written),
                    // The next cache entry replaces it.
                    Err(_) if !is_irreplaceable(&row.key) => {}
                    Err(error) => outcome.left.push(LeftSealed {
                        profile: profile.clone(),
                        key: row.key,
                        error: error.into(),
                    }),
                }
            }
        }
        Ok(outcome)
    }

    /// The same for what a server keeps. An entry that does not decrypt with any key admits no
    /// caller, so that nothing is lost with it.
    async fn reseal_entries(
        &self,
        sealing: KeyId,
        outcome: &mut Resealed,
    ) -> Result<(), StoreError> {
        let Some(entries) = self.entries() else {
            return Ok(());
        };
        for collection in Collection::ALL {
            for entry in all_entries(entries.store(), collection, None).await? {
                match entries.reseal(&entry, sealing).await {
                    Ok(written) => outcome.resealed += u64::from(written),
                    Err(error @ (StoreError::KeyUnknown | StoreError::Corrupt)) => {
                        let id = &entry.id;
                        tracing::warn!(%collection, id, %error, "an entry cannot be sealed again");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// A value that is, or may be, sealed with the previous key.
    async fn needs_previous_key(&self, left: Vec<LeftSealed>) -> Result<Option<LeftSealed>, Error> {
        let ids = self.keys()?.ids()?;
        let Some(previous) = ids.get(1) else {
            return Ok(None);
        };
        for left in left {
            let row = self.store().read(&left.profile, &left.key).await?;
            match row.as_ref().map(sealed_with) {
                None | Some(Ok(None) | Err(StoreError::Corrupt)) => {}
                Some(Ok(Some(id))) if id != *previous => {}
                Some(_) => return Ok(Some(left)),
            }
        }
        Ok(None)
    }

    /// Seals one value, unless the key seals it already or the value was deleted.
    async fn reseal_value(
        &self,
        profile: &ProfileName,
        key: &str,
        sealing: KeyId,
    ) -> Result<bool, StoreError> {
        let records = self
            .parts
            .sealed
            .profile(profile.clone(), LoginWrite::Update);
        for _ in 0..MAX_ATTEMPTS {
            let Some(row) = records.read(key).await? else {
                return Ok(false);
            };
            if sealed_with(&row)? == Some(sealing) {
                return Ok(false);
            }
            let Some(value) = records.decrypt(&row)? else {
                return Ok(false);
            };
            match records.write(key, Some(row.version), Some(&value)).await {
                Err(StoreError::Conflict) => continue,
                written => return written.map(|_| true),
            }
        }
        Err(StoreError::Conflict)
    }
}

fn nothing_to_seal() -> Error {
    Error::permanent(
        ErrorCode::InvalidArgument,
        "there is nothing to seal",
        "the first login makes a key",
    )
}
