//! The text of an API key, as a caller keeps it:
//!
//! | characters | |
//! |---|---|
//! | 5 | `cgop_`, for a profile, or `cgoa_`, for an administrator |
//! | 10 | the id |
//! | 33 | the secret: 196 random bits |
//! | 6 | the CRC-32 (IEEE 802.3) of all before, as a number, the highest digit first |
//!
//! All but the prefix are digits of base 62, `0-9A-Za-z`. A scanner of source code finds a key
//! by its prefix, and the checksum tells a mistyped key from an unknown one without a look at
//! the store. There is no dash: a double click selects the key as a whole.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::base62::{DIGITS, is_digits, random_digits};

const OF_PROFILE: &str = "cgop_";
const OF_ADMIN: &str = "cgoa_";
const PREFIX: usize = OF_PROFILE.len();
const ID: usize = 10;
const SECRET: usize = 33;
const CHECKSUM: usize = 6;
const LENGTH: usize = PREFIX + ID + SECRET + CHECKSUM;

/// An API key. `Debug` shows its id alone; it is wiped on drop.
#[derive(Clone)]
pub struct ApiKey {
    id: ApiKeyId,
    text: Zeroizing<String>,
}

impl ApiKey {
    /// A new key from the operating system's random bytes.
    pub(super) fn generate(is_admin: bool) -> Result<Self, StoreError> {
        let prefix = if is_admin { OF_ADMIN } else { OF_PROFILE };
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str(prefix);
        random_digits(&mut text, ID + SECRET)?;
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self::of(text))
    }

    fn of(text: Zeroizing<String>) -> Self {
        let id = ApiKeyId(text[PREFIX..][..ID].to_owned());
        Self { id, text }
    }

    /// The key as text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The id, which is no secret.
    #[must_use]
    pub fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// Whether this is the key of an administrator, by its prefix.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.text.starts_with(OF_ADMIN)
    }

    /// The SHA-256 of the secret.
    pub(super) fn secret_digest(&self) -> [u8; 32] {
        let secret = &self.text[PREFIX + ID..][..SECRET];
        Sha256::digest(secret.as_bytes()).into()
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    /// Reads a key, which may be unknown, expired or revoked.
    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        if !text.starts_with(OF_PROFILE) && !text.starts_with(OF_ADMIN) {
            return Err(InvalidApiKey::Prefix);
        }
        if text.len() != LENGTH {
            return Err(InvalidApiKey::Length);
        }
        if !is_digits(&text[PREFIX..]) {
            return Err(InvalidApiKey::Character);
        }
        let (signed, checked) = text.split_at(LENGTH - CHECKSUM);
        if *checksum(signed) != *checked {
            return Err(InvalidApiKey::Checksum);
        }
        Ok(Self::of(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiKey").field(&self.id).finish()
    }
}

/// Why a text is no API key. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiKey {
    /// It begins with something else.
    #[error("an API key begins with {OF_PROFILE} or {OF_ADMIN}")]
    Prefix,
    /// It is cut, or has more than a key.
    #[error("an API key has {LENGTH} characters")]
    Length,
    /// It has a character that no key has.
    #[error("an API key has only letters and digits after its prefix")]
    Character,
    /// A character was changed.
    #[error("the checksum of the API key does not match: it was changed")]
    Checksum,
}

/// The id of an API key: 10 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyId(String);

impl ApiKeyId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKeyId {
    type Err = InvalidApiKey;

    fn from_str(id: &str) -> Result<Self, InvalidApiKey> {
        match (id.len(), is_digits(id)) {
            (ID, true) => Ok(Self(id.to_owned())),
            (ID, false) => Err(InvalidApiKey::Character),
            _ => Err(InvalidApiKey::Length),
        }
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The CRC-32 of a text, as digits.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[rest % DIGITS.len()];
        rest /= DIGITS.len();
    }
    digits.map(char::from).iter().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// A key of this form whose checksum was calculated with zlib's `crc32`.
    const KNOWN: &str = "cgop_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg414ZmP";

    #[test]
    fn a_new_key_is_read_as_it_was_written() {
        for is_admin in [false, true] {
            let key = ApiKey::generate(is_admin).unwrap();
            let read: ApiKey = key.reveal().parse().unwrap();
            assert_eq!(read.reveal(), key.reveal());
            assert_eq!((read.id(), read.is_admin()), (key.id(), is_admin));
            assert_eq!(read.secret_digest(), key.secret_digest());
            assert_eq!(key.id().as_str().parse().as_ref(), Ok(key.id()));
        }
    }

