//! `/.well-known/openid-configuration` and the keys that it names.

use serde_json::json;

use crate::http::{Answer, Request};
use crate::issuer::Issuer;
use crate::settings::ISSUER;

/// The document of the live service: no device flow, and paths of which the `/oauth/…` ones are working aliases. The
/// URLs use the host of the request, so that clients can follow them; `issuer` is the claim in the tokens.
pub(super) fn configuration(request: &Request) -> Answer {
    let origin = request.origin();
    let document = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{origin}/api/accounts/authorize"),
        "token_endpoint": format!("{origin}/api/accounts/oauth/token"),
        "jwks_uri": format!("{origin}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "subject_types_supported": ["public"],
    });
    Answer::json(200, &document)
}

pub(super) fn keys(issuer: &Issuer) -> Answer {
    Answer::json(200, &issuer.signer.jwks())
}
