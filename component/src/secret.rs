//! Secrets: wiped on drop, without `Display`, `Serialize` or a telling `Debug`.

use serde::{Deserialize, Deserializer, Serializer};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A token, code or verifier.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret from the wire or the store. `None` unless it is safe as a
    /// header value and in a form: visible ASCII, not empty.
    pub(crate) fn new(text: impl Into<String>) -> Option<Self> {
        let text = Zeroizing::new(text.into());
        let safe = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        safe.then_some(Self(text))
    }

    /// The secret itself, for the request or the record that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Names the secret without revealing it: the first 32 hexadecimal digits of
    /// its SHA-256. Comparing fingerprints tells nothing about the secret by its
    /// timing.
    pub(crate) fn fingerprint(&self) -> String {
        crate::text::hex(&Sha256::digest(self.0.as_bytes())[..16])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// For `#[serde(with = "secret::stored")]`: the one place where a secret is
/// written out, into the bucket.
pub(crate) mod stored {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.reveal())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        let text = String::deserialize(from)?;
        Secret::new(text).ok_or_else(|| serde::de::Error::custom("unusable secret"))
    }
}

/// The same for `Option<Secret>`.
pub(crate) mod stored_option {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => to.serialize_some(secret.reveal()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Secret>, D::Error> {
        match Option::<String>::deserialize(from)? {
            None => Ok(None),
            Some(text) => Secret::new(text)
                .map(Some)
                .ok_or_else(|| serde::de::Error::custom("unusable secret")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn m11_a_secret_that_could_break_a_header_is_refused() {
        for text in ["", "a b", "a\r\nb", "a\0b", "tökén"] {
            assert!(Secret::new(text).is_none(), "{text:?}");
        }
        assert!(Secret::new("eyJ.a-b_c~+/=").is_some());
    }

    #[test]
    fn debug_tells_nothing() {
        let secret = Secret::new("hunter2").expect("visible ASCII");
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn the_fingerprint_is_the_start_of_the_sha_256() {
        let secret = Secret::new("abc").expect("visible ASCII");
        assert_eq!(secret.fingerprint(), "ba7816bf8f01cfea414140de5dae2223");
    }
}
