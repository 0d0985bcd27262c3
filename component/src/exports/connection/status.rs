//! `status`: shows the state of the connection.

use super::{models, usage};
use crate::contract::{ConnectionState, ConnectionStatus, Error};
use crate::error::Result;
use crate::flow::records::{credential, pending};
use crate::ports::Ports;
use crate::state::credential::{Phase, REFUSED_HINT, Record, State, needs_login};
use crate::state::pending::Pending;
use crate::text::join;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// Returns the state of the connection. It only reads the store: no request, no
/// write.
///
/// An unreadable record is a state, not an error. A store that cannot be read is
/// an error.
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
    Ok(match &record.state {
        State::LoggedIn { phase, .. } => signed_in(ports, &record, phase, pending),
        State::LoggingOut { .. } => signed_out(ports, true, pending),
        State::LoggedOut => signed_out(ports, false, pending),
    })
}

fn signed_in(
    ports: Ports,
    record: &Record,
    phase: &Phase,
    pending: Option<Pending>,
) -> ConnectionStatus {
    let now = ports.now();
    let live = record.live_token(now).is_some();
    let is_connected = record.is_connected(now);
    let state = match phase {
        _ if !is_connected && !record.is_refused_so_far() => ConnectionState::NeedsLogin,
        Phase::Refreshing { intent, .. } if intent.is_abandoned(now) => ConnectionState::Uncertain,
        Phase::Refreshing { .. } => ConnectionState::Refreshing,
        Phase::Uncertain { .. } => ConnectionState::Uncertain,
        Phase::NeedsLogin { .. } => ConnectionState::NeedsLogin,
        Phase::Active => ConnectionState::Connected,
    };
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
        expires_at: record.expires_at(),
        expires_in_seconds: record.expires_in(now),
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

fn signed_out(ports: Ports, is_leaving: bool, pending: Option<Pending>) -> ConnectionStatus {
    let (state, hint) = match (is_leaving, &pending) {
        (true, _) => (
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
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn hint(record: &Record, state: ConnectionState, live: bool) -> Option<String> {
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
            "The last refresh got no answer. It is retried automatically. Calling start makes a new login at once."
        }
        _ if !record.is_refreshable() => {
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
