//! Text: made safe to show, checked, joined, and written in digits without `format!`.

use alloc::borrow::ToOwned;
use alloc::string::String;

/// Returns `text` without control characters and direction marks, cut to `limit`
/// characters. `None` if nothing is left.
///
/// A model's name or an e-mail address is shown in terminals and chat windows.
pub(crate) fn sanitize(text: &str, limit: usize) -> Option<String> {
    let mut safe = String::new();
    for c in text.chars().filter(|c| !is_unsafe(*c)).take(limit) {
        safe.push(c);
    }
    let safe = safe.trim();
    (!safe.is_empty()).then(|| safe.to_owned())
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Whether the text can be sent in a header and shown: 1 to 128 visible ASCII
/// characters.
pub(crate) fn is_identifier(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The pieces as one text. Not `format!`: its machinery takes 3 % of the component.
pub(crate) fn join(pieces: &[&str]) -> String {
    let mut text = String::new();
    pieces.iter().for_each(|piece| text.push_str(piece));
    text
}

/// The number in decimal digits.
pub(crate) fn decimal(number: u64) -> String {
    let mut text = match number / 10 {
        0 => String::new(),
        tens => decimal(tens),
    };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

/// Lower-case hexadecimal digits. The crate base16ct takes 129 bytes more.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: M12
    #[test]
    fn terminal_escapes_and_direction_marks_are_removed() {
        assert_eq!(
            sanitize("a\u{1b}[2Jb\u{9b}c\u{202e}d\r\n", 80).as_deref(),
            Some("a[2Jbcd")
        );
    }

    #[test]
    fn text_is_cut_and_nothing_left_is_none() {
        assert_eq!(sanitize("abcdef", 3).as_deref(), Some("abc"));
        assert_eq!(sanitize(" \u{0} ", 3), None);
    }

    /// Faults: P29
    #[test]
    fn a_text_of_a_mebibyte_is_cut_without_nul_and_marks() {
        let long = "a\u{0}\u{feff}".repeat(1 << 18);
        assert_eq!(sanitize(&long, 100), Some("a".repeat(100)));
    }

    #[test]
    fn hex_is_lower_case_and_padded() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }
}
