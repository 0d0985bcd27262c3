//! The interface `credentials`: the token for model calls. Only the world
//! `platform` exports it.

use crate::contract::Error;
use crate::error::Result;
use crate::flow::refresh;
use crate::openai;
use crate::ports::Ports;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// What a model call needs. It contains a bearer token, so it has no `Debug`.
pub struct Authorization {
    /// The base URL of the model endpoints, without a trailing slash.
    pub base_url: &'static str,
    /// The headers to send, the bearer token among them.
    pub headers: Vec<(&'static str, String)>,
    /// When the access token expires, Unix seconds.
    pub expires_at: Option<u64>,
    /// Names the access token without revealing it.
    pub fingerprint: String,
}

/// Returns what a model call needs. Refreshes the access token when it is due.
///
/// `refused` is the fingerprint of a token that the backend answered 401 to.
pub fn authorize(ports: Ports, refused: Option<&str>) -> Result<Authorization> {
    let record = refresh::access_token(ports, refused)?;
    let access = record.access_token().ok_or_else(Error::not_connected)?;
    let mut headers = openai::account_headers(access, &record.claims);
    headers.push(("originator", openai::ORIGINATOR.to_owned()));
    headers.push(("user-agent", openai::USER_AGENT.to_owned()));
    Ok(Authorization {
        base_url: openai::MODEL_BASE_URL,
        headers,
        expires_at: record.expires_at(),
        fingerprint: access.fingerprint(),
    })
}
