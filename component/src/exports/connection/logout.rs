//! `logout`: ends the login here, and at the service if asked.

use crate::contract::{LogoutResult, LogoutStatus};
use crate::error::Result;
use crate::flow::MAX_ATTEMPTS;
use crate::flow::records::{cache, credential, pending};
use crate::openai::revoke;
use crate::ports::{Ports, StoreError};
use crate::state::credential::{Record, State};
use alloc::borrow::ToOwned;

/// Signs out here. With `revoke` it also asks the service to end the login.
///
/// Without a login it succeeds too. The stored tokens are removed whatever the
/// service answers, and tokens that arrive later are not stored.
pub fn logout(ports: Ports, revoke: bool) -> Result<LogoutResult> {
    let may_wait = !matches!(pending::load(ports), Ok(None));
    let ended = end_login(ports, revoke, may_wait)?;
    let removed_pending = may_wait && remove_pending(ports);
    cache::clear(ports);
    Ok(result(&ended, removed_pending))
}

/// Removes the pending login, which is superseded. A pending login that began
/// after this logout stays.
fn remove_pending(ports: Ports) -> bool {
    credential::load(ports).is_ok_and(|record| pending::remove_before(ports, record.login_seq))
}

enum Ended {
    Nothing,
    Locally,
    Revoked { confirmed: bool },
}

/// Ends the login under a new `login_seq`, so that late tokens are discarded.
fn end_login(ports: Ports, revoke: bool, may_wait: bool) -> Result<Ended> {
    for _ in 0..MAX_ATTEMPTS {
        let record = credential::load(ports)?;
        let ended = match record.state {
            State::LoggedOut if !may_wait => return Ok(Ended::Nothing),
            State::LoggingOut { .. } => finish(ports, record),
            State::LoggedIn { .. } if revoke => credential::store(ports, record.logging_out())
                .and_then(|record| finish(ports, record)),
            _ => {
                let ended = match record.has_login() {
                    true => Ended::Locally,
                    false => Ended::Nothing,
                };
                credential::store(ports, record.logged_out(revoke)).map(|_| ended)
            }
        };
        match ended {
            Err(StoreError::Conflict) => continue,
            ended => return Ok(ended?),
        }
    }
    Err(StoreError::Conflict.into())
}

/// Revokes the tokens of a `logging-out` record, and ends that logout.
fn finish(ports: Ports, record: Record) -> core::result::Result<Ended, StoreError> {
    let refresh = record.refresh_token_to_revoke();
    let confirmed =
        refresh.is_some_and(|refresh| revoke::read(ports.http.send(&revoke::request(refresh))));
    match credential::store(ports, record.logged_out(true)) {
        Err(StoreError::Conflict) if is_logged_out(ports) => {}
        stored => drop(stored?),
    }
    Ok(Ended::Revoked { confirmed })
}

/// Whether another call has finished the logout meanwhile.
fn is_logged_out(ports: Ports) -> bool {
    credential::load(ports).is_ok_and(|record| matches!(record.state, State::LoggedOut))
}

/// Finishes a logout that was interrupted before its revocation.
pub(super) fn finish_interrupted(ports: Ports, record: Record) -> Result<()> {
    finish(ports, record)?;
    Ok(())
}

fn result(ended: &Ended, removed_pending: bool) -> LogoutResult {
    let hint = match ended {
        Ended::Nothing if removed_pending => "The pending login was removed.",
        Ended::Nothing => "Not signed in.",
        Ended::Locally => {
            "Signed out here. The service does not know. To end the login there too, remove it in ChatGPT under Settings, Security."
        }
        Ended::Revoked { confirmed: true } => {
            "Signed out, and the service confirmed the revocation. Other Codex sessions of this person may have ended, too."
        }
        Ended::Revoked { confirmed: false } => {
            "Signed out here; the service did not confirm the revocation. To make sure, remove the login in ChatGPT under Settings, Security."
        }
    };
    let was_signed_in = !matches!(ended, Ended::Nothing);
    LogoutResult {
        status: if was_signed_in {
            LogoutStatus::Disconnected
        } else {
            LogoutStatus::NotConnected
        },
        removed: was_signed_in || removed_pending,
        revoked: matches!(ended, Ended::Revoked { confirmed: true }),
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
mod tests;
