//! The names of profiles.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name, in characters.
const LONGEST: usize = 64;

/// The name of one person's connection: 1 to 64 of `A-Z a-z 0-9 . _ @ + -`.
///
/// A name has no `/`, no control character and no two characters that look alike, so that it
/// can be shown and stored anywhere. Names that differ in case are different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(Arc<str>);

impl ProfileName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = InvalidProfileName;

    fn from_str(name: &str) -> Result<Self, InvalidProfileName> {
        let fits = (1..=LONGEST).contains(&name.len());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
        if fits && name.bytes().all(allowed) {
            Ok(Self(name.into()))
        } else {
            Err(InvalidProfileName)
        }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a valid name of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a profile's name is 1 to 64 letters of A-Z a-z 0-9 . _ @ + -")]
pub struct InvalidProfileName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_email_addresses_are_valid() {
        for name in [
            "a",
            "alice",
            "Alice.B_c-9",
            "alice@example.org",
            "alice+codex@example.org",
            &"x".repeat(64),
        ] {
            assert_eq!(name.parse::<ProfileName>().unwrap().as_str(), name);
        }
    }

    /// Faults: M17 M24
    #[test]
    fn names_with_special_characters_are_refused() {
        for name in ["", "a/b", "a b", "a\0", "a\n", "ä", "a:b", &"x".repeat(65)] {
            assert!(name.parse::<ProfileName>().is_err(), "{name:?}");
        }
    }
}
