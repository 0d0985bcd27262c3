//! Random identifiers in the shapes of OpenAI's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Capital letters and digits that are not confused when read aloud or typed.
const USER_CODE_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The operating system's generator does not fail once it is seeded at boot.
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system provides random bytes");
    bytes
}

/// `prefix` and 256 random bits in base64url.
pub(crate) fn token(prefix: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes::<32>()))
}

/// `prefix` and 128 random bits in hexadecimal.
pub(crate) fn id(prefix: &str) -> String {
    let hex: String = bytes::<16>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{prefix}{hex}")
}

/// A user code: four characters, a dash, five characters.
pub(crate) fn user_code() -> String {
    let mut code: String = bytes::<9>()
        .iter()
        .map(|byte| char::from(USER_CODE_ALPHABET[usize::from(byte % 32)]))
        .collect();
    code.insert(4, '-');
    code
}
