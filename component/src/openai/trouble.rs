//! Why a request brought nothing: the closed list, and what the caller is told.

use crate::contract::{Error, ErrorCode};
use crate::ports::{HttpError, MaybeSent, NotSent, ProxyFault};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

/// Why a request brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The request was not sent.
    Unsent(NotSent),
    /// The connection broke.
    Network,
    /// The answer did not come in time.
    TimedOut,
    /// A page of the content network came instead of an answer.
    Blocked,
    /// The service is not offered where the request came from.
    Region,
    /// Too many requests.
    RateLimited,
    /// The service failed.
    Upstream,
    /// The service does not accept this software's client id or path.
    Client,
    /// Device codes are off for this account.
    NotEnabled,
    /// The workspace that was chosen at the login is closed or not the account's.
    Workspace,
    /// The plan does not include Codex.
    NotIncluded,
    /// The account is closed.
    AccountClosed,
    /// The backend does not permit this account what it asked for.
    NotPermitted,
    /// The backend refuses the access token.
    Rejected,
    /// The answer is not of the protocol.
    Unexpected,
    /// The service refuses by a code that this software does not know.
    UnknownRefusal,
    /// The store took so long that the request was not sent.
    Late,
    /// The refresh brought a new refresh token and no access token.
    NoAccessToken,
}

/// The names under which a stored login remembers its last trouble.
const NAMES: [(Trouble, &str); 31] = [
    (Trouble::Unsent(NotSent::Denied), "denied"),
    (Trouble::Unsent(NotSent::NameUnknown), "name-unknown"),
    (Trouble::Unsent(NotSent::NotPublic), "not-public"),
    (Trouble::Unsent(NotSent::Refused), "refused"),
    (Trouble::Unsent(NotSent::TimedOut), "connect-timed-out"),
    (Trouble::Unsent(NotSent::Unreachable), "unreachable"),
    (Trouble::Unsent(NotSent::Certificate), "certificate"),
    (proxy(ProxyFault::Unusable), "proxy-unusable"),
    (proxy(ProxyFault::NameUnknown), "proxy-name-unknown"),
    (proxy(ProxyFault::Refused), "proxy-refused"),
    (proxy(ProxyFault::Unreachable), "proxy-unreachable"),
    (proxy(ProxyFault::Authentication), "proxy-authentication"),
    (proxy(ProxyFault::Denied), "proxy-denied"),
    (proxy(ProxyFault::Certificate), "proxy-certificate"),
    (Trouble::Network, "network"),
    (Trouble::TimedOut, "timed-out"),
    (Trouble::Blocked, "blocked"),
    (Trouble::Region, "region"),
    (Trouble::RateLimited, "rate-limited"),
    (Trouble::Upstream, "upstream"),
    (Trouble::Client, "client"),
    (Trouble::NotEnabled, "not-enabled"),
    (Trouble::Workspace, "workspace"),
    (Trouble::NotIncluded, "not-included"),
    (Trouble::AccountClosed, "account-closed"),
    (Trouble::NotPermitted, "not-permitted"),
    (Trouble::Rejected, "rejected"),
    (Trouble::Unexpected, "unexpected"),
    (Trouble::UnknownRefusal, "unknown-refusal"),
    (Trouble::Late, "late"),
    (Trouble::NoAccessToken, "no-access-token"),
];

const fn proxy(fault: ProxyFault) -> Trouble {
    Trouble::Unsent(NotSent::Proxy(fault))
}

/// What the service answered, for the caller: no body, no text of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The HTTP status.
    pub(crate) status: Option<u16>,
    /// The service's error code.
    pub(crate) code: Option<String>,
}

impl Said {
    /// Adds status and code to an error.
    pub(crate) fn add_to(&self, error: Error) -> Error {
        let message = match (self.status, &self.code) {
            (Some(status), Some(code)) => format!("{} ({status} {code})", error.message),
            (Some(status), None) => format!("{} ({status})", error.message),
            (None, Some(code)) => format!("{} ({code})", error.message),
            (None, None) => return error,
        };
        Error {
            message,
            service_status: self.status,
            service_code: self.code.clone(),
            ..error
        }
    }
}

/// A [`Trouble`] and when to try again, in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setback {
    pub(crate) trouble: Trouble,
    /// From the service's Retry-After, else the trouble's own.
    pub(crate) wait: u64,
    pub(crate) said: Said,
}

