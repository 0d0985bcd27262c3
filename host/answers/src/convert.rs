//! The conversions of the records of `wit/connection.wit` into the answers.
//!
//! Each program that answers generates its own types from the contract: the library for the
//! calls that it makes, the guest of the world `command` for the calls of its import. The
//! records have the same fields everywhere. So the conversions are written once, as a macro
//! over the module of the records.

/// Implements `From` of each record in the module `$records` for its answer, and of `$error`
/// for [`Failure`](crate::Failure).
///
/// The module holds the records and enums under the names that bindings generators give
/// them. `$error` has the fields of the record `error`.
#[macro_export]
macro_rules! convert_records {
    ($records:ident, $error:ty) => {
        const _: () = {
            use $crate::connection::{
                LoginStatus, Logout, LogoutStatus, Model, Models, PendingLogin, Poll, Refresh,
                RefreshStatus, Source, Start, State, Status, Usage, UsageCredits, UsageReport,
                UsageWindow,
            };
            use $crate::{ErrorCode, Failure, False, True};

            impl From<&$records::ConnectionStatus> for Status {
                fn from(status: &$records::ConnectionStatus) -> Self {
                    Self {
                        ok: True,
                        state: status.state.into(),
                        connected: status.connected,
                        method: status.method.clone(),
                        email: status.email.clone(),
                        account_id: status.account_id.clone(),
                        plan: status.plan.clone(),
                        expires_at: status.expires_at,
                        expires_in_seconds: status.expires_in_seconds,
                        updated_at: status.updated_at,
                        models_count: status.models_count,
                        models_fetched_at: status.models_fetched_at,
                        default_model_id: status.default_model_id.clone(),
                        available_models: status.available_models.clone(),
                        usage: status.usage.as_ref().map(UsageReport::from),
                        usage_fetched_at: status.usage_fetched_at,
                        pending: status.pending.as_ref().map(PendingLogin::from),
                        hint: status.hint.clone(),
                    }
                }
            }

            impl From<&$records::LoginPrompt> for Start {
                fn from(prompt: &$records::LoginPrompt) -> Self {
                    Self {
                        ok: True,
                        status: LoginStatus::Pending,
                        pending: PendingLogin::from(&prompt.pending),
                        instructions: prompt.instructions.clone(),
                        replaced_user_code: prompt.replaced_user_code.clone(),
                    }
                }
            }

            impl From<&$records::LoginProgress> for Poll {
                fn from(progress: &$records::LoginProgress) -> Self {
                    Self {
                        ok: True,
                        status: match progress.status {
                            $records::LoginStatus::Pending => LoginStatus::Pending,
                            $records::LoginStatus::Connected => LoginStatus::Connected,
                        },
                        pending: progress.pending.as_ref().map(PendingLogin::from),
                        retry_after_seconds: progress.retry_after_seconds,
                        email: progress.email.clone(),
                        account_id: progress.account_id.clone(),
                        plan: progress.plan.clone(),
                        expires_at: progress.expires_at,
                        models_count: progress.models_count,
                        default_model_id: progress.default_model_id.clone(),
                        available_models: progress.available_models.clone(),
                        usage: progress.usage.as_ref().map(UsageReport::from),
                        next_step: progress.next_step.clone(),
                    }
                }
            }

            impl From<&$records::LogoutResult> for Logout {
                fn from(result: &$records::LogoutResult) -> Self {
                    Self {
                        ok: True,
                        status: match result.status {
                            $records::LogoutStatus::Disconnected => LogoutStatus::Disconnected,
                            $records::LogoutStatus::NotConnected => LogoutStatus::NotConnected,
                        },
                        removed: result.removed,
                        revoked: result.revoked,
                        hint: result.hint.clone(),
                    }
                }
            }

            impl From<&$records::RefreshResult> for Refresh {
                fn from(result: &$records::RefreshResult) -> Self {
                    Self {
                        ok: True,
                        status: RefreshStatus::Refreshed,
                        expires_at: result.expires_at,
                        expires_in_seconds: result.expires_in_seconds,
                    }
                }
            }

            impl From<&$records::ModelList> for Models {
                fn from(list: &$records::ModelList) -> Self {
                    Self {
                        ok: True,
                        source: list.source.into(),
                        count: list.count,
                        default_model_id: list.default_model_id.clone(),
                        available_models: list.available_models.clone(),
                        models: list.models.iter().map(Model::from).collect(),
                        fetched_at: list.fetched_at,
                    }
                }
            }

            impl From<&$records::UsageReport> for Usage {
                fn from(report: &$records::UsageReport) -> Self {
                    Self {
                        ok: True,
                        usage: report.into(),
                    }
                }
            }

            impl From<&$records::PendingLogin> for PendingLogin {
                fn from(pending: &$records::PendingLogin) -> Self {
                    Self {
                        pending_id: pending.pending_id.clone(),
                        user_code: pending.user_code.clone(),
                        verification_url: pending.verification_url.clone(),
                        interval_seconds: pending.interval_seconds,
                        expires_in_seconds: pending.expires_in_seconds,
                        expires_at: pending.expires_at,
                    }
                }
            }

            impl From<&$records::UsageReport> for UsageReport {
                fn from(report: &$records::UsageReport) -> Self {
                    Self {
                        source: report.source.into(),
                        plan: report.plan.clone(),
                        windows: report.windows.iter().map(UsageWindow::from).collect(),
                        credits: report.credits.as_ref().map(UsageCredits::from),
                        limit_reached: report.limit_reached,
                        limit_reason: report.limit_reason.clone(),
                        limit_name: report.limit_name.clone(),
                        limit_resets_at: report.limit_resets_at,
                        fetched_at: report.fetched_at,
                    }
                }
            }

            impl From<&$records::UsageCredits> for UsageCredits {
                fn from(credits: &$records::UsageCredits) -> Self {
                    Self {
                        has_credits: credits.has_credits,
                        unlimited: credits.unlimited,
                        balance: credits.balance.clone(),
                    }
                }
            }

            impl From<&$records::UsageWindow> for UsageWindow {
                fn from(window: &$records::UsageWindow) -> Self {
                    Self {
                        name: window.name.clone(),
                        used_percent: window.used_percent,
                        window_seconds: window.window_seconds,
                        resets_at: window.resets_at,
                        resets_in_seconds: window.resets_in_seconds,
                    }
                }
            }

            impl From<&$records::Model> for Model {
                fn from(model: &$records::Model) -> Self {
                    Self {
                        id: model.id.clone(),
                        slug: model.slug.clone(),
                        display_name: model.display_name.clone(),
                        description: model.description.clone(),
                        priority: model.priority,
                        context_window: model.context_window,
                        default_reasoning_level: model.default_reasoning_level.clone(),
                        reasoning_levels: model.reasoning_levels.clone(),
                        input_modalities: model.input_modalities.clone(),
                    }
                }
            }

            impl From<&$error> for Failure {
                fn from(error: &$error) -> Self {
                    Self {
                        ok: False,
                        error: error.message.clone(),
                        code: error.code.into(),
                        hint: error.hint.clone(),
                        retryable: error.retryable,
                        retry_after_seconds: error.retry_after_seconds,
                        relogin_required: error.relogin_required,
                        service_code: error.service_code.clone(),
                        service_status: error.service_status,
                    }
                }
            }

            $crate::same_variants!($records::AnswerSource => Source: Api Cache);

            $crate::same_variants!($records::ConnectionState => State:
                NotConnected Pending Connected Refreshing Uncertain NeedsLogin LoggingOut Unreadable
            );

            $crate::same_variants!($records::ErrorCode => ErrorCode:
                NotConnected NoPendingLogin LoginSuperseded LoginDenied LoginExpired LoginExchangeFailed
                NeedsLogin RefreshInProgress RefreshUncertain RejectedByBackend RateLimited UpstreamBlocked
                RegionUnsupported CodexNotEnabled Network UpstreamError UnexpectedAnswer EgressDenied
                StoreUnavailable StoreBusy StoreNeedsUpgrade StoreFailedAfterRefresh KeyUnknown RecordCorrupt
                RecordNewer RollbackSuspected AccountMismatch NotRefreshable InvalidArgument Internal
            );
        };
    };
}

/// One variant of the answer for each variant of the contract.
#[doc(hidden)]
#[macro_export]
macro_rules! same_variants {
    ($from:ty => $to:ty: $($variant:ident)*) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$variant => Self::$variant,)*
                }
            }
        }
    };
}
