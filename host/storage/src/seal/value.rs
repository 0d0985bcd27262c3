//! A sealed value:
//!
//! | bytes | |
//! |---|---|
//! | 1 | the format, 1 |
//! | 8 | the [id](super::KeyId) of the key |
//! | 24 | the nonce, random |
//! | the rest | the value by XChaCha20-Poly1305, and its tag of 16 bytes |
//!
//! The key is derived for the kind of store and the profile, or for the collection and the
//! owner of an entry. Format, key id, profile and key name, or owner and id, are authenticated
//! with the value, so that the value decrypts only in its own place.
//! Each write takes a nonce from the operating system, not from a counter, so that a machine
//! that is cloned or resumed twice repeats no nonce.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::key::{Key, KeyId, Keyring};
use crate::server_store::EntryPlace;
use crate::{ProfileName, StoreError, StoreKind};

const FORMAT: u8 = 1;
const ID: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;

/// The place of a value.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    kind: StoreKind,
    /// What the owner owns: a bucket, or entries of a collection. It separates the keys.
    table: &'static str,
    owner: &'a str,
    name: &'a str,
}

impl<'a> Place<'a> {
    /// The place of a value in the bucket of a profile.
    pub(crate) fn of_row(kind: StoreKind, profile: &'a ProfileName, key: &'a str) -> Self {
        Self {
            kind,
            table: "profile",
            owner: profile.as_str(),
            name: key,
        }
    }

    /// The place of a server's entry.
    pub(crate) fn of_entry(kind: StoreKind, place: EntryPlace<'a>) -> Self {
        Self {
            kind,
            table: place.collection.as_str(),
            owner: place.owner.as_str(),
            name: place.id,
        }
    }

    /// Seals a value for this place.
    pub(crate) fn seal(self, key: &Key, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|error| StoreError::unavailable(format!("no random bytes: {error}")))?;
        let mut sealed = head(key.id()).to_vec();
        let payload = Payload {
            msg: value,
            aad: &self.bound(key.id()),
        };
        let ciphertext = self.cipher(key).encrypt(&XNonce::from(nonce), payload);
        // Only a value of 256 GiB does not fit.
        let ciphertext = ciphertext.map_err(|_| StoreError::TooLarge)?;
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Decrypts a value of this place.
    pub(crate) fn open(self, ring: &Keyring, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let id = key_of(sealed)?;
        let key = ring.find(id).ok_or(StoreError::KeyUnknown)?;
        let (nonce, ciphertext) = sealed[1 + ID..]
            .split_first_chunk::<NONCE>()
            .ok_or(StoreError::Corrupt)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &self.bound(id),
        };
        let value = self.cipher(key).decrypt(&XNonce::from(*nonce), payload);
        value.map_err(|_| StoreError::Corrupt)
    }

    fn cipher(self, key: &Key) -> XChaCha20Poly1305 {
        let key = key.for_owner(self.table, &self.kind.to_string(), self.owner);
        XChaCha20Poly1305::new((&*key).into())
    }

    /// The associated data of the value. Names contain no NUL.
    fn bound(self, id: KeyId) -> Vec<u8> {
        let head = head(id);
        let (owner, name) = (self.owner.as_bytes(), self.name.as_bytes());
        [&head[..], owner, b"\0", name].concat()
    }
}

fn head(id: KeyId) -> [u8; 1 + ID] {
    let mut head = [FORMAT; 1 + ID];
    head[1..].copy_from_slice(&id.0);
    head
}

