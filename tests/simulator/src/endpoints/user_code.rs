//! `POST /api/accounts/deviceauth/usercode`: `{"client_id"}` for a device code.

use serde_json::json;

use super::{json_body, member};
use crate::clock::iso8601;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};

pub(super) fn answer(issuer: &mut Issuer, request: &Request, arrival: Arrival) -> Answer {
    let body = match json_body(request) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if member(&body, "client_id").as_ref() != Some(&issuer.settings.client_id) {
        return Answer::error(400, "invalid_client", "The client is not known.");
    }
    // The account, and whether it permits device codes, is unknown before the person signs in.
    let (device_auth_id, user_code, expires_at) = issuer.issue_device_code(arrival.now);
    let answer = json!({
        "device_auth_id": device_auth_id,
        "user_code": user_code,
        // A string of digits: Codex accepts no other type.
        "interval": issuer.settings.interval.to_string(),
        "expires_at": iso8601(expires_at),
    });
    Answer::json(200, &answer)
}
