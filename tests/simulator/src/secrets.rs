//! Every secret that was issued, so that a test can search for it where it must not be.

use serde::Serialize;

/// A value that must not appear in any output of the software under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Secret {
    /// What it is.
    pub kind: SecretKind,
    /// The value itself.
    pub value: String,
}

/// The kinds of secrets in the flow. A user code is not a secret: it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// The handle that a client polls with.
    DeviceAuthId,
    /// Issued at approval, exchanged once.
    AuthorizationCode,
    /// PKCE verifier, chosen by the server.
    CodeVerifier,
    /// Bearer token of the ChatGPT backend.
    AccessToken,
    /// Single-use refresh token.
    RefreshToken,
    /// Claims about the person.
    IdToken,
}
