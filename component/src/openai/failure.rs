//! The kinds of failed requests. Turns a failed response, or an error of `ports`, into a
//! kind, and a kind into an error of the contract.

use crate::contract::{Error, ErrorCode};
use crate::ports::{HttpError, MaybeSent, NotSent};
use crate::text::{decimal, join};
use alloc::boxed::Box;
use alloc::string::String;

/// Why a request failed. [`DESCRIPTIONS`] has a line for each kind, in this
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The policy of the host denies the request.
    Denied,
    /// The service's name does not resolve.
    NameUnknown,
    /// The service's name resolves to no public address.
    NotPublic,
    /// The connection was refused.
    Refused,
    /// Connecting took too long.
    ConnectTimedOut,
    /// The service is unreachable.
    Unreachable,
    /// The service's certificate is not trusted.
    Certificate,
    /// The proxy settings of the host cannot be used.
    ProxyUnusable,
    /// The proxy's name does not resolve.
    ProxyNameUnknown,
    /// The proxy refuses the connection.
    ProxyRefused,
    /// The proxy is unreachable or does not respond.
    ProxyUnreachable,
    /// The proxy requires credentials, or other ones.
    ProxyAuthentication,
    /// The proxy does not permit the connection.
    ProxyDenied,
    /// The proxy's certificate is not trusted.
    ProxyCertificate,
    /// The connection broke.
    Network,
    /// The response was not complete in time.
    TimedOut,
    /// A web page of the content delivery network came instead of a response.
    Blocked,
    /// The service is not offered in the region of the request.
    Region,
    /// Too many requests.
    RateLimited,
    /// The service failed.
    Upstream,
    /// The service does not accept this software's client id or path.
    Client,
    /// Device codes are disabled for this account.
    NotEnabled,
    /// The workspace of the login cannot be used.
    Workspace,
    /// The plan does not include Codex.
    NotIncluded,
    /// The account is closed.
    AccountClosed,
    /// The backend does not permit this request to the account.
    NotPermitted,
    /// The backend refuses the access token.
    Rejected,
    /// The response does not follow the protocol.
    Unexpected,
    /// The service refuses with an unknown code.
    UnknownRefusal,
    /// The store took so long that the request was not sent.
    Late,
    /// The refresh returned a refresh token and no access token.
    NoAccessToken,
}

/// The error of a kind.
struct Description {
    /// The name in a stored record.
    name: &'static str,
    code: ErrorCode,
    message: &'static str,
    /// The hint; empty where the hint of the code applies.
    hint: &'static str,
    /// When to try again where the service does not say, in seconds.
    pause: u16,
}

const fn describe(
    name: &'static str,
    code: ErrorCode,
    message: &'static str,
    hint: &'static str,
    pause: u16,
) -> Description {
    Description {
        name,
        code,
        message,
        hint,
        pause,
    }
}

