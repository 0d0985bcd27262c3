//! The records and enums of the contract, copied to the types of other bindings.

/// Implements `From` for each type of `connection` in a module that is in scope as `guest`.
#[doc(hidden)]
#[macro_export]
macro_rules! __connection_records {
    ($guest:ident) => {
        impl From<$crate::ErrorCode> for $guest::ErrorCode {
            fn from(it: $crate::ErrorCode) -> Self {
                use $crate::ErrorCode as Ours;
                match it {
                    Ours::NotConnected => Self::NotConnected,
                    Ours::NoPendingLogin => Self::NoPendingLogin,
                    Ours::LoginSuperseded => Self::LoginSuperseded,
                    Ours::LoginDenied => Self::LoginDenied,
                    Ours::LoginExpired => Self::LoginExpired,
                    Ours::LoginExchangeFailed => Self::LoginExchangeFailed,
                    Ours::NeedsLogin => Self::NeedsLogin,
                    Ours::RefreshInProgress => Self::RefreshInProgress,
                    Ours::RefreshUncertain => Self::RefreshUncertain,
                    Ours::RejectedByBackend => Self::RejectedByBackend,
                    Ours::RateLimited => Self::RateLimited,
                    Ours::UpstreamBlocked => Self::UpstreamBlocked,
                    Ours::RegionUnsupported => Self::RegionUnsupported,
                    Ours::CodexNotEnabled => Self::CodexNotEnabled,
                    Ours::Network => Self::Network,
                    Ours::UpstreamError => Self::UpstreamError,
                    Ours::UnexpectedAnswer => Self::UnexpectedAnswer,
                    Ours::EgressDenied => Self::EgressDenied,
                    Ours::StoreUnavailable => Self::StoreUnavailable,
                    Ours::StoreBusy => Self::StoreBusy,
                    Ours::StoreNeedsUpgrade => Self::StoreNeedsUpgrade,
                    Ours::StoreFailedAfterRefresh => Self::StoreFailedAfterRefresh,
                    Ours::KeyUnknown => Self::KeyUnknown,
                    Ours::RecordCorrupt => Self::RecordCorrupt,
                    Ours::RecordNewer => Self::RecordNewer,
                    Ours::RollbackSuspected => Self::RollbackSuspected,
                    Ours::AccountMismatch => Self::AccountMismatch,
                    Ours::NotRefreshable => Self::NotRefreshable,
                    Ours::InvalidArgument => Self::InvalidArgument,
                    Ours::Internal => Self::Internal,
                }
            }
        }

        impl From<$crate::types::ConnectionState> for $guest::ConnectionState {
            fn from(it: $crate::types::ConnectionState) -> Self {
                use $crate::types::ConnectionState as Ours;
                match it {
                    Ours::NotConnected => Self::NotConnected,
                    Ours::Pending => Self::Pending,
                    Ours::Connected => Self::Connected,
                    Ours::Refreshing => Self::Refreshing,
                    Ours::Uncertain => Self::Uncertain,
                    Ours::NeedsLogin => Self::NeedsLogin,
                    Ours::LoggingOut => Self::LoggingOut,
                    Ours::Unreadable => Self::Unreadable,
                }
            }
        }

        impl From<$crate::types::AnswerSource> for $guest::AnswerSource {
            fn from(it: $crate::types::AnswerSource) -> Self {
                use $crate::types::AnswerSource as Ours;
                match it {
                    Ours::Api => Self::Api,
                    Ours::Cache => Self::Cache,
                }
            }
        }

        impl From<$crate::types::LoginStatus> for $guest::LoginStatus {
            fn from(it: $crate::types::LoginStatus) -> Self {
                use $crate::types::LoginStatus as Ours;
                match it {
                    Ours::Pending => Self::Pending,
                    Ours::Connected => Self::Connected,
                }
            }
        }

        impl From<$crate::types::LogoutStatus> for $guest::LogoutStatus {
            fn from(it: $crate::types::LogoutStatus) -> Self {
                use $crate::types::LogoutStatus as Ours;
                match it {
                    Ours::Disconnected => Self::Disconnected,
                    Ours::NotConnected => Self::NotConnected,
                }
            }
        }

        impl From<$crate::Error> for $guest::Error {
            fn from(it: $crate::Error) -> Self {
                Self {
                    code: it.code.into(),
                    message: it.message,
                    hint: it.hint,
                    retryable: it.retryable,
                    retry_after_seconds: it.retry_after_seconds,
                    relogin_required: it.relogin_required,
                    service_code: it.service_code,
                    service_status: it.service_status,
                }
            }
        }

        impl From<$crate::types::PendingLogin> for $guest::PendingLogin {
            fn from(it: $crate::types::PendingLogin) -> Self {
                Self {
                    pending_id: it.pending_id,
                    user_code: it.user_code,
                    verification_url: it.verification_url,
                    interval_seconds: it.interval_seconds,
                    expires_in_seconds: it.expires_in_seconds,
                    expires_at: it.expires_at,
                }
            }
        }

        impl From<$crate::types::UsageWindow> for $guest::UsageWindow {
            fn from(it: $crate::types::UsageWindow) -> Self {
                Self {
                    name: it.name,
                    used_percent: it.used_percent,
                    window_seconds: it.window_seconds,
                    resets_at: it.resets_at,
                    resets_in_seconds: it.resets_in_seconds,
                }
            }
        }

        impl From<$crate::types::UsageCredits> for $guest::UsageCredits {
            fn from(it: $crate::types::UsageCredits) -> Self {
                Self {
                    has_credits: it.has_credits,
                    unlimited: it.unlimited,
                    balance: it.balance,
                }
            }
        }

        impl From<$crate::types::UsageReport> for $guest::UsageReport {
            fn from(it: $crate::types::UsageReport) -> Self {
                Self {
                    source: it.source.into(),
                    plan: it.plan,
                    windows: it.windows.into_iter().map(Into::into).collect(),
                    credits: it.credits.map(Into::into),
                    limit_reached: it.limit_reached,
                    limit_reason: it.limit_reason,
                    limit_name: it.limit_name,
                    limit_resets_at: it.limit_resets_at,
                    fetched_at: it.fetched_at,
                }
            }
        }

        impl From<$crate::types::Model> for $guest::Model {
            fn from(it: $crate::types::Model) -> Self {
                Self {
                    id: it.id,
                    slug: it.slug,
                    display_name: it.display_name,
                    description: it.description,
                    priority: it.priority,
                    context_window: it.context_window,
                    default_reasoning_level: it.default_reasoning_level,
                    reasoning_levels: it.reasoning_levels,
                    input_modalities: it.input_modalities,
                }
            }
        }

        impl From<$crate::types::ModelList> for $guest::ModelList {
            fn from(it: $crate::types::ModelList) -> Self {
                Self {
                    source: it.source.into(),
                    count: it.count,
                    default_model_id: it.default_model_id,
                    available_models: it.available_models,
                    models: it.models.into_iter().map(Into::into).collect(),
                    fetched_at: it.fetched_at,
                }
            }
        }

        impl From<$crate::types::ConnectionStatus> for $guest::ConnectionStatus {
            fn from(it: $crate::types::ConnectionStatus) -> Self {
                Self {
                    state: it.state.into(),
                    connected: it.connected,
                    method: it.method,
                    email: it.email,
                    account_id: it.account_id,
                    plan: it.plan,
                    expires_at: it.expires_at,
                    expires_in_seconds: it.expires_in_seconds,
                    updated_at: it.updated_at,
                    models_count: it.models_count,
                    models_fetched_at: it.models_fetched_at,
                    default_model_id: it.default_model_id,
                    available_models: it.available_models,
                    usage: it.usage.map(Into::into),
                    usage_fetched_at: it.usage_fetched_at,
                    pending: it.pending.map(Into::into),
                    hint: it.hint,
                }
            }
        }

        impl From<$crate::types::LoginPrompt> for $guest::LoginPrompt {
            fn from(it: $crate::types::LoginPrompt) -> Self {
                Self {
                    pending: it.pending.into(),
                    instructions: it.instructions,
                    replaced_user_code: it.replaced_user_code,
                }
            }
        }

        impl From<$crate::types::LoginProgress> for $guest::LoginProgress {
            fn from(it: $crate::types::LoginProgress) -> Self {
                Self {
                    status: it.status.into(),
                    pending: it.pending.map(Into::into),
                    retry_after_seconds: it.retry_after_seconds,
                    email: it.email,
                    account_id: it.account_id,
                    plan: it.plan,
                    expires_at: it.expires_at,
                    models_count: it.models_count,
                    default_model_id: it.default_model_id,
                    available_models: it.available_models,
                    usage: it.usage.map(Into::into),
                    next_step: it.next_step,
                }
            }
        }

        impl From<$crate::types::LogoutResult> for $guest::LogoutResult {
            fn from(it: $crate::types::LogoutResult) -> Self {
                Self {
                    status: it.status.into(),
                    removed: it.removed,
                    revoked: it.revoked,
                    hint: it.hint,
                }
            }
        }

        impl From<$crate::types::RefreshResult> for $guest::RefreshResult {
            fn from(it: $crate::types::RefreshResult) -> Self {
                Self {
                    expires_at: it.expires_at,
                    expires_in_seconds: it.expires_in_seconds,
                }
            }
        }
    };
}
