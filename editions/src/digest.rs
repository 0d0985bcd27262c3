use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a file, as 64 hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in Sha256::digest(bytes) {
        // A string takes whatever is written.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