/// The id of the key that a value is sealed with.
pub(crate) fn key_of(sealed: &[u8]) -> Result<KeyId, StoreError> {
    match sealed {
        [FORMAT, rest @ ..] if rest.len() >= ID + NONCE + TAG => {
            let id = rest.first_chunk().ok_or(StoreError::Corrupt)?;
            Ok(KeyId(*id))
        }
        // A record that was never sealed begins with a brace.
        [format, ..] if *format > FORMAT && *format < b' ' => Err(StoreError::Newer),
        _ => Err(StoreError::Corrupt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server_store::{Collection, Owner};

    const VALUE: &[u8] = b"{\"refresh_token\":\"rt_CANARY\"}";

    fn ring() -> Keyring {
        Keyring {
            sealing: Key::generate().unwrap(),
            previous: None,
        }
    }

    fn name(name: &str) -> ProfileName {
        name.parse().unwrap()
    }

    fn place<'a>(profile: &'a ProfileName, key: &'a str) -> Place<'a> {
        Place::of_row(StoreKind::Test, profile, key)
    }

    #[test]
    fn a_value_opens_in_its_place_and_is_unreadable_before() {
        let (ring, ada) = (ring(), name("ada"));
        for value in [VALUE, b"", &[0; 256 << 10]] {
            let sealed = place(&ada, "credential")
                .seal(&ring.sealing, value)
                .unwrap();
            assert_eq!(sealed.len(), value.len() + 49);
            assert!(!sealed.windows(6).any(|bytes| bytes == b"CANARY"));
            let opened = place(&ada, "credential").open(&ring, &sealed);
            assert_eq!(opened.unwrap(), value);
        }
    }

    /// Faults: S07 M08 M10
    #[test]
    fn a_value_of_another_place_is_corrupt() {
        let (ring, ada, eve) = (ring(), name("ada"), name("eve"));
        let here = place(&ada, "credential");
        let sealed = here.seal(&ring.sealing, VALUE).unwrap();
        let real = Place {
            kind: StoreKind::OpenAi,
            ..here
        };
        for elsewhere in [place(&eve, "credential"), place(&ada, "pending"), real] {
            assert_eq!(elsewhere.open(&ring, &sealed), Err(StoreError::Corrupt));
        }
    }

    #[test]
    fn an_entry_of_another_place_and_a_row_of_the_same_names_are_corrupt() {
        let ring = ring();
        let (ada, eve) = (name("ada"), name("eve"));
        let (adas, eves) = (Owner::Profile(ada.clone()), Owner::Profile(eve));
        let place = EntryPlace {
            collection: Collection::ApiKeys,
            owner: &adas,
            id: "credential",
        };
        let of_entry = |place| Place::of_entry(StoreKind::Test, place);
        let sealed = of_entry(place).seal(&ring.sealing, VALUE).unwrap();
        assert_eq!(of_entry(place).open(&ring, &sealed).unwrap(), VALUE);
        let owner = |owner| EntryPlace { owner, ..place };
        let collection = |collection| EntryPlace {
            collection,
            ..place
        };
        for elsewhere in [
            of_entry(owner(&eves)),
            of_entry(owner(&Owner::Server)),
            of_entry(collection(Collection::Links)),
            of_entry(EntryPlace {
                id: "other",
                ..place
            }),
            Place::of_entry(StoreKind::OpenAi, place),
            Place::of_row(StoreKind::Test, &ada, "credential"),
        ] {
            assert_eq!(elsewhere.open(&ring, &sealed), Err(StoreError::Corrupt));
        }
    }

    /// Faults: M18
    #[test]
    fn names_that_make_the_same_text_together_are_different_places() {
        let (ab, a) = (name("ab"), name("a"));
        let id = ring().sealing.id();
        assert_ne!(place(&ab, "c").bound(id), place(&a, "bc").bound(id));
    }

    /// Faults: S02 M08
    #[test]
    fn with_any_byte_changed_or_missing_the_value_does_not_open() {
        let (ring, ada) = (ring(), name("ada"));
        let place = place(&ada, "credential");
        let sealed = place.seal(&ring.sealing, VALUE).unwrap();
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(place.open(&ring, &damaged).is_err(), "byte {at}");
            assert_eq!(
                place.open(&ring, &sealed[..at]),
                Err(StoreError::Corrupt),
                "{at} bytes"
            );
        }
        assert_eq!(place.open(&ring, VALUE), Err(StoreError::Corrupt));
    }

    /// Faults: S32
    #[test]
    fn a_value_under_another_key_is_not_taken_for_a_damaged_one() {
        let ada = name("ada");
        let place = place(&ada, "credential");
        let sealed = place.seal(&ring().sealing, VALUE).unwrap();
        assert_eq!(place.open(&ring(), &sealed), Err(StoreError::KeyUnknown));
    }

    /// Faults: S04
    #[test]
    fn a_value_of_a_newer_format_is_not_taken_for_a_damaged_one() {
        let (ring, ada) = (ring(), name("ada"));
        let place = place(&ada, "credential");
        let mut newer = place.seal(&ring.sealing, VALUE).unwrap();
        newer[0] = FORMAT + 1;
        assert_eq!(place.open(&ring, &newer), Err(StoreError::Newer));
    }

    /// Faults: S34 M28
    #[test]
    fn no_two_values_share_a_nonce() {
        let (ring, ada) = (ring(), name("ada"));
        let nonces: std::collections::HashSet<_> = (0..1000)
            .map(|_| {
                place(&ada, "credential")
                    .seal(&ring.sealing, VALUE)
                    .unwrap()[9..33]
                    .to_vec()
            })
            .collect();
        assert_eq!(nonces.len(), 1000);
    }
}
