//! One key with its id, and the keyring: the first key seals, and every key decrypts.

use std::fmt::{self, Write};

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The length of a key, in bytes.
const LENGTH: usize = 32;

/// Identifies the key of a sealed value, which begins with it. The id is derived from the key,
/// so that it always fits the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub(super) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key that seals values. `Debug` shows only its id; it is wiped on drop.
#[derive(Clone)]
pub(crate) struct Key {
    id: KeyId,
    bytes: Zeroizing<[u8; LENGTH]>,
}

impl Key {
    /// A new key from the operating system's random bytes.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self::of(bytes))
    }

    pub(super) fn of(bytes: Zeroizing<[u8; LENGTH]>) -> Self {
        let id = derive(&bytes, &[b"chatgpt-oauth key id"]);
        Self {
            id: KeyId(*id),
            bytes,
        }
    }

    /// Reads 64 hexadecimal digits.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let read = base16ct::mixed::decode(digits, &mut *bytes).ok()?;
        let is_whole = read.len() == LENGTH;
        is_whole.then(|| Self::of(bytes))
    }

    /// The key as 64 hexadecimal digits.
    pub(super) fn digits(&self) -> Zeroizing<String> {
        let mut digits = Zeroizing::new(String::with_capacity(2 * LENGTH));
        for byte in self.bytes.iter() {
            // Writing to a string does not fail.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// The key that is derived from this one for an owner of values in a kind of store.
    pub(super) fn for_owner(
        &self,
        table: &str,
        kind: &str,
        owner: &str,
    ) -> Zeroizing<[u8; LENGTH]> {
        let info = [
            b"chatgpt-oauth ",
            table.as_bytes(),
            b"\0",
            kind.as_bytes(),
            b"\0",
            owner.as_bytes(),
        ];
        derive(&self.bytes, &info)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.id).finish()
    }
}

/// HKDF with SHA-256 (RFC 5869), without a salt: the key is random.
fn derive<const N: usize>(key: &[u8; LENGTH], info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let mut derived = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(None, key)
        .expand_multi_info(info, &mut *derived)
        .expect("HKDF gives up to 8160 bytes");
    derived
}

/// The keys: the one that seals, and a previous one that still decrypts.
#[derive(Clone, Debug)]
pub(crate) struct Keyring {
    pub(crate) sealing: Key,
    pub(crate) previous: Option<Key>,
}

impl Keyring {
    /// The key with this id.
    pub(crate) fn find(&self, id: KeyId) -> Option<&Key> {
        let previous = self.previous.as_ref();
        std::iter::once(&self.sealing)
            .chain(previous)
            .find(|key| key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let key = Key::generate().unwrap();
        let read = Key::parse(&key.digits()).unwrap();
        assert_eq!(read.id, key.id);
        assert_eq!(*read.bytes, *key.bytes);
    }

    #[test]
    fn text_that_is_not_a_key_does_not_parse() {
        let digits = "0f".repeat(32);
        assert!(Key::parse(&digits).is_some());
        assert!(Key::parse(&digits.to_uppercase()).is_some());
        for bad in [
            "",
            "0f",
            &digits[1..],
            &format!("{digits}0"),
            &digits.replacen('0', "g", 1),
        ] {
            assert!(Key::parse(bad).is_none(), "{bad}");
        }
    }

    /// Faults: M14
    #[test]
    fn a_key_does_not_show_itself() {
        let key = Key::of(Zeroizing::new([0xab; LENGTH]));
        let ring = Keyring {
            sealing: key.clone(),
            previous: Some(key),
        };
        assert!(!format!("{ring:?}").contains("abab"), "{ring:?}");
    }

    #[test]
    fn every_owner_table_and_kind_of_store_has_a_key_of_its_own() {
        let key = Key::generate().unwrap();
        let of = |table, kind, owner| *key.for_owner(table, kind, owner);
        let one = of("profile", "test", "ada");
        assert_eq!(of("profile", "test", "ada"), one);
        assert_ne!(of("profile", "openai", "ada"), one);
        assert_ne!(of("profile", "test", "eve"), one);
        assert_ne!(of("api-key", "test", "ada"), one);
    }
}