static DESCRIPTIONS: [Description; 31] = [
    describe(
        "denied",
        ErrorCode::EgressDenied,
        "the host denied the request",
        "",
        60,
    ),
    describe(
        "name-unknown",
        ErrorCode::Network,
        "OpenAI's name could not be resolved",
        "Check this machine's name server.",
        5,
    ),
    describe(
        "not-public",
        ErrorCode::EgressDenied,
        "OpenAI's name leads to no public address, so nothing was sent",
        "A VPN, router or name server gives a made-up or private address. Use OpenAI's own addresses or a proxy, or permit the range in the host (--allow-addresses).",
        60,
    ),
    describe(
        "refused",
        ErrorCode::Network,
        "the connection to OpenAI was refused",
        "",
        5,
    ),
    describe(
        "connect-timed-out",
        ErrorCode::Network,
        "connecting to OpenAI took too long",
        "",
        5,
    ),
    describe(
        "unreachable",
        ErrorCode::Network,
        "OpenAI could not be reached",
        "",
        5,
    ),
    describe(
        "certificate",
        ErrorCode::Network,
        "OpenAI's certificate is not trusted here",
        "TLS is inspected on the way, or this machine's clock is wrong. Trust the inspector's root certificate (--cacert), or set the clock.",
        5,
    ),
    describe(
        "proxy-unusable",
        ErrorCode::Network,
        "the proxy that is set cannot be used",
        "Set HTTPS_PROXY or ALL_PROXY to http://, https://, socks5:// or socks5h:// with HOST:PORT, or unset it.",
        5,
    ),
    describe(
        "proxy-name-unknown",
        ErrorCode::Network,
        "the proxy's name could not be resolved",
        "Correct the proxy's name in HTTPS_PROXY or ALL_PROXY.",
        5,
    ),
    describe(
        "proxy-refused",
        ErrorCode::Network,
        "the proxy refused the connection",
        PROXY_HINT,
        5,
    ),
    describe(
        "proxy-unreachable",
        ErrorCode::Network,
        "the proxy could not be reached",
        PROXY_HINT,
        5,
    ),
    describe(
        "proxy-authentication",
        ErrorCode::Network,
        "the proxy requires a user name and password, or other ones (407)",
        "Put both into HTTPS_PROXY or ALL_PROXY, as in http://USER:PASSWORD@HOST:PORT. Percent-encode special characters in them.",
        5,
    ),
    describe(
        "proxy-denied",
        ErrorCode::Network,
        "the proxy does not permit the connection to OpenAI",
        "The proxy must permit auth.openai.com:443 and chatgpt.com:443.",
        5,
    ),
    describe(
        "proxy-certificate",
        ErrorCode::Network,
        "the proxy's certificate is not trusted here",
        "Trust the proxy's root certificate (--cacert).",
        5,
    ),
    describe(
        "network",
        ErrorCode::Network,
        "the connection to OpenAI broke",
        "",
        5,
    ),
    describe(
        "timed-out",
        ErrorCode::Network,
        "OpenAI did not answer in time",
        "",
        5,
    ),
    describe(
        "blocked",
        ErrorCode::UpstreamBlocked,
        "a web page came instead of OpenAI's answer",
        "",
        60,
    ),
    describe(
        "region",
        ErrorCode::RegionUnsupported,
        "OpenAI does not serve this region",
        "",
        300,
    ),
    describe(
        "rate-limited",
        ErrorCode::RateLimited,
        "OpenAI asks to slow down",
        "",
        60,
    ),
    describe(
        "upstream",
        ErrorCode::UpstreamError,
        "OpenAI's service failed",
        "",
        30,
    ),
    describe(
        "client",
        ErrorCode::UnexpectedAnswer,
        "OpenAI does not accept this software's client id",
        "",
        600,
    ),
    describe(
        "not-enabled",
        ErrorCode::CodexNotEnabled,
        "device codes are not enabled for this account",
        "",
        300,
    ),
    describe(
        "workspace",
        ErrorCode::CodexNotEnabled,
        "the workspace of this login cannot be used",
        "Call logout, then start, and choose another workspace when you sign in.",
        300,
    ),
    describe(
        "not-included",
        ErrorCode::CodexNotEnabled,
        "the plan of this login does not include Codex",
        "Codex needs another plan or workspace: call logout, then start, to sign in with it.",
        300,
    ),
    describe(
        "account-closed",
        ErrorCode::CodexNotEnabled,
        "OpenAI has closed or suspended the account",
        CLOSED_HINT,
        300,
    ),
    describe(
        "not-permitted",
        ErrorCode::CodexNotEnabled,
        "OpenAI does not permit this account to use Codex",
        "Ask the workspace's admin, or call logout, then start, and choose another workspace.",
        300,
    ),
    describe(
        "rejected",
        ErrorCode::RejectedByBackend,
        "the backend refuses a fresh token",
        "",
        60,
    ),
    describe(
        "unexpected",
        ErrorCode::UnexpectedAnswer,
        "OpenAI answered something unknown",
        "",
        30,
    ),
    describe(
        "unknown-refusal",
        ErrorCode::UnexpectedAnswer,
        "OpenAI refused with an unknown code",
        "",
        30,
    ),
    describe(
        "late",
        ErrorCode::StoreBusy,
        "the store took too long before the request",
        "",
        1,
    ),
    describe(
        "no-access-token",
        ErrorCode::RefreshInProgress,
        "the refresh has brought no access token yet",
        "",
        1,
    ),
];

const PROXY_HINT: &str = "Check the address in HTTPS_PROXY or ALL_PROXY, and that the proxy runs.";

/// The hint for an account that OpenAI has closed: another login of it does not
/// help.
pub(crate) const CLOSED_HINT: &str =
    "Ask OpenAI's support about the account, or call start to sign in with another one.";

/// The status and the error code of a response. It contains no body and no other
/// text of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceError {
    /// The HTTP status.
    pub(crate) status: Option<u16>,
    /// The service's error code.
    pub(crate) code: Option<String>,
}

impl ServiceError {
    /// Adds status and code to an error, in place of a code that it already names.
    pub(crate) fn add_to(&self, mut error: Box<Error>) -> Box<Error> {
        if let Some(code) = &error.service_code {
            let named = join(&[" (", code, ")"]);
            if let Some(text) = error.message.strip_suffix(&*named) {
                error.message.truncate(text.len());
            }
        }
        let mut mark = " (";
        if let Some(status) = self.status {
            error.message.push_str(mark);
            error.message.push_str(&decimal(u64::from(status)));
            mark = " ";
        }
        if let Some(code) = &self.code {
            error.message.push_str(mark);
            error.message.push_str(code);
        }
        if *self != Self::default() {
            error.message.push(')');
        }
        error.service_status = self.status;
        error.service_code = self.code.clone();
        error
    }
}

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// When to retry, in seconds: from Retry-After, else the default of the kind.
    pub(crate) retry_after: u64,
    pub(crate) service_error: ServiceError,
}

