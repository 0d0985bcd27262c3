//! `POST /oauth/token`: the grants `authorization_code` (RFC 6749, section 4.1.3, as a form) and `refresh_token`
//! (section 6, as a form or as JSON; Codex sends JSON).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::device::NotRedeemed;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};
use crate::settings::ISSUER;
use crate::tokens::RefreshRefused;

type Parameters = BTreeMap<String, String>;

pub(super) fn answer(issuer: &mut Issuer, request: &Request, arrival: Arrival) -> Answer {
    let Some(parameters) = parameters(request) else {
        return Answer::oauth_error(
            "invalid_request",
            "The body is neither a form nor a JSON object of strings.",
        );
    };
    if parameters.get("client_id") != Some(&issuer.settings.client_id) {
        return Answer::oauth_error("invalid_client", "The client is not known.");
    }
    match parameters.get("grant_type").map(String::as_str) {
        Some("authorization_code") => exchange(issuer, request, &parameters, arrival),
        Some("refresh_token") => refresh(issuer, &parameters, arrival),
        _ => Answer::oauth_error("unsupported_grant_type", "The grant type is not supported."),
    }
}

/// The refresh token of a refresh grant, to count presentations that a fault intercepts.
pub(crate) fn presented_refresh_token(request: &Request) -> Option<String> {
    let mut parameters = parameters(request)?;
    match parameters.get("grant_type")?.as_str() {
        "refresh_token" => parameters.remove("refresh_token"),
        _ => None,
    }
}

fn exchange(
    issuer: &mut Issuer,
    request: &Request,
    parameters: &Parameters,
    arrival: Arrival,
) -> Answer {
    if request.content_type() != FORM {
        return Answer::oauth_error(
            "invalid_request",
            "The authorization code grant must be sent as a form.",
        );
    }
    if parameters.contains_key("state") {
        return Answer::oauth_error("invalid_request", "Unknown parameter: state.");
    }
    let value = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let redirect_uri = value("redirect_uri");
    if ![ISSUER, &request.origin()]
        .iter()
        .any(|origin| redirect_uri == format!("{origin}/deviceauth/callback"))
    {
        return Answer::oauth_error("invalid_grant", "The redirect URI does not match.");
    }
    match issuer.redeem(value("code"), value("code_verifier"), arrival.now) {
        Ok(answer) => Answer::json(200, &answer),
        Err(why) => Answer::oauth_error(
            "invalid_grant",
            match why {
                NotRedeemed::Unknown => "The authorization code is unknown or has been used.",
                NotRedeemed::Expired => "The authorization code has expired.",
                NotRedeemed::VerifierMismatch => {
                    "The code verifier does not match the code challenge."
                }
            },
        ),
    }
}

fn refresh(issuer: &mut Issuer, parameters: &Parameters, arrival: Arrival) -> Answer {
    let Some(token) = parameters.get("refresh_token") else {
        return Answer::error(
            400,
            "missing_required_parameter",
            "Missing required parameter: 'refresh_token'.",
        );
    };
    if token.is_empty() {
        return Answer::error(
            400,
            "empty_string",
            "Invalid 'refresh_token': empty string. Expected a string with minimum length 1, but got an empty string \
             instead.",
        );
    }
    match issuer.refresh(token, arrival) {
        Ok(answer) => Answer::json(200, &answer),
        Err(why) => {
            let (code, message) = refusal(why);
            Answer::error(401, code, message)
        }
    }
}

fn refusal(why: RefreshRefused) -> (&'static str, &'static str) {
    match why {
        RefreshRefused::Unknown => (
            "token_expired",
            "Could not validate your token. Please try signing in again.",
        ),
        RefreshRefused::Reused => (
            "refresh_token_reused",
            "Your refresh token has already been used to generate a new access token. Please try signing in again.",
        ),
        RefreshRefused::Revoked => (
            "refresh_token_invalidated",
            "Your refresh token has been invalidated. Please try signing in again.",
        ),
        RefreshRefused::Expired => (
            "refresh_token_expired",
            "Your refresh token has expired. Please try signing in again.",
        ),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The parameters in either encoding. A parameter given twice makes the request invalid (RFC 6749, section 3.2).
fn parameters(request: &Request) -> Option<Parameters> {
    match request.content_type() {
        FORM => {
            let mut parameters = Parameters::new();
            for (name, value) in form_urlencoded::parse(&request.body).into_owned() {
                if parameters.insert(name, value).is_some() {
                    return None;
                }
            }
            Some(parameters)
        }
        "application/json" => {
            let Value::Object(members) = serde_json::from_slice(&request.body).ok()? else {
                return None;
            };
            members
                .into_iter()
                .map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect()
        }
        _ => None,
    }
}
