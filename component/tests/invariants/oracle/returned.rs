//! Checked at the end of every call.

use super::{Oracle, Received, Report};
use crate::MARKER;
use crate::call::{Answer, Call};
use crate::service::Service;
use crate::stored::Credential;
use crate::test_env::{EXPIRY_LEEWAY, Ended, TestEnv};
use chatgpt_oauth_component::contract::{Error, ErrorCode, LoginStatus};

impl Oracle {
    /// Checks what the call returned, and what happened to the tokens it received.
    pub fn check(&self, env: &TestEnv, call: Call, ended: &Ended, report: &Report) {
        let stored = env.credential().unwrap_or_default();
        assert!(
            report.requests.len() <= call.requests_max(),
            "I10: {call:?} made the requests {:?}",
            report.requests
        );
        assert!(
            call != Call::Status || report.writes == 0,
            "status has written"
        );
        let Some(result) = ended else {
            return;
        };
        tells_no_secret(result);
        self.shows_ones_own(result, report);
        self.has_kept(result, report, &stored);
        if let Ok(answer) = result {
            self.was_stored(env, answer, report);
        }
    }

    /// I4: no rotation that arrived is dropped, unless it came too late or the
    /// store failed, and then it is reported.
    fn has_kept(&self, result: &Result<Answer, Box<Error>>, report: &Report, stored: &Credential) {
        let is_loud =
            matches!(result, Err(error) if error.code == ErrorCode::StoreFailedAfterRefresh);
        let was_written = |token: &str| {
            let mut written = self.written.iter();
            written.any(|credential| credential.refresh.as_deref() == Some(token))
        };
        for received in &report.received {
            let is_dropped = match received {
                Received::Grant {
                    presented,
                    successor: Some(_),
                    ..
                } => stored.has_login() && stored.refresh.as_ref() == Some(presented),
                Received::Login(token) => {
                    !was_written(token) && stored.login_seq == report.login_seq
                }
                _ => false,
            };
            assert!(
                !is_dropped || is_loud,
                "I4: a grant that arrived is dropped"
            );
            let is_kept = match received {
                Received::Grant { successor, .. } => stored.refresh == *successor,
                Received::Login(token) => stored.refresh.as_ref() == Some(token),
                Received::Refused(_) => false,
            };
            let is_latest = report.generation == Some(stored.generation);
            assert!(
                !(is_loud && is_kept && is_latest && report.store_faults == 1),
                "S18: a grant is called lost that was stored"
            );
        }
    }

    /// I3: no cached response of an older login is shown.
    fn shows_ones_own(&self, result: &Result<Answer, Box<Error>>, report: &Report) {
        let models = match result {
            Ok(Answer::Status(answer)) => answer.available_models.as_deref(),
            Ok(Answer::Poll(answer)) => answer.available_models.as_deref(),
            Ok(Answer::Models(answer)) => Some(&answer.available_models[..]),
            _ => None,
        };
        for id in models.unwrap_or_default() {
            let login = Service::login_of_model(id).expect("the service's model");
            let login_seq = self.login_seqs.get(&login);
            assert!(
                login_seq.is_some_and(|login_seq| *login_seq >= report.login_seq),
                "I3: an older login's models"
            );
        }
    }

    /// I7: what is returned was stored before. I3: and not by an older login.
    fn was_stored(&self, env: &TestEnv, answer: &Answer, report: &Report) {
        match answer {
            Answer::Authorize(answer) => {
                let mut headers = answer.headers.iter();
                let bearer = headers.find(|(name, _)| *name == "authorization");
                let access = bearer.map(|(_, value)| value.replace("Bearer ", ""));
                let mut written = self.written.iter().rev();
                let stored = written.find(|stored| stored.access == access);
                let stored = stored.expect("I7: the access token was not stored");
                assert!(
                    stored.login_seq >= report.login_seq,
                    "I3: an older login's token"
                );
                let left = answer.expires_at.map(|end| env.seconds_to(end));
                assert!(
                    left.is_none_or(|left| left > EXPIRY_LEEWAY) || !env.setup.has_true_clock,
                    "a token is handed out in the last seconds of its life"
                );
            }
            Answer::Refresh(answer) => {
                let mut written = self.written.iter();
                let is_stored = written.any(|stored| stored.expires_at == answer.expires_at);
                assert!(is_stored, "I7: the expiry was not stored");
            }
            Answer::Poll(answer) if answer.status == LoginStatus::Connected => {
                let mut written = self.written.iter();
                let is_stored = written
                    .any(|stored| stored.has_login() && stored.account_id == answer.account_id);
                assert!(is_stored, "I7: the login was not stored");
            }
            Answer::Start(answer) => assert!(
                self.shown.contains_key(&answer.pending.pending_id),
                "I7: the waiting login was not stored"
            ),
            _ => {}
        }
    }
}

/// I12: no output contains a secret.
fn tells_no_secret(result: &Result<Answer, Box<Error>>) {
    let text = match result {
        Ok(answer) => answer.text(),
        Err(error) => format!("{error:?}"),
    };
    let text = text.to_lowercase();
    assert!(!text.contains(&MARKER.to_lowercase()), "I12: {text}");
    if let Ok(Answer::Authorize(answer)) = result {
        let mut others = answer.headers.iter();
        let is_told =
            others.any(|(name, value)| *name != "authorization" && value.contains(MARKER));
        assert!(!is_told, "I12: a header beside authorization");
    }
}
