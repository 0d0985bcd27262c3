//! Who asks a person to sign in.

use std::fmt;
use std::str::FromStr;

/// Who asks a person to sign in, in the words of the link's creator: 1 to 64 characters,
/// at least one of them visible, and none that controls a terminal, turns the direction of text or
/// hides in it.
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
        let fits = text.chars().count() <= Self::LONGEST && !text.chars().all(is_blank);
        match fits && !text.chars().any(deceives) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidAsks),
        }
    }
}

/// Whether a character shows nothing where it stands: a space, a filler of Hangul, an empty
/// pattern of Braille, or a part of the character before it.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a character hides text, or changes how other text is shown.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
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
        for text in [
            "Ada's assistant",
            "Команда Ады",
            "\u{3164}x",
            "❤\u{fe0f}",
            &"x".repeat(64),
        ] {
            assert_eq!(text.parse::<Asks>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "  ",
            "a\nb",
            "\u{202e}adA",
            "a\u{200b}b",
            "\u{3164}",
            "\u{2800} \u{2800}",
            "\u{fe0f}",
            "a\u{e0041}",
            "\u{e007f}",
            &"x".repeat(65),
        ] {
            assert_eq!(text.parse::<Asks>(), Err(InvalidAsks), "{text:?}");
        }
    }
}
