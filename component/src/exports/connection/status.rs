use super::{models, usage};
use crate::contract::{ConnectionState, ConnectionStatus, Error};
use crate::error::Result;
use crate::flow::records::{credential, pending};
use crate::ports::Ports;
use crate::state::credential::{REFUSED_HINT, Record, State, needs_login};
use crate::state::pending::Pending;
use crate::text::join;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// Says where the connection stands. Reads only: no request, no write, no refresh.
///
/// A stored login that cannot be read is a state, not an error; a store that
/// cannot be read is an error.
pub fn status(ports: Ports) -> Result<ConnectionStatus> {
    let record = match credential::load(ports) {
        Ok(record) => record,
        Err(error) if error.code.is_unreadable_record() => return Ok(unreadable(&error)),
        Err(error) => return Err(error),
    };
    let pending = match pending::load(ports) {
        Ok(pending) => pending.filter(|pending| {
            pending.login_seq == record.login_seq && !pending.has_ended(ports.now())
        }),
        Err(error) if error.code.is_unreadable_record() => None,
        Err(error) => return Err(error),
    };
    Ok(if record.has_login() {
        signed_in(ports, &record, pending)
    } else {
        signed_out(ports, &record, pending)
    })
}

fn signed_in(ports: Ports, record: &Record, pending: Option<Pending>) -> ConnectionStatus {
    let now = ports.now();
    let live = record.live_token(now).is_some();
    let is_connected = record.is_connected(now);
    let state = match record.state {
        _ if !is_connected && !record.is_refused_so_far() => ConnectionState::NeedsLogin,
        State::Refreshing if record.is_abandoned(now) => ConnectionState::Uncertain,
        State::Refreshing => ConnectionState::Refreshing,
        State::Uncertain => ConnectionState::Uncertain,
        State::NeedsLogin => ConnectionState::NeedsLogin,
        State::Active | State::LoggingOut | State::LoggedOut => ConnectionState::Connected,
    };
    let expires_at = record.tokens.as_ref().and_then(|tokens| tokens.expires_at);
    let ends_at = record
        .tokens
        .as_ref()
        .zip(expires_at)
        .map(|(tokens, end)| tokens.local_time(end));
    let usage = usage::cached(ports, record.login_seq);
    let names = models::cached_names(ports, record.login_seq);
    ConnectionStatus {
        connected: is_connected,
        hint: hint(record, state, live),
        state,
        method: record.method.clone(),
        email: record.claims.email.clone(),
        account_id: record.claims.account_id.clone(),
        plan: usage
            .as_ref()
            .and_then(|usage| usage.plan.clone())
            .or_else(|| record.claims.plan.clone()),
        expires_at,
        expires_in_seconds: ends_at.map(|end| end.saturating_sub(now)),
        updated_at: Some(record.updated_at),
        models_count: names.as_ref().map(|names| models::count(&names.ids)),
        models_fetched_at: names.as_ref().map(|names| names.fetched_at),
        default_model_id: names.as_ref().and_then(|names| names.ids.first().cloned()),
        available_models: names.map(|names| names.ids),
        usage_fetched_at: usage.as_ref().map(|usage| usage.fetched_at),
        usage,
        pending: pending.map(|pending| pending.for_caller(now)),
    }
}

fn signed_out(ports: Ports, record: &Record, pending: Option<Pending>) -> ConnectionStatus {
    let (state, hint) = match (record.state, &pending) {
        (State::LoggingOut, _) => (
            ConnectionState::LoggingOut,
            "Call logout again to finish the revocation.",
        ),
        (_, Some(_)) => (
            ConnectionState::Pending,
            "When the person has approved the login, call poll once.",
        ),
        (_, None) => (ConnectionState::NotConnected, "Call start to sign in."),
    };
    ConnectionStatus {
        pending: pending.map(|pending| pending.for_caller(ports.now())),
        hint: Some(hint.to_owned()),
        ..nothing_known(state)
    }
}

fn unreadable(error: &Error) -> ConnectionStatus {
    ConnectionStatus {
        hint: Some(join(&[&sentence(&error.message), ". ", &error.hint])),
        ..nothing_known(ConnectionState::Unreadable)
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

fn hint(record: &Record, state: ConnectionState, live: bool) -> Option<String> {
    let is_refreshable = record
        .tokens
        .as_ref()
        .is_some_and(|tokens| tokens.refresh.is_some());
    let text = match state {
        ConnectionState::NeedsLogin => {
            let left = if live {
                "; its last token still works for a while"
            } else {
                ""
            };
            let hint = needs_login(record).hint;
            return Some(join(&["The login has ended", left, ". ", &hint]));
        }
        ConnectionState::Uncertain if record.is_refused_so_far() => {
            return Some(join(&["OpenAI refused the last refresh. ", REFUSED_HINT]));
        }
        ConnectionState::Uncertain => {
            "The last refresh got no answer; it is tried again by itself. Calling start makes a new login at once."
        }
        _ if !is_refreshable => {
            "This login cannot be refreshed: sign in again before its token ends."
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn nothing_known(state: ConnectionState) -> ConnectionStatus {
    ConnectionStatus {
        state,
        connected: false,
        method: None,
        email: None,
        account_id: None,
        plan: None,
        expires_at: None,
        expires_in_seconds: None,
        updated_at: None,
        models_count: None,
        models_fetched_at: None,
        default_model_id: None,
        available_models: None,
        usage: None,
        usage_fetched_at: None,
        pending: None,
        hint: None,
    }
}

#[cfg(test)]
mod tests;
