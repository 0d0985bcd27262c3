//! Why a request brought nothing: the closed list, and what the caller is told.

use crate::contract::{Error, ErrorCode};
use crate::ports::HttpError;

/// Why a request brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The service could not be reached, or the connection broke.
    Network,
    /// The host did not let the request out.
    Denied,
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
    /// Codex, or its device codes, are off for this account.
    NotEnabled,
    /// The backend refuses the access token.
    Rejected,
    /// The answer is not of the protocol.
    Unexpected,
    /// The store took so long that the request was not sent.
    Late,
    /// The refresh brought a new refresh token and no access token.
    NoAccessToken,
}

/// The names under which a stored login remembers its last trouble.
const NAMES: [(Trouble, &str); 12] = [
    (Trouble::Network, "network"),
    (Trouble::Denied, "denied"),
    (Trouble::Blocked, "blocked"),
    (Trouble::Region, "region"),
    (Trouble::RateLimited, "rate-limited"),
    (Trouble::Upstream, "upstream"),
    (Trouble::Client, "client"),
    (Trouble::NotEnabled, "not-enabled"),
    (Trouble::Rejected, "rejected"),
    (Trouble::Unexpected, "unexpected"),
    (Trouble::Late, "late"),
    (Trouble::NoAccessToken, "no-access-token"),
];

/// A [`Trouble`] and when to try again, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setback {
    pub(crate) trouble: Trouble,
    /// From the service's Retry-After, else the trouble's own.
    pub(crate) wait: u64,
}

impl Setback {
    /// What a request that failed means where it does not matter whether it was sent.
    pub(crate) fn of(error: HttpError) -> Self {
        let trouble = match error.0 {
            "HTTP-request-denied" | "destination-IP-prohibited" => Trouble::Denied,
            "HTTP-response-body-size" | "HTTP-response-content-coding" => Trouble::Unexpected,
            _ => Trouble::Network,
        };
        trouble.setback()
    }

    /// The error for the caller; a wait where waiting helps.
    pub(crate) fn error(self) -> Error {
        let error = self.trouble.error();
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
        let (code, message) = match self {
            Trouble::Network => (ErrorCode::Network, "OpenAI could not be reached"),
            Trouble::Denied => (
                ErrorCode::EgressDenied,
                "the host did not let the request out",
            ),
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
                "Codex or its device codes are not enabled for this account",
            ),
            Trouble::Rejected => (
                ErrorCode::RejectedByBackend,
                "the backend refuses a fresh token",
            ),
            Trouble::Unexpected => (
                ErrorCode::UnexpectedAnswer,
                "OpenAI answered something unknown",
            ),
            Trouble::Late => (
                ErrorCode::StoreBusy,
                "the store took too long before the request",
            ),
            Trouble::NoAccessToken => (
                ErrorCode::RefreshInProgress,
                "the refresh has brought no access token yet",
            ),
        };
        Error::new(code, message)
    }

    /// This trouble, to be tried again after its own pause.
    pub(crate) fn setback(self) -> Setback {
        Setback {
            trouble: self,
            wait: self.pause(),
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
            Trouble::Network => 5,
            Trouble::Upstream | Trouble::Unexpected => 30,
            Trouble::Denied | Trouble::Blocked | Trouble::RateLimited | Trouble::Rejected => 60,
            Trouble::Region | Trouble::NotEnabled => 300,
            Trouble::Client => 600,
        }
    }
}
