//! Why a call failed: the table of error codes, and the answer of a failed call.

use alloc::string::String;

use serde::{Serialize, Serializer};

use crate::False;

/// How a caller reacts to an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Correct the call.
    Usage,
    /// Call again later.
    Retry,
    /// Sign in, or sign in again.
    Login,
    /// Repair the store or its key.
    Store,
    /// Give up: a policy, a region or a plan forbids the call.
    Policy,
    /// Report it.
    Internal,
}

impl Class {
    /// The exit code of the command line.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Retry => 3,
            Self::Login => 4,
            Self::Store => 5,
            Self::Policy => 6,
        }
    }

    /// The name of the class.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Retry => "retry",
            Self::Login => "login",
            Self::Store => "store",
            Self::Policy => "policy",
            Self::Internal => "internal",
        }
    }
}

macro_rules! codes {
    ($($code:ident $name:literal $class:ident,)*) => {
        /// Why a call failed. What each code means is written in `wit/connection.wit`.
        #[allow(missing_docs, reason = "the names say it, and wit/connection.wit does")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($code,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The name in answers.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The code with this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$code),)*
                    _ => None,
                }
            }

            /// How a caller reacts to the error.
            #[must_use]
            pub const fn class(self) -> Class {
                match self {
                    $(Self::$code => Class::$class,)*
                }
            }
        }
    };
}

codes! {
    NotConnected "not-connected" Login,
    NoPendingLogin "no-pending-login" Login,
    LoginSuperseded "login-superseded" Login,
    LoginDenied "login-denied" Login,
    LoginExpired "login-expired" Login,
    LoginExchangeFailed "login-exchange-failed" Login,
    NeedsLogin "needs-login" Login,
    RefreshInProgress "refresh-in-progress" Retry,
    RefreshUncertain "refresh-uncertain" Retry,
    RejectedByBackend "rejected-by-backend" Retry,
    RateLimited "rate-limited" Retry,
    UpstreamBlocked "upstream-blocked" Retry,
    RegionUnsupported "region-unsupported" Policy,
    CodexNotEnabled "codex-not-enabled" Policy,
    Network "network" Retry,
    UpstreamError "upstream-error" Retry,
    UnexpectedAnswer "unexpected-answer" Internal,
    EgressDenied "egress-denied" Policy,
    StoreUnavailable "store-unavailable" Store,
    StoreBusy "store-busy" Retry,
    StoreNeedsUpgrade "store-needs-upgrade" Store,
    StoreFailedAfterRefresh "store-failed-after-refresh" Store,
    KeyUnknown "key-unknown" Store,
    RecordCorrupt "record-corrupt" Store,
    RecordNewer "record-newer" Store,
    RollbackSuspected "rollback-suspected" Store,
    AccountMismatch "account-mismatch" Login,
    NotRefreshable "not-refreshable" Login,
    InvalidArgument "invalid-argument" Usage,
    Internal "internal" Internal,
}

impl ErrorCode {
    /// Whether an error with this code means that the person is signed out. After the other
    /// codes of [`Class::Login`] an earlier login remains.
    #[must_use]
    pub const fn requires_login(self) -> bool {
        matches!(
            self,
            Self::NotConnected | Self::NeedsLogin | Self::NotRefreshable | Self::AccountMismatch
        )
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for ErrorCode {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: alloc::vec::Vec<_> = Self::ALL.iter().map(|code| code.name()).collect();
        schemars::json_schema!({"type": "string", "enum": names})
    }
}

/// A call failed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Failure {
    /// Always false.
    pub ok: False,
    /// What happened, one sentence. Never contains a secret.
    pub error: String,
    /// The code that a caller acts on.
    pub code: ErrorCode,
    /// What a person can do about it.
    pub hint: String,
    /// True when the same call can succeed later without a fix.
    pub retryable: bool,
    /// How long to wait before the next attempt, in seconds.
    pub retry_after_seconds: Option<u32>,
    /// True when only a new login helps.
    pub relogin_required: bool,
    /// The service's own error code, at most 40 characters.
    pub service_code: Option<String>,
    /// The HTTP status of the service's answer.
    pub service_status: Option<u16>,
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::{Class, ErrorCode};

    #[test]
    fn codes_have_names_of_their_own_and_login_codes_a_class() {
        let names: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(
                !code.requires_login() || code.class() == Class::Login,
                "{code:?}"
            );
        }
    }

    #[test]
    fn every_class_has_an_exit_code_of_its_own() {
        let classes = ErrorCode::ALL.iter().map(|code| code.class());
        let codes: BTreeSet<_> = classes.map(Class::exit_code).collect();
        assert_eq!(codes, BTreeSet::from([1, 2, 3, 4, 5, 6]));
    }
}
