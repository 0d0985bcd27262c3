//! Signed JSON Web Tokens (RFC 7519) with ES256, and the key that verifies them (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use serde_json::{Value, json};

/// A key that is created at start; tokens of another simulator do not verify.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    key_id: String,
}

impl Signer {
    pub(crate) fn generate() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .ok()
            .and_then(|document| {
                EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok()
            })
            // ring can read a key that it has just created.
            .expect("a fresh P-256 key is valid");
        let key_id = fingerprint(key.public_key().as_ref());
        Self { key, key_id }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "kid": self.key_id, "typ": "JWT" });
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            // Signing needs only randomness, see random.rs.
            .expect("the operating system provides random bytes");
        format!("{signed}.{}", BASE64URL.encode(signature))
    }

    /// The claims, if this signer signed them. The caller checks the expiry.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key())
            .verify(signed.as_bytes(), &BASE64URL.decode(signature).ok()?)
            .ok()?;
        claims(token)
    }

    /// The document at `jwks_uri`.
    pub(crate) fn jwks(&self) -> Value {
        // An uncompressed point: 0x04, then 32 bytes of x, then 32 of y (SEC 1, section 2.3.3).
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.key_id,
            "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
        }] })
    }
}

/// The claims of a token, verified or not.
pub(crate) fn claims(token: &str) -> Option<Value> {
    let claims = token.split('.').nth(1)?;
    serde_json::from_slice(&BASE64URL.decode(claims).ok()?).ok()
}

/// The first 64 bits of a SHA-256 digest in hexadecimal: they identify a secret without revealing it.
pub(crate) fn fingerprint(secret: impl AsRef<[u8]>) -> String {
    digest(&SHA256, secret.as_ref()).as_ref()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The S256 code challenge of a verifier (RFC 7636, section 4.2).
pub(crate) fn code_challenge(verifier: &str) -> String {
    BASE64URL.encode(digest(&SHA256, verifier.as_bytes()))
}

/// `at_hash`: the left half of the access token's digest (OpenID Connect Core, section 3.1.3.6).
pub(crate) fn access_token_hash(access_token: &str) -> String {
    BASE64URL.encode(&digest(&SHA256, access_token.as_bytes()).as_ref()[..16])
}

fn encode(value: &Value) -> String {
    BASE64URL.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_verifies_and_a_changed_or_foreign_one_does_not() {
        let signer = Signer::generate();
        let token = signer.sign(&json!({ "sub": "ada" }));
        assert_eq!(signer.verify(&token), Some(json!({ "sub": "ada" })));
        assert_eq!(signer.verify(&token.replacen("ey", "eY", 1)), None);
        assert_eq!(Signer::generate().verify(&token), None);
        assert_eq!(signer.verify("not a token"), None);
    }

    #[test]
    fn the_challenge_is_that_of_the_example_in_rfc_7636() {
        assert_eq!(
            code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
