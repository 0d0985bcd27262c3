//! Who asks a person to sign in.

use std::fmt;
use std::str::FromStr;

/// Who asks a person to sign in, in the words of the link's creator: 1 to 64 characters,
/// not all of them spaces, and none that controls a terminal or turns the direction of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks(String);

impl Asks {
    /// The longest text, in characters.
    const LONGEST: usize = 64;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Asks {
    type Err = InvalidAsks;

    fn from_str(text: &str) -> Result<Self, InvalidAsks> {
        let fits = text.chars().count() <= Self::LONGEST && !text.trim().is_empty();
        match fits && !text.chars().any(deceives) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidAsks),
        }
    }
}

/// Whether a character shows nothing, or changes how others are shown.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text does not say who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("who asks is a text of 1 to 64 characters, all of them visible")]
pub struct InvalidAsks;

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: G29
    #[test]
    fn who_asks_is_short_visible_and_in_one_direction() {
        for text in ["Ada's assistant", "Команда Ады", "x", &"x".repeat(64)] {
            assert_eq!(text.parse::<Asks>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "  ",
            "a\nb",
            "\u{202e}adA",
            "a\u{200b}b",
            &"x".repeat(65),
        ] {
            assert_eq!(text.parse::<Asks>(), Err(InvalidAsks), "{text:?}");
        }
    }
}
