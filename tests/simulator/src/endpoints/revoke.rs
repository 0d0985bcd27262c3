//! `POST /oauth/revoke` (RFC 7009, but with a JSON body): `{"token", "token_type_hint", "client_id"}`.

use serde_json::json;

use super::{json_body, member};
use crate::http::{Answer, Request};
use crate::issuer::Issuer;

pub(super) fn answer(issuer: &mut Issuer, request: &Request) -> Answer {
    let body = match json_body(request) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let Some(token) = member(&body, "token") else {
        return Answer::error(
            400,
            "missing_required_parameter",
            "Missing required parameter: 'token'.",
        );
    };
    // Codex leaves the client id out when it revokes an access token.
    let client_id = member(&body, "client_id");
    let for_access_token = member(&body, "token_type_hint").as_deref() == Some("access_token");
    if client_id.as_ref() != Some(&issuer.settings.client_id)
        && !(client_id.is_none() && for_access_token)
    {
        return Answer::oauth_error("invalid_client", "The client is not known.");
    }
    issuer
        .tokens
        .revoke_token(&token, issuer.settings.revocation_scope);
    Answer::json(200, &json!({ "message": "success" }))
}