impl Setback {
    /// What a request without an answer means.
    pub(crate) fn of(error: HttpError) -> Self {
        let trouble = match error {
            HttpError::NotSent(cause) => Trouble::Unsent(cause),
            HttpError::MaybeSent(MaybeSent::Broken) => Trouble::Network,
            HttpError::MaybeSent(MaybeSent::TimedOut) => Trouble::TimedOut,
            HttpError::MaybeSent(MaybeSent::Unreadable) => Trouble::Unexpected,
        };
        trouble.setback()
    }

    /// The error for the caller; a wait where waiting helps.
    pub(crate) fn error(self) -> Error {
        let error = self.said.add_to(self.trouble.error());
        if error.retryable {
            error.retry_after(self.wait)
        } else {
            error
        }
    }
}

impl Trouble {
    /// The error for the caller.
    pub(crate) fn error(self) -> Error {
        let (code, message) = self.code_and_message();
        let error = Error::new(code, message);
        let retryable = error.retryable && !self.is_permanent();
        match self.hint() {
            Some(hint) => Error {
                hint: hint.to_owned(),
                retryable,
                ..error
            },
            None => error,
        }
    }

    fn code_and_message(self) -> (ErrorCode, &'static str) {
        match self {
            Trouble::Unsent(cause) => not_sent(cause),
            Trouble::Network => (ErrorCode::Network, "the connection to OpenAI broke"),
            Trouble::TimedOut => (ErrorCode::Network, "OpenAI did not answer in time"),
            Trouble::Blocked => (
                ErrorCode::UpstreamBlocked,
                "a web page came instead of OpenAI's answer",
            ),
            Trouble::Region => (
                ErrorCode::RegionUnsupported,
                "OpenAI does not serve this region",
            ),
            Trouble::RateLimited => (ErrorCode::RateLimited, "OpenAI asks to slow down"),
            Trouble::Upstream => (ErrorCode::UpstreamError, "OpenAI's service failed"),
            Trouble::Client => (
                ErrorCode::UnexpectedAnswer,
                "OpenAI does not accept this software's client id",
            ),
            Trouble::NotEnabled => (
                ErrorCode::CodexNotEnabled,
                "device codes are not enabled for this account",
            ),
            Trouble::Workspace => (
                ErrorCode::CodexNotEnabled,
                "the workspace of this login cannot be used",
            ),
            Trouble::NotIncluded => (
                ErrorCode::CodexNotEnabled,
                "the plan of this login does not include Codex",
            ),
            Trouble::AccountClosed => (
                ErrorCode::CodexNotEnabled,
                "OpenAI has closed or suspended the account",
            ),
            Trouble::NotPermitted => (
                ErrorCode::CodexNotEnabled,
                "OpenAI does not permit this account to use Codex",
            ),
            Trouble::Rejected => (
                ErrorCode::RejectedByBackend,
                "the backend refuses a fresh token",
            ),
            Trouble::Unexpected => (
                ErrorCode::UnexpectedAnswer,
                "OpenAI answered something unknown",
            ),
            Trouble::UnknownRefusal => (
                ErrorCode::UnexpectedAnswer,
                "OpenAI refused with an unknown code",
            ),
            Trouble::Late => (
                ErrorCode::StoreBusy,
                "the store took too long before the request",
            ),
            Trouble::NoAccessToken => (
                ErrorCode::RefreshInProgress,
                "the refresh has brought no access token yet",
            ),
        }
    }

