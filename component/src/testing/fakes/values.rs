//! Tokens, responses and stored records.

use super::{HttpResult, NOW};
use crate::ports::{HttpError, HttpResponse, MaybeSent, NotSent};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

pub(crate) const USER_CODE: &str = "/api/accounts/deviceauth/usercode";
pub(crate) const DEVICE_TOKEN: &str = "/api/accounts/deviceauth/token";
pub(crate) const TOKEN: &str = "/oauth/token";
pub(crate) const REVOKE: &str = "/oauth/revoke";
pub(crate) const MODELS: &str = "/backend-api/codex/models";
pub(crate) const USAGE: &str = "/backend-api/wham/usage";

/// Ten days, as the service grants them, in seconds.
pub(crate) const LIFETIME: u64 = 864_000;

/// An unsigned token with these claims.
pub(crate) fn jwt(claims: &Value) -> String {
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    format!("{}.{}.c2ln", part(&json!({"alg": "none"})), part(claims))
}

/// An access token of that name.
pub(crate) fn access_token(name: &str, exp: u64) -> String {
    jwt(&json!({"jti": name, "exp": exp}))
}

/// An id token of that account.
pub(crate) fn id_token(account: &str, email: &str) -> String {
    jwt(&json!({
        "email": email,
        "https://api.openai.com/auth": {
            "chatgpt_account_id": account, "chatgpt_user_id": "user-1", "chatgpt_plan_type": "plus",
        },
    }))
}

/// The access token of [`credential`].
pub(crate) fn old_access() -> String {
    access_token("old", NOW + LIFETIME)
}

/// `base` with the fields of `changes`; null removes one.
pub(crate) fn changed(mut base: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut base, changes) else {
        panic!("two objects");
    };
    fields.extend(changes);
    fields.retain(|_, value| !value.is_null());
    base
}

/// A stored login of an hour ago, in that state.
pub(crate) fn credential(state: &str, changes: Value) -> Value {
    let base = json!({
        "version": 1, "generation": 7, "epoch": 3, "state": state, "method": "device",
        "login_id": "login-1", "email": "ada@example.com", "plan": "plus",
        "account_id": "acc-1", "user_id": "user-1",
        "refresh_token": "rt-1", "access_token": old_access(),
        "received_at": NOW - 3600, "expires_at": NOW + LIFETIME, "updated_at": NOW - 3600,
    });
    changed(base, changes)
}

/// A login whose access token has expired.
pub(crate) fn dead(state: &str, changes: Value) -> Value {
    let ended = json!({
        "access_token": access_token("old", NOW - 10),
        "received_at": NOW - LIFETIME, "expires_at": NOW - 10,
    });
    changed(credential(state, ended), changes)
}

/// The intent of another call, written at that time.
pub(crate) fn intent(started: u64) -> Value {
    json!({"attempt": "theirs", "presented": fingerprint("rt-1"), "started": started})
}

pub(crate) fn fingerprint(secret: &str) -> String {
    let secret = crate::secret::Secret::new(secret).expect("visible ASCII");
    secret.fingerprint()
}

/// A pending login that has just begun.
pub(crate) fn pending(changes: Value) -> Value {
    let base = json!({
        "version": 1, "id": "pending-1", "epoch": 0, "device_auth_id": "dev-1",
        "user_code": "ABCD-12345", "interval": 5, "started_at": NOW,
        "expires_at": NOW + 900, "next_poll_at": NOW,
    });
    changed(base, changes)
}

/// A response with that status and body.
pub(crate) fn response(status: u16, body: &str) -> HttpResult {
    Ok(HttpResponse {
        status,
        headers: vec![("Content-Type".to_owned(), b"application/json".to_vec())],
        body: body.as_bytes().to_vec(),
    })
}

/// A 200 with that body.
pub(crate) fn ok(body: Value) -> HttpResult {
    response(200, &body.to_string())
}

/// OpenAI's error of that code.
pub(crate) fn refusal(status: u16, code: &str) -> HttpResult {
    response(
        status,
        &json!({"error": {"code": code, "message": "no"}}).to_string(),
    )
}

/// A web page.
pub(crate) fn page(status: u16) -> HttpResult {
    let mut response = response(status, "<!DOCTYPE html><title>Just a moment</title>")?;
    response.headers = vec![("content-type".to_owned(), b"text/html".to_vec())];
    Ok(response)
}

/// A request that was not sent.
pub(crate) fn not_sent(cause: NotSent) -> HttpResult {
    Err(HttpError::NotSent(cause))
}

/// No response to a request that may have arrived.
pub(crate) fn broken(cause: MaybeSent) -> HttpResult {
    Err(HttpError::MaybeSent(cause))
}

/// The response with one more header.
pub(crate) fn with_header(response: HttpResult, name: &str, value: &str) -> HttpResult {
    let mut response = response?;
    response
        .headers
        .push((name.to_owned(), value.as_bytes().to_vec()));
    Ok(response)
}

/// A grant with refresh token `refresh` and an access token of ten days.
pub(crate) fn grant(refresh: &str) -> HttpResult {
    ok(json!({
        "refresh_token": refresh, "access_token": access_token(refresh, NOW + LIFETIME + 60),
        "id_token": id_token("acc-1", "ada@example.com"), "expires_in": LIFETIME,
    }))
}

/// The response of the device endpoint after the person has approved.
pub(crate) fn approval() -> HttpResult {
    ok(json!({
        "authorization_code": "code-1", "code_challenge": "challenge", "code_verifier": "verifier-1",
    }))
}

/// A list of one model.
pub(crate) fn models() -> HttpResult {
    ok(json!({"models": [{"slug": "gpt-6-astra", "visibility": "list", "priority": 1}]}))
}

/// A usage of a plan.
pub(crate) fn usage() -> HttpResult {
    ok(
        json!({"plan_type": "pro", "rate_limit": {"limit_reached": false, "primary_window": {
            "used_percent": 12, "limit_window_seconds": 18000, "reset_at": NOW + 600,
        }}}),
    )
}