impl Failure {
    /// A failure without a response of the service.
    pub(crate) fn new(kind: FailureKind) -> Self {
        Self {
            kind,
            retry_after: kind.default_retry_after(),
            service_error: ServiceError::default(),
        }
    }

    /// The failure of a request without a response.
    pub(crate) fn of(error: HttpError) -> Self {
        let kind = match error {
            HttpError::NotSent(cause) => FailureKind::of_unsent(cause),
            HttpError::MaybeSent(MaybeSent::Broken) => FailureKind::Network,
            HttpError::MaybeSent(MaybeSent::TimedOut) => FailureKind::TimedOut,
            HttpError::MaybeSent(MaybeSent::Unreadable) => FailureKind::Unexpected,
        };
        Self::new(kind)
    }

    /// The error for the caller, with the time to retry if a retry helps.
    pub(crate) fn error(self) -> Box<Error> {
        let error = self.service_error.add_to(self.kind.error());
        if error.retryable {
            error.retry_after(self.retry_after)
        } else {
            error
        }
    }
}

impl FailureKind {
    fn of_unsent(cause: NotSent) -> Self {
        match cause {
            NotSent::Denied => Self::Denied,
            NotSent::NameUnknown => Self::NameUnknown,
            NotSent::NotPublic => Self::NotPublic,
            NotSent::Refused => Self::Refused,
            NotSent::TimedOut => Self::ConnectTimedOut,
            NotSent::Unreachable => Self::Unreachable,
            NotSent::Certificate => Self::Certificate,
            NotSent::ProxyUnusable => Self::ProxyUnusable,
            NotSent::ProxyNameUnknown => Self::ProxyNameUnknown,
            NotSent::ProxyRefused => Self::ProxyRefused,
            NotSent::ProxyUnreachable => Self::ProxyUnreachable,
            NotSent::ProxyAuthentication => Self::ProxyAuthentication,
            NotSent::ProxyDenied => Self::ProxyDenied,
            NotSent::ProxyCertificate => Self::ProxyCertificate,
        }
    }

    fn describe(self) -> &'static Description {
        &DESCRIPTIONS[self as usize]
    }

    /// The error for the caller.
    pub(crate) fn error(self) -> Box<Error> {
        let describe = self.describe();
        let mut error = Error::boxed(describe.code, describe.message);
        error.retryable &= !self.is_permanent();
        match describe.hint {
            "" => error,
            hint => error.with_hint(hint),
        }
    }

    /// Whether the call fails until a person changes a setting, although other
    /// kinds of this code are transient.
    fn is_permanent(self) -> bool {
        matches!(
            self,
            Self::ProxyUnusable | Self::ProxyAuthentication | Self::ProxyDenied
        )
    }

    pub(crate) fn name(self) -> &'static str {
        self.describe().name
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let place = DESCRIPTIONS
            .iter()
            .position(|describe| describe.name == name)?;
        Some(ALL[place])
    }

    /// When to try again where the service does not say, in seconds.
    pub(crate) fn default_retry_after(self) -> u64 {
        u64::from(self.describe().pause)
    }
}

/// In the order of [`DESCRIPTIONS`].
const ALL: [FailureKind; 31] = [
    FailureKind::Denied,
    FailureKind::NameUnknown,
    FailureKind::NotPublic,
    FailureKind::Refused,
    FailureKind::ConnectTimedOut,
    FailureKind::Unreachable,
    FailureKind::Certificate,
    FailureKind::ProxyUnusable,
    FailureKind::ProxyNameUnknown,
    FailureKind::ProxyRefused,
    FailureKind::ProxyUnreachable,
    FailureKind::ProxyAuthentication,
    FailureKind::ProxyDenied,
    FailureKind::ProxyCertificate,
    FailureKind::Network,
    FailureKind::TimedOut,
    FailureKind::Blocked,
    FailureKind::Region,
    FailureKind::RateLimited,
    FailureKind::Upstream,
    FailureKind::Client,
    FailureKind::NotEnabled,
    FailureKind::Workspace,
    FailureKind::NotIncluded,
    FailureKind::AccountClosed,
    FailureKind::NotPermitted,
    FailureKind::Rejected,
    FailureKind::Unexpected,
    FailureKind::UnknownRefusal,
    FailureKind::Late,
    FailureKind::NoAccessToken,
];

#[cfg(test)]
mod tests {
    use super::{ALL, DESCRIPTIONS, FailureKind};

    #[test]
    fn every_failure_kind_has_its_own_stored_name() {
        for (place, kind) in ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(FailureKind::named(kind.name()), Some(kind));
        }
        assert_eq!(ALL.len(), DESCRIPTIONS.len());
    }
}
