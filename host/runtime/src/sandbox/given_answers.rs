//! Answers that the host gives in place of the service, once each.
//!
//! A login that another program has made gets into the store by the component's own calls
//! `start` and `poll`: the host answers their three requests, and none of them leaves. So the
//! component alone knows what a stored login looks like.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::{Value, json};

use crate::egress::policy::{Rule, TOKENS};

/// The answers that are left, by the path that they are for.
pub(crate) struct GivenAnswers(Mutex<Vec<(&'static str, Bytes)>>);

impl GivenAnswers {
    /// Stands for what the service would have chosen: user code, handle, code and verifier.
    pub(crate) const USER_CODE: &str = "TAKEN-OVER";

    /// The answers of a login that is approved and ends in these tokens. Without an access
    /// token, the component presents the refresh token at its next call.
    pub(crate) fn of_login(refresh_token: &str, id_token: &str) -> Self {
        // The code expires at once, so that it is not shown if this process dies before the
        // approval is stored.
        let code = json!({"device_auth_id": Self::USER_CODE, "user_code": Self::USER_CODE, "interval": 1, "expires_in": 1});
        let approval =
            json!({"authorization_code": Self::USER_CODE, "code_verifier": Self::USER_CODE});
        let tokens = json!({"refresh_token": refresh_token, "id_token": id_token});
        let body = |value: Value| Bytes::from(value.to_string());
        Self(Mutex::new(vec![
            ("/api/accounts/deviceauth/usercode", body(code)),
            ("/api/accounts/deviceauth/token", body(approval)),
            (TOKENS, body(tokens)),
        ]))
    }

    /// Whether the component has got the tokens.
    pub(crate) fn gave_tokens(&self) -> bool {
        self.left().iter().all(|(path, _)| *path != TOKENS)
    }

    /// The answer to a request to this address, if it is still to be given.
    pub(super) fn take(&self, rule: &Rule) -> Option<Response<Bytes>> {
        let mut left = self.left();
        let place = left.iter().position(|(path, _)| *path == rule.path)?;
        let (_, body) = left.swap_remove(place);
        let mut answer = Response::new(body);
        let json = HeaderValue::from_static("application/json");
        answer.headers_mut().insert(header::CONTENT_TYPE, json);
        Some(answer)
    }

    /// Ignores poisoning, since no panic leaves a change incomplete.
    fn left(&self) -> MutexGuard<'_, Vec<(&'static str, Bytes)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::policy::POLICY;

    #[test]
    fn each_request_of_a_login_is_answered_once_and_no_other() {
        let given = GivenAnswers::of_login("rt", "it");
        let answered = || POLICY.iter().filter_map(|rule| given.take(rule)).count();
        assert!(!given.gave_tokens());
        assert_eq!([answered(), answered()], [3, 0]);
        assert!(given.gave_tokens());
    }
}
