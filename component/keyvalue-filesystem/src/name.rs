//! Maps keys to names of files.
//!
//! | file                             | what it is              |
//! |----------------------------------|-------------------------|
//! | `key-` and the encoded key       | the key's value         |
//! | `tmp-` and 32 hexadecimal digits | an unfinished value     |
//!
//! In an encoded key, `a-z`, `0-9`, `-` and `_` stand for themselves, and every other
//! byte is `%` and its two hexadecimal digits in lower case. So a name has no dots or
//! separators, two names never differ only in case, and no name means a device on
//! Windows.

use crate::bucket::Error;
use crate::fault;
use alloc::string::String;
use alloc::vec::Vec;

const VALUE: &str = "key-";
const UNFINISHED: &str = "tmp-";

/// The longest key, in bytes: encoded, it is at most three times as long and fits on
/// every file system.
const MAX_KEY: usize = 64;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The name of a key's file.
pub(crate) fn of_key(key: &str) -> Result<String, Error> {
    if key.len() > MAX_KEY {
        return Err(fault::key_too_long());
    }
    let mut name = String::from(VALUE);
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => {
                name.push('%');
                push_hex(&mut name, byte);
            }
        }
    }
    Ok(name)
}

/// The key that has a file with this name, if any.
pub(crate) fn key(name: &str) -> Option<String> {
    let mut encoded = name.strip_prefix(VALUE)?.bytes();
    let mut bytes = Vec::new();
    while let Some(byte) = encoded.next() {
        bytes.push(match byte {
            b'%' => digit(encoded.next()?)? << 4 | digit(encoded.next()?)?,
            byte => byte,
        });
    }
    let key = String::from_utf8(bytes).ok()?;
    // A file that `of_key` does not name is not a value.
    let is_own = of_key(&key).is_ok_and(|own| own == name);
    is_own.then_some(key)
}

/// The name of an unfinished value.
pub(crate) fn unfinished(random: [u8; 16]) -> String {
    let mut name = String::from(UNFINISHED);
    for byte in random {
        push_hex(&mut name, byte);
    }
    name
}

/// Whether this is the name of an unfinished value.
pub(crate) fn is_unfinished(name: &str) -> bool {
    let digits = name.strip_prefix(UNFINISHED);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| DIGITS.contains(&b)))
}

fn push_hex(name: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        name.push(char::from(DIGITS[usize::from(digit)]));
    }
}

fn digit(byte: u8) -> Option<u8> {
    let value = DIGITS.iter().position(|&digit| digit == byte)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn every_byte() -> String {
        (0..128).map(char::from).collect()
    }

    #[test]
    fn keys_of_letters_can_be_read_in_a_listing() {
        for key in ["credential", "pending", "models", "usage", "a-b_0"] {
            assert_eq!(of_key(key).unwrap(), format!("key-{key}"));
        }
    }

    #[test]
    fn every_key_comes_back_from_its_name() {
        let keys = [
            "",
            ".",
            "..",
            "../../etc/passwd",
            "C:\\",
            "%2e",
            "é",
            "\0",
            "🔑",
        ];
        let pieces = every_byte();
        let pieces = [&pieces[..64], &pieces[64..]];
        for key in keys.into_iter().chain(pieces) {
            let name = of_key(key).unwrap();
            assert_eq!(super::key(&name).as_deref(), Some(key));
        }
    }

    #[test]
    fn names_use_few_characters_and_never_differ_only_in_case() {
        let mut names = BTreeSet::new();
        for character in every_byte().chars() {
            let name = of_key(&character.to_string()).unwrap();
            assert!(
                name.bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'%')),
                "{name}"
            );
            assert!(names.insert(name.to_ascii_lowercase()), "{name} twice");
        }
        // Composed and decomposed forms: some file systems treat them as equal.
        assert_ne!(of_key("\u{e9}"), of_key("e\u{301}"));
    }

    #[test]
    fn the_longest_keys_fit_and_longer_ones_are_refused() {
        assert_eq!(of_key(&"\u{1}".repeat(64)).unwrap().len(), 196);
        for key in ["a".repeat(65), "é".repeat(33)] {
            assert_eq!(of_key(&key), Err(fault::key_too_long()));
        }
    }

    #[test]
    fn other_file_names_are_not_keys() {
        let too_long = format!("key-{}", "a".repeat(65));
        for name in [
            "credential",
            "KEY-a",
            "key-A",
            "key-%41b%",
            "key-%4",
            "key-%4G",
            "key-%4A",
            "key-%61",
            "key-a.b",
            "key-%ff",
            "tmp-a",
            "",
            &too_long,
        ] {
            assert_eq!(key(name), None, "{name}");
        }
    }

    #[test]
    fn unfinished_values_are_distinguished_from_everything_else() {
        let name = unfinished([0xa5; 16]);
        assert_eq!(name, format!("tmp-{}", "a5".repeat(16)));
        assert!(is_unfinished(&name));
        assert_eq!(key(&name), None);
        for other in [
            "tmp-",
            "tmp-a5",
            "key-tmp",
            "a5a5",
            &name[..35],
            &name.to_uppercase(),
        ] {
            assert!(!is_unfinished(other), "{other}");
        }
        let key = of_key(&name).unwrap();
        assert!(!is_unfinished(&key));
    }
}
