//! The argument of `--expires`.

use std::str::FromStr;

/// How long a key is valid, in seconds; none for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expiry(Option<u64>);

impl Expiry {
    /// When a key that is made at this time expires.
    pub(super) fn after(self, now: u64) -> Option<u64> {
        self.0.map(|seconds| now.saturating_add(seconds))
    }
}

/// The text is no life of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidExpiry;

impl std::error::Error for InvalidExpiry {}

impl std::fmt::Display for InvalidExpiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key is valid for a number of minutes, hours or days, as 30m, 12h or 90d, or never expires")
    }
}

impl FromStr for Expiry {
    type Err = InvalidExpiry;

    fn from_str(text: &str) -> Result<Self, InvalidExpiry> {
        if text == "never" {
            return Ok(Self(None));
        }
        let unit = match text.chars().next_back() {
            Some('m') => 60,
            Some('h') => 60 * 60,
            Some('d') => 24 * 60 * 60,
            _ => return Err(InvalidExpiry),
        };
        let number: u32 = text[..text.len() - 1].parse().map_err(|_| InvalidExpiry)?;
        match number {
            0 => Err(InvalidExpiry),
            number => Ok(Self(Some(u64::from(number) * unit))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_a_time_span_and_never_is_none() {
        for (text, seconds) in [
            ("never", None),
            ("1m", Some(60)),
            ("12h", Some(43_200)),
            ("90d", Some(7_776_000)),
        ] {
            assert_eq!(text.parse(), Ok(Expiry(seconds)), "{text}");
            let expiry: Expiry = text.parse().unwrap();
            assert_eq!(expiry.after(100), seconds.map(|seconds| seconds + 100));
        }
    }

    #[test]
    fn other_texts_are_no_time_span() {
        for text in [
            "",
            "d",
            "0d",
            "90",
            "-1d",
            "1w",
            "1 d",
            "1.5h",
            "9999999999d",
            "1ä",
        ] {
            assert_eq!(text.parse::<Expiry>(), Err(InvalidExpiry), "{text:?}");
        }
    }
}
