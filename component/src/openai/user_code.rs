//! `POST /api/accounts/deviceauth/usercode`: begins a login (docs/protocol.md,
//! User code).

use super::answer::{self, Answer};
use super::date;
use super::trouble::{Setback, Trouble};
use crate::json::{self, Value};
use crate::ports::{HttpError, Request, Response};
use crate::secret::Secret;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// How long a code counts at the most, in seconds, whatever the service says:
/// 15 minutes, the Codex CLI's own limit.
const LIFETIME_MAX: u64 = 15 * 60;

/// The pause between two polls where the service names none, in seconds (RFC
/// 8628 §3.2).
const INTERVAL_DEFAULT: u64 = 5;

/// The longest pause between two polls, in seconds.
const INTERVAL_MAX: i64 = 60;

/// A code to be approved.
pub(crate) struct UserCode {
    /// Names the login to the service; whoever has it and the code gets the tokens.
    pub(crate) device_auth_id: Secret,
    /// What the person types.
    pub(crate) user_code: String,
    /// The pause between two polls, in seconds.
    pub(crate) interval: u64,
    /// How long the code counts, in seconds from the answer.
    pub(crate) lifetime: u64,
}

pub(crate) fn request() -> Request {
    super::auth_post_json(
        "/api/accounts/deviceauth/usercode",
        &[("client_id", super::CLIENT_ID)],
    )
}

pub(crate) fn read(answer: Result<Response, HttpError>, now: u64) -> Result<UserCode, Setback> {
    let answer = Answer::read(answer.map_err(answer::failure)?, now);
    match answer.status {
        200 => user_code(&answer, now).ok_or_else(|| answer.trouble()),
        404 if answer.obstacle().is_none() => Err(answer.setback(Trouble::NotEnabled)),
        _ => Err(answer.trouble()),
    }
}

fn user_code(answer: &Answer, now: u64) -> Option<UserCode> {
    let body = json::parse(&answer.body)?;
    let user_code = body["user_code"]
        .as_str()
        .or_else(|| body["usercode"].as_str())?;
    let device_auth_id = body["device_auth_id"]
        .as_str()
        .filter(|id| id.len() <= 1024)?;
    let ends_at = body["expires_at"].as_str().and_then(date::rfc_3339);
    let lifetime = ends_at.map(|end| end.saturating_sub(answer.service_clock.unwrap_or(now)));
    let lifetime = lifetime.or_else(|| body["expires_in"].as_u64());
    Some(UserCode {
        device_auth_id: Secret::new(device_auth_id)?,
        user_code: Some(user_code)
            .filter(|code| is_user_code(code))?
            .to_owned(),
        interval: interval(&body["interval"]),
        lifetime: lifetime.map_or(LIFETIME_MAX, |seconds| seconds.clamp(1, LIFETIME_MAX)),
    })
}

/// Only what a person can read and type: nothing that steers a terminal.
fn is_user_code(text: &str) -> bool {
    (4..=16).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
}

/// OpenAI writes the interval as a string of digits, others as a number.
fn interval(value: &Value) -> u64 {
    let seconds = match value {
        Value::Text(text) => text.trim().parse().ok(),
        Value::Float(seconds) => Some(*seconds as i64 + 1),
        other => other.as_i64(),
    };
    match seconds {
        Some(seconds) if seconds > 0 => seconds.min(INTERVAL_MAX) as u64,
        _ => INTERVAL_DEFAULT,
    }
}
