//! Authenticates requests to the ChatGPT backend: the bearer token and the workspace header.

use serde_json::json;

use crate::account::Account;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};
use crate::jwt::claims;
use crate::tokens::{AccessRefused, Revocation};

/// The current account of a valid access token; otherwise the error answer.
pub(super) fn authenticate(
    issuer: &Issuer,
    request: &Request,
    arrival: Arrival,
) -> Result<Account, Answer> {
    let Some(token) = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
    else {
        return Err(Answer::detail(401, json!("Unauthorized")));
    };
    match issuer.tokens.check_access(token) {
        Err(AccessRefused::Unknown) => Err(unknown(issuer, token)),
        // A known token has the signature that it was issued with. To verify it would cost more than the answer.
        _ if has_expired(token, arrival.now) => Err(refused(
            "token_expired",
            "Provided authentication token is expired.",
        )),
        Ok(family) => Ok(issuer.present_account(&family.account)),
        Err(AccessRefused::Revoked(Revocation::Invalidated)) => Err(refused(
            "token_invalidated",
            "Your authentication token has been invalidated.",
        )),
        Err(AccessRefused::Revoked(Revocation::Reuse | Revocation::Logout)) => Err(refused(
            "token_revoked",
            "Your authentication token has been revoked.",
        )),
    }
}

fn has_expired(token: &str, now: i64) -> bool {
    let exp = claims(token).and_then(|claims| claims["exp"].as_i64());
    exp.is_none_or(|exp| now >= exp)
}

/// An id token has a signature of the same key.
fn unknown(issuer: &Issuer, token: &str) -> Answer {
    let message = match issuer.signer.verify(token) {
        None => "Could not parse your authentication token.",
        Some(_) => "This is not an access token.",
    };
    refused("token_invalid", message)
}

/// Like [`authenticate`], and the `ChatGPT-Account-ID` header must name the account. A client whose tokens have no
/// account id omits the header.
pub(super) fn authorize(
    issuer: &Issuer,
    request: &Request,
    arrival: Arrival,
) -> Result<Account, Answer> {
    let account = authenticate(issuer, request, arrival)?;
    if request.header("chatgpt-account-id").unwrap_or_default() != account.account_id {
        return Err(Answer::detail(
            403,
            json!({ "code": "invalid_workspace_selected" }),
        ));
    }
    Ok(account)
}

fn refused(code: &str, message: &str) -> Answer {
    let message = format!("{message} Please try signing in again.");
    let error =
        json!({ "message": message, "type": "invalid_request_error", "param": null, "code": code });
    Answer::json(401, &json!({ "error": error, "status": 401 }))
}
