//! The eight functions as values, and how a call of one ended.

use chatgpt_oauth_component::contract::{
    ConnectionStatus, Error, LoginProgress, LoginPrompt, LogoutResult, ModelList, RefreshResult,
    UsageReport,
};
use chatgpt_oauth_component::exports::connection;
use chatgpt_oauth_component::exports::credentials::{Authorization, authorize};
use chatgpt_oauth_component::ports::Ports;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Status,
    Start,
    Poll(Login),
    Logout { revoke: bool },
    Refresh,
    Models { force: bool },
    Usage { force: bool },
    Authorize(Refused),
}

/// The login that `poll` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    Unnamed,
    /// The one that waits, by its id.
    Waiting,
    /// The one that waits, by its code.
    UserCode,
    Unknown,
}

/// The fingerprint that `authorize` gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Nothing,
    /// The stored access token's.
    Stored,
    Unknown,
}

/// What the arguments stand for at the time of the call.
#[derive(Default)]
pub struct Names {
    pub pending_id: Option<String>,
    pub user_code: Option<String>,
    pub access: Option<String>,
}

/// What a call returned.
pub enum Answer {
    Status(ConnectionStatus),
    Start(LoginPrompt),
    Poll(LoginProgress),
    Logout(LogoutResult),
    Refresh(RefreshResult),
    Models(ModelList),
    Usage(UsageReport),
    Authorize(Authorization),
}

impl Call {
    pub fn make(self, ports: Ports, names: &Names) -> Result<Answer, Box<Error>> {
        match self {
            Call::Status => connection::status(ports).map(Answer::Status),
            Call::Start => connection::start(ports).map(Answer::Start),
            Call::Poll(login) => {
                let name = match login {
                    Login::Unnamed => None,
                    Login::Waiting => names.pending_id.as_deref(),
                    Login::UserCode => names.user_code.as_deref(),
                    Login::Unknown => Some("ZZZZ-00000"),
                };
                connection::poll(ports, name).map(Answer::Poll)
            }
            Call::Logout { revoke } => connection::logout(ports, revoke).map(Answer::Logout),
            Call::Refresh => connection::refresh(ports).map(Answer::Refresh),
            Call::Models { force } => connection::models(ports, force).map(Answer::Models),
            Call::Usage { force } => connection::usage(ports, force).map(Answer::Usage),
            Call::Authorize(refused) => {
                let fingerprint = match refused {
                    Refused::Nothing => None,
                    Refused::Stored => names.access.as_deref(),
                    Refused::Unknown => Some("0123456789abcdef0123456789abcdef"),
                };
                authorize(ports, fingerprint).map(Answer::Authorize)
            }
        }
    }

    pub fn any() -> impl Strategy<Value = Self> {
        let login = select(
            &[
                Login::Unnamed,
                Login::Waiting,
                Login::UserCode,
                Login::Unknown,
            ][..],
        );
        let refused = select(
            &[
                Refused::Nothing,
                Refused::Nothing,
                Refused::Nothing,
                Refused::Stored,
                Refused::Unknown,
            ][..],
        );
        prop_oneof![
            4 => Just(Call::Status),
            3 => Just(Call::Start),
            8 => login.prop_map(Call::Poll),
            1 => any::<bool>().prop_map(|revoke| Call::Logout { revoke }),
            10 => Just(Call::Refresh),
            4 => any::<bool>().prop_map(|force| Call::Models { force }),
            2 => any::<bool>().prop_map(|force| Call::Usage { force }),
            20 => refused.prop_map(Call::Authorize),
        ]
    }

    /// How many requests one call makes at most: one presentation for each
    /// access token that is asked for, one revocation for a grant that comes too
    /// late, and two tries of each backend request.
    pub fn requests_max(self) -> usize {
        const USAGE: usize = 2 * (1 + TOKEN);
        const MODELS: usize = 2 * USAGE;
        const TOKEN: usize = 2;
        match self {
            Call::Status => 0,
            Call::Start => 2,
            Call::Refresh | Call::Authorize(_) => TOKEN,
            Call::Models { .. } => MODELS,
            Call::Usage { .. } => USAGE,
            Call::Poll(_) => 3 + MODELS + USAGE,
            // A write in between makes it try again, eight times at most.
            Call::Logout { .. } => 8,
        }
    }
}

impl Answer {
    /// Everything that a caller of `connection` sees.
    pub fn text(&self) -> String {
        match self {
            Answer::Status(answer) => format!("{answer:?}"),
            Answer::Start(answer) => format!("{answer:?}"),
            Answer::Poll(answer) => format!("{answer:?}"),
            Answer::Logout(answer) => format!("{answer:?}"),
            Answer::Refresh(answer) => format!("{answer:?}"),
            Answer::Models(answer) => format!("{answer:?}"),
            Answer::Usage(answer) => format!("{answer:?}"),
            Answer::Authorize(answer) => answer.fingerprint.clone(),
        }
    }
}
