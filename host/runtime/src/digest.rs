//! [`Digest`]: the SHA-256 of a component.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, ErrorCode};

/// The SHA-256 of a component.
///
/// ```
/// use chatgpt_oauth::Digest;
///
/// let digest = Digest::of(b"");
/// assert!(digest.to_string().starts_with("e3b0c442"));
/// assert_eq!(format!("sha256:{digest}").parse(), Ok(digest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

/// The text is not a SHA-256 digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is sha256: followed by 64 hexadecimal digits")]
pub struct InvalidDigest;

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Compares this digest with the wanted one.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if they differ.
    pub fn check(self, wanted: Self) -> Result<(), Error> {
        if self == wanted {
            return Ok(());
        }
        Err(Error::permanent(
            ErrorCode::InvalidArgument,
            format!("the component is not the one that was asked for: it is sha256:{self}"),
            "check the component with `inspect`, then ask for this digest, or use the version that has the other",
        ))
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// 64 hexadecimal digits, with or without `sha256:` in front.
impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let mut digest = [0; 32];
        let read = base16ct::mixed::decode(digits, &mut digest).map_err(|_| InvalidDigest)?;
        match read.len() {
            32 => Ok(Self(digest)),
            _ => Err(InvalidDigest),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_is_read_as_it_is_written_and_in_capitals() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), EMPTY);
        for text in [EMPTY, &format!("sha256:{EMPTY}"), &EMPTY.to_uppercase()] {
            assert_eq!(text.parse(), Ok(digest), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_digest_is_refused() {
        let longer = format!("{EMPTY}0");
        let umlaut = format!("ä{}", &EMPTY[2..]);
        for text in ["", "sha256:", &EMPTY[1..], &longer, &umlaut, "sha512:00"] {
            assert_eq!(text.parse::<Digest>(), Err(InvalidDigest), "{text}");
        }
        assert!(EMPTY.replace('e', "g").parse::<Digest>().is_err());
        assert!(EMPTY.replace("e3", "+3").parse::<Digest>().is_err());
    }
}
