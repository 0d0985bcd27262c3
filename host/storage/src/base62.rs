//! Random texts of digits of base 62: a double click selects them as a whole.

use zeroize::Zeroizing;

use crate::StoreError;

/// The digits, in the order of their values.
pub(crate) const DIGITS: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether a text holds digits alone.
pub(crate) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Appends random digits, each of the 62 with the same probability.
pub(crate) fn random_digits(text: &mut String, count: usize) -> Result<(), StoreError> {
    let whole = text.len() + count;
    let mut bytes = Zeroizing::new([0; 64]);
    while text.len() < whole {
        getrandom::fill(&mut *bytes)
            .map_err(|error| StoreError::unavailable(format!("no random bytes: {error}")))?;
        for byte in *bytes {
            let digit = usize::from(byte % 64);
            if let Some(digit) = DIGITS.get(digit)
                && text.len() < whole
            {
                text.push(char::from(*digit));
            }
        }
    }
    Ok(())
}
