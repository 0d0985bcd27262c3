//! The control surface under `/_simulator/`, for drivers in other languages: JSON in, JSON out.
//!
//! | Request | Body | Answer |
//! |---|---|---|
//! | `POST approve` | `{"user_code", "account"?}`, its number | `{}` |
//! | `POST deny`, `POST expire` | `{"user_code"}` | `{}` |
//! | `GET pending` | | user codes that wait |
//! | `POST fault` | `{"endpoint", "fault", "standing"?, "after"?}`, the fault as in [`FaultDescription`], after a number of requests | `{}` |
//! | `POST connection_fault` | `"reset"` or `"stall"`, for one HTTPS connection | `{}` |
//! | `DELETE faults` | | `{}` |
//! | `GET requests`, `DELETE requests` | | the request log |
//! | `GET presentations` | | every refresh token's uses |
//! | `GET secrets` | | every secret issued |
//! | `POST issue_tokens` | an account, as in `--accounts` | the token answer to its sign-in |
//! | `POST sign` | claims | a JWT with a good signature |
//! | `POST revoke` | `{"family"?, "why"}`: one sign-in, or all | `{}` |
//! | `POST advance` | `{"seconds"}` | `{"now"}` |
//! | `POST settings` | any of `{"access_token_lifetime", "rotation", "date_skew"}` | `{}` |

mod fault_description;
mod script_description;

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::account::Account;
use crate::device::DecisionError;
use crate::endpoint::Endpoint;
use crate::http::{Answer, Request};
use crate::settings::Rotation;
use crate::shared::{ConnectionFault, Shared};
use crate::tokens::Revocation;
use fault_description::FaultDescription;

pub(crate) const PREFIX: &str = "/_simulator/";

pub(crate) fn answer(command: &str, request: &Request, shared: &Shared) -> Answer {
    match run(command, request, shared) {
        Ok(answer) => Answer::json(200, &answer),
        Err((status, why)) => Answer::json(status, &json!({ "error": why })),
    }
}

/// An HTTP status and the error.
type Refused = (u16, String);

fn run(command: &str, request: &Request, shared: &Shared) -> Result<Value, Refused> {
    let now = shared.clock.now();
    match (request.method.as_str(), command) {
        ("POST", "approve") => {
            let Decide { user_code, account } = body(request)?;
            done(shared.issuer().approve(&user_code, account, now))
        }
        ("POST", "deny") => {
            let Decide { user_code, .. } = body(request)?;
            done(shared.issuer().devices.deny(&user_code, now))
        }
        ("POST", "expire") => {
            let Decide { user_code, .. } = body(request)?;
            done(shared.issuer().devices.expire(&user_code, now))
        }
        ("GET", "pending") => {
            let issuer = shared.issuer();
            let codes: Vec<_> = issuer
                .devices
                .pending(now)
                .map(|code| &code.user_code)
                .collect();
            Ok(json!(codes))
        }
        ("POST", "fault") => {
            let AddFault {
                endpoint,
                fault,
                standing,
                after,
            } = body(request)?;
            let fault = fault.build().map_err(|why| (400, why))?;
            if standing {
                shared.faults().stand(endpoint, fault);
            } else {
                shared.faults().queue(endpoint, after, fault);
            }
            Ok(json!({}))
        }
        ("POST", "connection_fault") => {
            let fault: ConnectionFault = body(request)?;
            shared.connection_faults().push_back(fault);
            Ok(json!({}))
        }
        ("DELETE", "faults") => {
            shared.clear_faults();
            Ok(json!({}))
        }
        ("GET", "requests") => Ok(json!(shared.log().all())),
        ("DELETE", "requests") => {
            shared.log().clear();
            Ok(json!({}))
        }
        ("GET", "presentations") => Ok(json!(shared.issuer().tokens.presentations())),
        ("GET", "secrets") => Ok(json!(shared.issuer().secrets)),
        ("POST", "issue_tokens") => {
            let account: Account = body(request)?;
            Ok(shared.issuer().sign_in(account, now))
        }
        ("POST", "sign") => {
            let claims: Value = body(request)?;
            Ok(json!(shared.issuer().signer.sign(&claims)))
        }
        ("POST", "revoke") => {
            let Revoke { family, why } = body(request)?;
            let tokens = &mut shared.issuer().tokens;
            match family {
                Some(family) => tokens.revoke(family, why),
                None => tokens.revoke_all(why),
            }
            Ok(json!({}))
        }
        ("POST", "advance") => {
            let Advance { seconds } = body(request)?;
            shared.clock.advance(Duration::from_secs(seconds));
            Ok(json!({ "now": shared.clock.now() }))
        }
        ("POST", "settings") => {
            let change: ChangeSettings = body(request)?;
            change.apply(shared).map_err(|why| (400, why))?;
            Ok(json!({}))
        }
        _ => Err((404, "no such command".into())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decide {
    user_code: String,
    #[serde(default)]
    account: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddFault {
    endpoint: Endpoint,
    fault: FaultDescription,
    #[serde(default)]
    standing: bool,
    #[serde(default)]
    after: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    family: Option<usize>,
    why: Revocation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeSettings {
    /// Seconds.
    access_token_lifetime: Option<u64>,
    /// As on the command line.
    rotation: Option<String>,
    /// Seconds.
    date_skew: Option<i64>,
}

impl ChangeSettings {
    fn apply(self, shared: &Shared) -> Result<(), String> {
        let rotation: Option<Rotation> = self.rotation.map(|text| text.parse()).transpose()?;
        let settings = &mut shared.issuer().settings;
        if let Some(rotation) = rotation {
            settings.rotation = rotation;
        }
        if let Some(seconds) = self.access_token_lifetime {
            settings.access_token_lifetime = Duration::from_secs(seconds);
        }
        if let Some(seconds) = self.date_skew {
            shared.clock.skew_date(seconds);
        }
        Ok(())
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Refused> {
    serde_json::from_slice(&request.body).map_err(|error| (400, error.to_string()))
}

fn done(decided: Result<(), DecisionError>) -> Result<Value, Refused> {
    decided
        .map(|()| json!({}))
        .map_err(|error| (409, error.to_string()))
}
