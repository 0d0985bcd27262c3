//! The two secrets of a link.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::base62::{is_digits, random_digits};

/// Digits of base 62: 131 random bits.
const LENGTH: usize = 22;
/// How much of the digest names a link, in bytes.
const ID: usize = 16;

/// What the address of a link ends with, or what the cookie of its browser holds: 22 letters
/// and digits. `Debug` does not show it; it is wiped on drop.
#[derive(Clone)]
pub struct LinkSecret(Zeroizing<String>);

impl LinkSecret {
    /// A new secret from the operating system's random bytes.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](StoreError::Unavailable) without random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        random_digits(&mut text, LENGTH)?;
        Ok(Self(text))
    }

    /// The secret as text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The id of the link whose address ends with this secret.
    #[must_use]
    pub fn id(&self) -> LinkId {
        LinkId(base16ct::lower::encode_string(&self.digest()[..ID]))
    }

    /// The SHA-256 of the text.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl FromStr for LinkSecret {
    type Err = InvalidLinkSecret;

    fn from_str(text: &str) -> Result<Self, InvalidLinkSecret> {
        match text.len() == LENGTH && is_digits(text) {
            true => Ok(Self(Zeroizing::new(text.to_owned()))),
            false => Err(InvalidLinkSecret),
        }
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret")
    }
}

/// The text is no secret of a link. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret of a link has {LENGTH} letters and digits")]
pub struct InvalidLinkSecret;

/// The id of a link in the store: the beginning of the SHA-256 of its secret. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkId(String);

impl LinkId {
    /// The id as text: 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of an entry.
    pub(super) fn of_entry(id: &str) -> Self {
        Self(id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_is_read_as_it_was_written_and_no_other_text_is() {
        let secret = LinkSecret::generate().unwrap();
        let read: LinkSecret = secret.reveal().parse().unwrap();
        assert_eq!(read.id(), secret.id());
        let cut = &secret.reveal()[1..];
        for text in [
            "",
            cut,
            &format!("{cut}-"),
            &format!("{cut}00"),
            &format!("{cut}/"),
        ] {
            assert!(text.parse::<LinkSecret>().is_err(), "{text:?}");
        }
    }

    /// Faults: G28
    #[test]
    fn neither_the_id_nor_debug_shows_the_secret() {
        let secret = LinkSecret::generate().unwrap();
        let shown = format!("{secret:?} {:?}", secret.id());
        assert!(!shown.contains(secret.reveal()), "{shown}");
        assert_eq!(secret.id().as_str().len(), 32);
        assert_ne!(LinkSecret::generate().unwrap().id(), secret.id());
    }
}