    /// What helps, where the hint of the error code does not say it.
    fn hint(self) -> Option<&'static str> {
        Some(match self {
            Trouble::Unsent(NotSent::NotPublic) => {
                "A VPN, router or name server answers with a made-up or private address. Let it answer with OpenAI's own addresses, use its proxy, or permit its range in the host (--allow-addresses)."
            }
            Trouble::Unsent(NotSent::NameUnknown) => "Check this machine's name server.",
            Trouble::Unsent(NotSent::Refused | NotSent::TimedOut | NotSent::Unreachable) => {
                "Check this machine's network and firewall. Where a proxy leads out, set HTTPS_PROXY."
            }
            Trouble::Unsent(NotSent::Certificate) => {
                "A program or network in between inspects TLS, or this machine's clock is wrong. Trust its root certificate (--cacert), or set the clock."
            }
            Trouble::Unsent(NotSent::Proxy(fault)) => match fault {
                ProxyFault::Unusable => {
                    "Set HTTPS_PROXY or ALL_PROXY to http://, https://, socks5:// or socks5h:// with HOST:PORT, or unset it."
                }
                ProxyFault::NameUnknown => {
                    "Check the proxy's name in HTTPS_PROXY or ALL_PROXY, and this machine's name server."
                }
                ProxyFault::Refused | ProxyFault::Unreachable => {
                    "Check the proxy's address and port in HTTPS_PROXY or ALL_PROXY, and that it runs."
                }
                ProxyFault::Authentication => {
                    "Put the right user name and password into HTTPS_PROXY or ALL_PROXY, percent-encoded: http://USER:PASSWORD@HOST:PORT."
                }
                ProxyFault::Denied => {
                    "Have the proxy's operator permit auth.openai.com:443 and chatgpt.com:443."
                }
                ProxyFault::Certificate => "Trust the root certificate of the proxy (--cacert).",
            },
            Trouble::Workspace => {
                "Call logout, then start, and choose another workspace when you sign in."
            }
            Trouble::NotIncluded => {
                "Choose a plan or a workspace that includes Codex: call logout, then start to sign in with it."
            }
            Trouble::AccountClosed => CLOSED_HINT,
            Trouble::NotPermitted => {
                "Ask the workspace's admin to permit Codex, or call logout, then start, and choose another workspace."
            }
            _ => return None,
        })
    }

    /// Whether the same call fails until a person changes something.
    fn is_permanent(self) -> bool {
        use ProxyFault::{Authentication, Denied, Unusable};
        matches!(
            self,
            Trouble::Unsent(NotSent::Proxy(Unusable | Authentication | Denied))
        )
    }

    /// This trouble, to be tried again after its own pause.
    pub(crate) fn setback(self) -> Setback {
        Setback {
            trouble: self,
            wait: self.pause(),
            said: Said::default(),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        let named = NAMES.iter().find(|(trouble, _)| *trouble == self);
        named.map_or("", |(_, name)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let (trouble, _) = NAMES.iter().find(|(_, known)| *known == name)?;
        Some(*trouble)
    }

    /// When to try again where the service does not say, in seconds.
    pub(crate) fn pause(self) -> u64 {
        match self {
            Trouble::Late | Trouble::NoAccessToken => 1,
            Trouble::Unsent(NotSent::Denied | NotSent::NotPublic) => 60,
            Trouble::Unsent(_) | Trouble::Network | Trouble::TimedOut => 5,
            Trouble::Upstream | Trouble::Unexpected | Trouble::UnknownRefusal => 30,
            Trouble::Blocked | Trouble::RateLimited | Trouble::Rejected => 60,
            Trouble::Region
            | Trouble::NotEnabled
            | Trouble::Workspace
            | Trouble::NotIncluded
            | Trouble::AccountClosed
            | Trouble::NotPermitted => 300,
            Trouble::Client => 600,
        }
    }
}

/// For an account that OpenAI has closed: a new login does not help.
pub(crate) const CLOSED_HINT: &str =
    "Ask OpenAI's support about the account, or sign in with another one: call start.";

fn not_sent(cause: NotSent) -> (ErrorCode, &'static str) {
    match cause {
        NotSent::Denied => (
            ErrorCode::EgressDenied,
            "the host did not let the request out",
        ),
        NotSent::NotPublic => (
            ErrorCode::EgressDenied,
            "OpenAI's name leads to no public address, so nothing was sent",
        ),
        NotSent::NameUnknown => (ErrorCode::Network, "OpenAI's name could not be resolved"),
        NotSent::Refused => (ErrorCode::Network, "the connection to OpenAI was refused"),
        NotSent::TimedOut => (ErrorCode::Network, "connecting to OpenAI took too long"),
        NotSent::Unreachable => (ErrorCode::Network, "OpenAI could not be reached"),
        NotSent::Certificate => (
            ErrorCode::Network,
            "OpenAI's certificate is not trusted here",
        ),
        NotSent::Proxy(fault) => (
            ErrorCode::Network,
            match fault {
                ProxyFault::Unusable => "the proxy that is set cannot be used",
                ProxyFault::NameUnknown => "the proxy's name could not be resolved",
                ProxyFault::Refused => "the proxy refused the connection",
                ProxyFault::Unreachable => "the proxy could not be reached",
                ProxyFault::Authentication => {
                    "the proxy asks for a user name and password, or refuses these (407)"
                }
                ProxyFault::Denied => "the proxy does not permit the connection to OpenAI",
                ProxyFault::Certificate => "the proxy's certificate is not trusted here",
            },
        ),
    }
}
