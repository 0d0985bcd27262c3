//! An answer as JSON in one line, and the characters that it escapes.

use alloc::string::String;

use serde::Serialize;

use crate::Failure;

/// The result of a call of the contract, whose record becomes the answer `A` as JSON.
///
/// # Errors
///
/// The failure of the call.
pub fn answer<A, R, E>(result: Result<R, E>) -> Result<String, Failure>
where
    A: Serialize + for<'a> From<&'a R>,
    Failure: for<'a> From<&'a E>,
{
    match result {
        Ok(record) => Ok(to_json(&A::from(&record))),
        Err(error) => Err(Failure::from(&error)),
    }
}

/// The answer as JSON in one line, with escapes for the characters that could control a
/// terminal.
#[must_use]
pub fn to_json(answer: &impl Serialize) -> String {
    // Every map in an answer has text as keys.
    escape(&serde_json::to_string(answer).expect("an answer is JSON"))
}

fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match controls_terminal(c) {
            true => push_escape(&mut escaped, c),
            false => escaped.push(c),
        }
    }
    escaped
}

fn push_escape(to: &mut String, c: char) {
    to.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        let digit = char::from_digit(u32::from(c) >> shift & 0xf, 16);
        to.extend(digit);
    }
}

/// Whether a character could control a terminal or turn the direction of text. Each
/// of them has four hexadecimal digits at most, as a JSON escape needs.
#[must_use]
pub fn controls_terminal(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::to_json;

    /// Faults: M12
    #[test]
    fn json_escapes_control_characters_and_loses_nothing() {
        let text = "a\u{1b}[31mb\u{9b}c\n\u{202e}d\u{7f}ä";
        let printed = to_json(&BTreeMap::from([("x", text)]));
        assert_eq!(printed, r#"{"x":"a\u001b[31mb\u009bc\n\u202ed\u007fä"}"#);
        let read: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(read["x"], text);
    }
}
