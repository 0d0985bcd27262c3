//! The digest of a file.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a file, as 64 hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}
