//! A component that attacks its sandbox. It has the world of the real one. `status`
//! behaves, and `poll` takes an order: the name of a misdeed and its details, with
//! `SEPARATOR` between them.
//!
//! | file | misdeeds |
//! |---|---|
//! | `computing` | unlimited time: computing, waiting, traps |
//! | `growing` | unlimited space: memory, stack, headers, random bytes |
//! | `holding` | unlimited handles of every kind |
//! | `requesting` | requests whose every part the order can set |
//! | `storing` | buckets, keys and values that the order names |
//!
//! If the guest survives a misdeed, the result is the message of an error.

#![cfg(target_family = "wasm")]
#![allow(missing_docs, unsafe_code, reason = "generated bindings")]

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "platform", generate_all });
    use super::Hostile;
    export!(Hostile);
}

mod computing;
mod growing;
mod holding;
mod requesting;
mod storing;

use bindings::exports::chatgpt::oauth::connection::{
    ConnectionState, ConnectionStatus, Error, ErrorCode, Guest, LoginProgress, LoginPrompt,
    LogoutResult, ModelList, RefreshResult, UsageReport,
};
use bindings::exports::chatgpt::oauth::credentials::{self, Authorization};
use bindings::wasi::clocks::wall_clock;
use bindings::wasi::keyvalue0_2_0_draft::store;

/// Separates the words of an order; no word contains it.
const SEPARATOR: char = '\u{1f}';

/// Commits the misdeed, if the theme has it, and returns the result.
type Theme = fn(misdeed: &str, details: &[&str]) -> Option<String>;

const THEMES: [Theme; 5] = [
    computing::commit,
    growing::commit,
    holding::commit,
    requesting::commit,
    storing::commit,
];

struct Hostile;

impl Guest for Hostile {
    fn status() -> Result<ConnectionStatus, Error> {
        Ok(ConnectionStatus {
            state: ConnectionState::NotConnected,
            connected: false,
            method: None,
            email: None,
            account_id: None,
            plan: None,
            expires_at: None,
            expires_in_seconds: None,
            updated_at: Some(wall_clock::now().seconds),
            models_count: None,
            models_fetched_at: None,
            default_model_id: None,
            available_models: None,
            usage: None,
            usage_fetched_at: None,
            pending: None,
            hint: None,
        })
    }

    fn poll(order: Option<String>) -> Result<LoginProgress, Error> {
        let order = order.unwrap_or_default();
        let mut words = order.split(SEPARATOR);
        let misdeed = words.next().unwrap_or_default();
        let details: Vec<_> = words.collect();
        let result = THEMES.iter().find_map(|theme| theme(misdeed, &details));
        let message = result.unwrap_or_else(|| format!("unknown: {misdeed}"));
        Err(error(message))
    }

    fn start() -> Result<LoginPrompt, Error> {
        Err(error("nothing"))
    }
    fn logout(_: bool) -> Result<LogoutResult, Error> {
        Err(error("nothing"))
    }
    fn refresh() -> Result<RefreshResult, Error> {
        Err(error("nothing"))
    }
    /// Reports a refresh in progress while the bucket has the key `refreshing`.
    fn models(_: bool) -> Result<ModelList, Error> {
        let bucket = store::open("default").map_err(debug)?;
        match bucket.get("refreshing").map_err(debug)? {
            None => Err(error("refreshed")),
            Some(_) => Err(Error {
                code: ErrorCode::RefreshInProgress,
                ..error("refreshing")
            }),
        }
    }
    fn usage(_: bool) -> Result<UsageReport, Error> {
        Err(error("nothing"))
    }
}

impl credentials::Guest for Hostile {
    fn authorize(_: Option<String>) -> Result<Authorization, Error> {
        Err(error("nothing"))
    }
}

fn error(message: impl ToString) -> Error {
    Error {
        code: ErrorCode::InvalidArgument,
        message: message.to_string(),
        hint: String::new(),
        retryable: false,
        retry_after_seconds: None,
        relogin_required: false,
        service_code: None,
        service_status: None,
    }
}

fn debug(value: impl std::fmt::Debug) -> Error {
    error(format!("{value:?}"))
}
