//! Secrets: wiped on drop, without `Display`, `Serialize` or a revealing `Debug`.

use alloc::string::String;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// A token, code or verifier.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Secret {
    /// Takes a secret from the wire or the store. `None` unless it is safe as a
    /// header value and in a form: visible ASCII, not empty.
    pub(crate) fn new(text: impl Into<String>) -> Option<Self> {
        let secret = Self(text.into());
        let safe = !secret.0.is_empty() && secret.0.bytes().all(|byte| byte.is_ascii_graphic());
        safe.then_some(secret)
    }

    /// The secret itself, for the request or the record that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Identifies the secret without revealing it: the first 32 hexadecimal
    /// digits of its SHA-256. The timing of comparing fingerprints reveals
    /// nothing about the secret.
    pub(crate) fn fingerprint(&self) -> String {
        crate::text::hex(&self.digest()[..16])
    }

    /// 0 … 255, constant for one secret and evenly distributed over many: the
    /// first byte of its SHA-256.
    pub(crate) fn jitter(&self) -> u8 {
        self.digest()[0]
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    /// Faults: M11
    #[test]
    fn a_secret_that_could_break_a_header_is_refused() {
        for text in ["", "a b", "a\r\nb", "a\0b", "tökén"] {
            assert!(Secret::new(text).is_none(), "{text:?}");
        }
        assert!(Secret::new("eyJ.a-b_c~+/=").is_some());
    }

    #[test]
    fn debug_reveals_nothing() {
        let secret = Secret::new("hunter2").expect("visible ASCII");
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn the_fingerprint_is_the_start_of_the_sha_256() {
        let secret = Secret::new("abc").expect("visible ASCII");
        assert_eq!(secret.fingerprint(), "ba7816bf8f01cfea414140de5dae2223");
        assert_eq!(secret.jitter(), 0xba);
    }
}
