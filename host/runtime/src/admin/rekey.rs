//! Exchanging the key that a store is sealed with, while others use the store.
//!
//! 1. What is still sealed with the former key is sealed with the present one:
//!    there is room for two, and the former one is about to go.
//! 2. A new key is put before the present one. From here on both open, and new
//!    values are sealed with the new one; other processes learn of it when they
//!    meet such a value.
//! 3. Every value is sealed with the new key, by a conditional write as any other.
//!
//! Broken off anywhere, everything still opens, and the next attempt goes on.

use crate::error::{Error, ErrorCode};
use crate::host::Host;
use chatgpt_oauth_storage::seal::KeyId;
use chatgpt_oauth_storage::sealed_store::{LoginWrite, is_irreplaceable, sealed_with};
use chatgpt_oauth_storage::store::Profiles;
use chatgpt_oauth_storage::{ProfileName, StoreError};

/// How often to read a value again that was written meanwhile.
const TRIES: u32 = 8;

/// What came of sealing the values of a store with another key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// The id of the key that seals now.
    pub key: String,
    /// How many values were sealed with it.
    pub resealed: u64,
    /// What was left as it was.
    pub left: Vec<LeftSealed>,
}

/// A value that was left as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftSealed {
    /// Whose it is.
    pub profile: ProfileName,
    /// Its key in the store.
    pub key: String,
    /// Why.
    pub error: Error,
}

impl Host {
    /// Makes a new key and seals all values of the store with it. The one used
    /// until now still opens: other processes may be running with it.
    ///
    /// # Errors
    ///
    /// `invalid-argument` when nothing is sealed yet or the host has no keys,
    /// `key-unknown` when there is no key file, or it is not the store's own,
    /// `store-busy` when another process exchanges the key, and those of the
    /// store. What cannot be opened, or looks restored from a backup, is no error:
    /// it is left as it is. But if the key before the one in use would be lost with
    /// it, nothing is exchanged.
    pub async fn rekey(&self) -> Result<Resealed, Error> {
        let _under_way = self.parts.in_flight.begin()?;
        let keys = self.keys()?;
        let _one_at_a_time = keys.lock()?;
        let before = self.reseal().await?;
        if let Some(kept) = self.wants_former_key(before.left).await? {
            return Err(Error {
                message: format!(
                    "{} of the profile {} still needs the former key: {}",
                    kept.key, kept.profile, kept.error.message
                ),
                ..kept.error
            });
        }
        keys.exchange()?;
        self.reseal().await
    }

    /// Seals all values of the store with the key that seals now: for a key file
    /// that somebody else has put a new first key into.
    ///
    /// # Errors
    ///
    /// As [`rekey`](Self::rekey).
    pub async fn reseal(&self) -> Result<Resealed, Error> {
        let keys = self.keys()?;
        if keys.is_yet_to_be_made() && self.store().list(None, 1).await?.is_empty() {
            return Err(nothing_to_seal());
        }
        let sealing = *keys.ids()?.first().ok_or(StoreError::KeyUnknown)?;
        let mut outcome = Resealed {
            key: sealing.to_string(),
            ..Resealed::default()
        };
        let mut profiles = Profiles::of(self.store());
        while let Some(profile) = profiles.next().await? {
            for row in self.store().load(&profile).await? {
                match self.reseal_value(&profile, &row.key, sealing).await {
                    Ok(written) => outcome.resealed += u64::from(written),
                    // Its next copy takes its place.
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

    /// A value that is, or may be, sealed with the key that is about to go.
    async fn wants_former_key(&self, left: Vec<LeftSealed>) -> Result<Option<LeftSealed>, Error> {
        let ids = self.keys()?.ids()?;
        let Some(former) = ids.get(1) else {
            return Ok(None);
        };
        for left in left {
            let row = self.store().read(&left.profile, &left.key).await?;
            match row.as_ref().map(sealed_with) {
                None | Some(Ok(None) | Err(StoreError::Corrupt)) => {}
                Some(Ok(Some(id))) if id != *former => {}
                Some(_) => return Ok(Some(left)),
            }
        }
        Ok(None)
    }

    /// Seals one value, unless that key seals it already or it is gone.
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
        for _ in 0..TRIES {
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
