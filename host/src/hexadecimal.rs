//! Bytes written as hexadecimal digits.

/// Reads exactly as many digits as fill `bytes`, in either case.
pub(crate) fn read(digits: &str, bytes: &mut [u8]) -> Option<()> {
    let digits = digits.as_bytes();
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        // Fits: two hexadecimal digits.
        *byte = (high? << 4 | low?) as u8;
    }
    Some(())
}
