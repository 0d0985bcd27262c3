//! The exported functions: they call `exports/` with the ports.

use super::with_ports;
use crate::bindings::exports::chatgpt::oauth::connection;
use crate::contract::{
    ConnectionStatus, Error, LoginProgress, LoginPrompt, LogoutResult, ModelList, RefreshResult,
    UsageReport,
};
use crate::exports::connection as functions;
use alloc::string::String;

struct Component;

impl connection::Guest for Component {
    fn status() -> Result<ConnectionStatus, Error> {
        with_ports(functions::status)
    }

    fn start() -> Result<LoginPrompt, Error> {
        with_ports(functions::start)
    }

    fn poll(pending_id: Option<String>) -> Result<LoginProgress, Error> {
        with_ports(|ports| functions::poll(ports, pending_id.as_deref()))
    }

    fn logout(revoke: bool) -> Result<LogoutResult, Error> {
        with_ports(|ports| functions::logout(ports, revoke))
    }

    fn refresh() -> Result<RefreshResult, Error> {
        with_ports(functions::refresh)
    }

    fn models(force: bool) -> Result<ModelList, Error> {
        with_ports(|ports| functions::models(ports, force))
    }

    fn usage(force: bool) -> Result<UsageReport, Error> {
        with_ports(|ports| functions::usage(ports, force))
    }
}

#[cfg(feature = "platform")]
mod platform {
    use super::{Component, Error, String, with_ports};
    use crate::bindings::exports::chatgpt::oauth::credentials::{Authorization, Guest, Header};
    use crate::exports::credentials;
    use alloc::borrow::ToOwned;

    impl Guest for Component {
        fn authorize(refused: Option<String>) -> Result<Authorization, Error> {
            let authorization =
                with_ports(|ports| credentials::authorize(ports, refused.as_deref()))?;
            Ok(Authorization {
                base_url: authorization.base_url.to_owned(),
                headers: authorization.headers.into_iter().map(header).collect(),
                expires_at: authorization.expires_at,
                fingerprint: authorization.fingerprint,
            })
        }
    }

    fn header((name, value): (&'static str, String)) -> Header {
        Header {
            name: name.to_owned(),
            value,
        }
    }
}

#[allow(
    unsafe_code,
    reason = "the generated exports are called by the runtime"
)]
mod export {
    use super::Component;

    crate::bindings::export!(Component with_types_in crate::bindings);
}
