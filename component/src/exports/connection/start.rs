//! `start`: begins a login.

use crate::contract::LoginPrompt;
use crate::error::Result;
use crate::flow::records::{credential, pending, read_clocks};
use crate::openai;
use crate::ports::{Ports, StoreError};
use crate::state::credential::{Record, State};
use crate::state::pending::Pending;
use crate::text::join;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// A code that expires sooner than this is replaced, in seconds: signing in and
/// typing take time.
const WORTH_SHOWING: u64 = 120;

/// Begins a login, or returns the pending one.
///
/// A login whose code is approved is never replaced: one `poll` finishes it.
pub fn start(ports: Ports) -> Result<LoginPrompt> {
    let record = credential::load(ports)?;
    if matches!(record.state, State::LoggingOut { .. }) {
        super::logout::finish_interrupted(ports, record)?;
        return start(ports);
    }
    let waiting = pending::load(ports)?.filter(|pending| pending.login_seq == record.login_seq);
    match waiting {
        Some(pending) if is_worth_showing(&pending, ports.now()) => {
            Ok(prompt(&pending, None, ports.now()))
        }
        replaced => begin(ports, &record, replaced),
    }
}

fn is_worth_showing(pending: &Pending, now: u64) -> bool {
    pending.approval.is_some() || pending.seconds_left(now) >= WORTH_SHOWING
}

fn begin(ports: Ports, record: &Record, replaced: Option<Pending>) -> Result<LoginPrompt> {
    let response = ports.http.send(&openai::device_authorization::request());
    let (stamp, now) = read_clocks(ports);
    let code = openai::device_authorization::read(response, now).map_err(openai::Failure::error)?;
    let mut pending = Pending::new(ports.random_id(), record.login_seq, code, stamp, now);
    let replaced = replaced.map(|replaced| replaced.user_code);
    match pending::store(ports, &mut pending) {
        Ok(()) => Ok(prompt(&pending, replaced, now)),
        Err(StoreError::Conflict) => quicker(ports, record.login_seq, now),
        Err(fault) => Err(fault.into()),
    }
}

/// Another call stored its login first: its code is the one to show.
fn quicker(ports: Ports, login_seq: u64, now: u64) -> Result<LoginPrompt> {
    match pending::load(ports)? {
        Some(pending) if pending.login_seq == login_seq && is_worth_showing(&pending, now) => {
            Ok(prompt(&pending, None, now))
        }
        _ => Err(StoreError::Conflict.into()),
    }
}

fn prompt(pending: &Pending, replaced: Option<String>, now: u64) -> LoginPrompt {
    LoginPrompt {
        instructions: match pending.approval {
            Some(_) => "This login is approved already. Call poll to finish it.".to_owned(),
            None => instructions(&pending.user_code, replaced.as_deref()),
        },
        pending: pending.for_caller(now),
        replaced_user_code: replaced,
    }
}

fn instructions(code: &str, replaced: Option<&str>) -> String {
    let no_longer = replaced.map_or(String::new(), |code| {
        join(&[" The code ", code, " is no longer valid."])
    });
    join(&[
        "Open ",
        openai::VERIFICATION_URL,
        ", sign in to ChatGPT and enter the code ",
        code,
        ". Only go on if you started this login yourself; if a website or a person gave you this code, stop. \
         The page names Codex, because this login uses the Codex CLI's public client id. \
         If it refuses the code, switch on device codes for Codex in ChatGPT under Settings, Security \
         (in a workspace, its admin must permit them).",
        &no_longer,
    ])
}

#[cfg(test)]
mod tests;
