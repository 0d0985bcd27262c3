//! `POST /api/accounts/deviceauth/token`: `{"device_auth_id", "user_code"}` for an authorization code and the PKCE pair.

use serde_json::json;

use super::{json_body, member};
use crate::device::NotApproved;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};

pub(super) fn answer(issuer: &mut Issuer, request: &Request, arrival: Arrival) -> Answer {
    let body = match json_body(request) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let (Some(device_auth_id), Some(user_code)) =
        (member(&body, "device_auth_id"), member(&body, "user_code"))
    else {
        return Answer::error(
            400,
            "invalid_request",
            "device_auth_id and user_code are required.",
        );
    };
    match issuer.poll(&device_auth_id, &user_code, arrival.now) {
        Ok(approval) => {
            let answer = json!({
                "authorization_code": approval.authorization_code,
                "code_challenge": approval.code_challenge,
                "code_verifier": approval.code_verifier,
            });
            Answer::json(200, &answer)
        }
        Err(NotApproved::Pending) => Answer::error(
            403,
            "deviceauth_authorization_pending",
            "Device authorization is pending. Please try again later.",
        ),
        // No capture of the next two answers is public; the codes are those that existing clients check for.
        Err(NotApproved::Denied) => Answer::error(
            403,
            "deviceauth_access_denied",
            "Device authorization was denied.",
        ),
        Err(NotApproved::Expired) => Answer::error(
            404,
            "deviceauth_expired_token",
            "Device authorization has expired.",
        ),
        Err(NotApproved::Unknown) => Answer::error(
            404,
            "deviceauth_authorization_unknown",
            "Device authorization is unknown.",
        ),
    }
}
