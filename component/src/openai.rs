//! OpenAI's wire. Pure: it builds requests and reads responses.
//!
//! Each request has a file with `request`, which builds it, and with the functions that read
//! the response: [`device_authorization`], [`device_token`], [`exchange`], [`refresh`],
//! [`revoke`], [`models`] and [`usage`]. [`response`] has what all responses share,
//! [`failure`] why a request fails, and [`token_outcome`] what the token endpoint says about
//! a token or a code. docs/protocol.md describes the protocol, which is OpenAI's own and not
//! RFC 8628.

pub(crate) mod claims;
pub(crate) mod device_authorization;
pub(crate) mod device_token;
pub(crate) mod exchange;
mod failure;
pub(crate) mod models;
pub(crate) mod refresh;
mod response;
pub(crate) mod revoke;
pub(crate) mod timestamp;
mod token_outcome;
mod token_response;
pub(crate) mod usage;

pub(crate) use failure::{CLOSED_HINT, Failure, FailureKind, ServiceError};
pub(crate) use response::{CODE_MAX, Response};
pub(crate) use token_outcome::TokenOutcome;
pub(crate) use token_response::{ACCESS_TOKEN_MAX, REFRESH_TOKEN_MAX, TokenField, TokenResponse};

use crate::json::Object;
use crate::ports::{HttpRequest, Method};
use crate::secret::Secret;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The public client id of the Codex CLI, which has no secret. OpenAI's page
/// therefore names Codex.
pub(crate) const CLIENT_ID: &str = "app_EMoamEEZ73f0CkXaXp7hrann";

/// Where the person enters the code. A constant, never taken from a response.
pub(crate) const VERIFICATION_URL: &str = "https://auth.openai.com/codex/device";

/// The base URL of the model endpoints.
pub(crate) const MODEL_BASE_URL: &str = "https://chatgpt.com/backend-api/codex";

const AUTH_HOST: &str = "auth.openai.com";
const BACKEND_HOST: &str = "chatgpt.com";

/// Identifies this software, in OpenAI's header.
pub(crate) const ORIGINATOR: &str = "chatgpt-oauth";

/// Identifies this software, in the standard header.
pub(crate) const USER_AGENT: &str = concat!("chatgpt-oauth/", env!("CARGO_PKG_VERSION"));

/// The time for a whole token request, in seconds.
const TOKEN_TIMEOUT: u64 = 30;

/// The longest response of the token endpoints, in bytes.
const TOKEN_MAX_RESPONSE_BYTES: usize = 64 * 1024;

fn auth_post(path: &str, content_type: &str, body: Vec<u8>) -> HttpRequest {
    let mut headers = client_headers();
    headers.push(("content-type", content_type.to_owned()));
    HttpRequest {
        method: Method::Post,
        host: AUTH_HOST,
        path: path.to_owned(),
        headers,
        body,
        timeout_seconds: TOKEN_TIMEOUT,
        max_response_bytes: TOKEN_MAX_RESPONSE_BYTES,
    }
}

fn auth_post_json(path: &str, body: &[(&str, &str)]) -> HttpRequest {
    let mut object = Object::default();
    for (name, value) in body {
        object.put(name, *value);
    }
    auth_post(path, "application/json", object.to_bytes())
}

fn backend_get(
    path: String,
    access: &Secret,
    account: &claims::Claims,
    timeout_seconds: u64,
    max_response_bytes: usize,
) -> HttpRequest {
    let mut headers = client_headers();
    headers.extend(account_headers(access, account));
    HttpRequest {
        method: Method::Get,
        host: BACKEND_HOST,
        path,
        headers,
        body: Vec::new(),
        timeout_seconds,
        max_response_bytes,
    }
}

/// The headers that authorize every backend call and select the account.
pub(crate) fn account_headers(
    access: &Secret,
    account: &claims::Claims,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![(
        "authorization",
        crate::text::join(&["Bearer ", access.reveal()]),
    )];
    if let Some(account_id) = &account.account_id {
        headers.push(("chatgpt-account-id", account_id.clone()));
    }
    if account.fedramp {
        headers.push(("x-openai-fedramp", "true".to_owned()));
    }
    headers
}

fn client_headers() -> Vec<(&'static str, String)> {
    vec![
        ("accept", "application/json".to_owned()),
        ("originator", ORIGINATOR.to_owned()),
        ("user-agent", USER_AGENT.to_owned()),
    ]
}