    #[test]
    fn the_checksum_is_that_of_another_implementation() {
        let key: ApiKey = KNOWN.parse().unwrap();
        assert_eq!(key.id().as_str(), "0123456789");
    }

    /// Faults: G17
    #[test]
    fn each_bad_form_has_its_error() {
        use InvalidApiKey::{Character, Checksum, Length, Prefix};
        let key = ApiKey::generate(false).unwrap();
        let text = key.reveal();
        let other_prefix = text.replacen("cgop_", "cgoa_", 1);
        let with_a_dash = format!("{}-{}", &text[..20], &text[21..]);
        let of_two_bytes = format!("{}ä{}", &text[..20], &text[22..]);
        for (text, error) in [
            ("", Prefix),
            ("cgop", Prefix),
            ("sk-proj-0123456789", Prefix),
            (&text.to_uppercase(), Prefix),
            (&format!(" {text}"), Prefix),
            ("cgop_", Length),
            (&text[..LENGTH - 1], Length),
            (&format!("{text}0"), Length),
            (&format!("{text}\n"), Length),
            (&with_a_dash, Character),
            (&of_two_bytes, Character),
            (&other_prefix, Checksum),
        ] {
            let read = text.parse::<ApiKey>();
            assert_eq!(read.map(drop), Err(error), "{text:?}");
        }
    }

    #[test]
    fn an_id_has_ten_letters_and_digits() {
        assert!("0123456789".parse::<ApiKeyId>().is_ok());
        for id in ["", "012345678", "01234567890", "01234_6789", "01234567ä"] {
            assert!(id.parse::<ApiKeyId>().is_err(), "{id:?}");
        }
    }

    /// Faults: G28
    #[test]
    fn a_key_and_its_errors_show_no_secret() {
        let key = ApiKey::generate(true).unwrap();
        let secret = &key.reveal()[PREFIX + ID..];
        let shown = format!("{key:?}");
        assert!(shown.contains(key.id().as_str()), "{shown}");
        assert!(!shown.contains(secret), "{shown}");
        let mistyped = format!("{}x", key.reveal()).parse::<ApiKey>();
        assert!(!format!("{mistyped:?}").contains(secret));
    }

    #[test]
    fn keys_are_different_and_use_every_digit() {
        let keys: Vec<_> = (0..1000)
            .map(|_| ApiKey::generate(false).unwrap())
            .collect();
        let ids: HashSet<_> = keys.iter().map(ApiKey::id).collect();
        let digests: HashSet<_> = keys.iter().map(ApiKey::secret_digest).collect();
        assert_eq!((ids.len(), digests.len()), (1000, 1000));
        let random = keys.iter().flat_map(|key| key.reveal()[PREFIX..].bytes());
        let used: HashSet<_> = random.collect();
        assert_eq!(used, DIGITS.iter().copied().collect());
    }

    proptest! {
        /// Faults: G17
        #[test]
        fn one_changed_character_is_never_read_as_a_key(
            at in 0..LENGTH,
            to in proptest::char::range('0', 'z'),
        ) {
            let key = ApiKey::generate(false).unwrap();
            let mut changed: Vec<_> = key.reveal().chars().collect();
            prop_assume!(changed[at] != to);
            changed[at] = to;
            let changed: String = changed.into_iter().collect();
            prop_assert!(changed.parse::<ApiKey>().is_err(), "{}", changed);
        }

        #[test]
        fn every_text_of_the_form_with_its_checksum_is_read_as_itself(
            signed in "cgo[ap]_[0-9A-Za-z]{43}",
        ) {
            let text = format!("{signed}{}", checksum(&signed));
            let key: ApiKey = text.parse().unwrap();
            prop_assert_eq!(key.reveal(), &text);
            prop_assert_eq!(key.id().as_str(), &text[5..15]);
            prop_assert!(signed.parse::<ApiKey>().is_err());
        }

        #[test]
        fn no_other_text_is_read(text in ".*|cgo[ap]_.*") {
            prop_assert!(text.parse::<ApiKey>().is_err());
        }
    }
}
