//! Conversions of the results of calls, from [`types`] into the answers of
//! the JSON contract, [`chatgpt_oauth_answers`], which this module exports again.

pub use chatgpt_oauth_answers::*;

use chatgpt_oauth_answers::connection::{
    Authorize, LoginStatus, Logout, LogoutStatus, Model, Models, PendingLogin, Poll, Refresh,
    RefreshStatus, Source, Start, State, Status, Usage, UsageCredits, UsageReport, UsageWindow,
};
use chatgpt_oauth_answers::operations::{Finding, LeftSealed, Rekey, Version};

use crate::{artifact, types};

impl From<&types::ConnectionStatus> for Status {
    fn from(status: &types::ConnectionStatus) -> Self {
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

impl From<&types::LoginPrompt> for Start {
    fn from(prompt: &types::LoginPrompt) -> Self {
        Self {
            ok: True,
            status: LoginStatus::Pending,
            pending: PendingLogin::from(&prompt.pending),
            instructions: prompt.instructions.clone(),
            replaced_user_code: prompt.replaced_user_code.clone(),
        }
    }
}

impl From<&types::LoginProgress> for Poll {
    fn from(progress: &types::LoginProgress) -> Self {
        Self {
            ok: True,
            status: match progress.status {
                types::LoginStatus::Pending => LoginStatus::Pending,
                types::LoginStatus::Connected => LoginStatus::Connected,
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

impl From<&types::LogoutResult> for Logout {
    fn from(result: &types::LogoutResult) -> Self {
        Self {
            ok: True,
            status: match result.status {
                types::LogoutStatus::Disconnected => LogoutStatus::Disconnected,
                types::LogoutStatus::NotConnected => LogoutStatus::NotConnected,
            },
            removed: result.removed,
            revoked: result.revoked,
            hint: result.hint.clone(),
        }
    }
}

impl From<&types::RefreshResult> for Refresh {
    fn from(result: &types::RefreshResult) -> Self {
        Self {
            ok: True,
            status: RefreshStatus::Refreshed,
            expires_at: result.expires_at,
            expires_in_seconds: result.expires_in_seconds,
        }
    }
}

impl From<&types::ModelList> for Models {
    fn from(list: &types::ModelList) -> Self {
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

impl From<&types::UsageReport> for Usage {
    fn from(report: &types::UsageReport) -> Self {
        Self {
            ok: True,
            usage: report.into(),
        }
    }
}

/// Without the headers: they hold the bearer token.
impl From<&types::Authorization> for Authorize {
    fn from(authorization: &types::Authorization) -> Self {
        Self {
            ok: True,
            base_url: authorization.base_url().to_owned(),
            expires_at: authorization.expires_at(),
            fingerprint: authorization.fingerprint().to_owned(),
            headers: None,
        }
    }
}

impl types::Authorization {
    /// The answer of `authorize` with the headers, the bearer token among them.
    #[must_use]
    pub fn reveal(&self) -> Authorize {
        let headers = self
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Authorize {
            headers: Some(headers.collect()),
            ..self.into()
        }
    }
}

impl From<&crate::Error> for Failure {
    fn from(error: &crate::Error) -> Self {
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

impl From<&crate::Resealed> for Rekey {
    fn from(outcome: &crate::Resealed) -> Self {
        Self {
            ok: True,
            key_id: outcome.key.clone(),
            resealed: outcome.resealed,
            left: outcome.left.iter().map(LeftSealed::from).collect(),
        }
    }
}

impl From<&crate::LeftSealed> for LeftSealed {
    fn from(left: &crate::LeftSealed) -> Self {
        Self {
            profile: left.profile.as_str().to_owned(),
            key: left.key.clone(),
            code: left.error.code.into(),
            message: left.error.message.clone(),
            hint: left.error.hint.clone(),
        }
    }
}

impl From<&crate::Finding> for Finding {
    fn from(finding: &crate::Finding) -> Self {
        let (message, error) = match &finding.outcome {
            Ok(seen) => (seen, None),
            Err(error) => (&error.message, Some(error)),
        };
        Self {
            subject: finding.subject.clone(),
            ok: error.is_none(),
            message: message.clone(),
            code: error.map(|error| error.code.into()),
            hint: error.map(|error| error.hint.clone()),
        }
    }
}

/// This software's version, and the digests of the components in it.
#[must_use]
pub fn version() -> Version {
    let worlds = artifact::WORLDS
        .iter()
        .map(|world| (world.name.to_owned(), world.digest.to_owned()));
    Version {
        ok: True,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        component_sha256: artifact::PLATFORM.digest.to_owned(),
        worlds: worlds.collect(),
    }
}

impl From<&types::PendingLogin> for PendingLogin {
    fn from(pending: &types::PendingLogin) -> Self {
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

impl From<&types::UsageReport> for UsageReport {
    fn from(report: &types::UsageReport) -> Self {
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

impl From<&types::UsageCredits> for UsageCredits {
    fn from(credits: &types::UsageCredits) -> Self {
        Self {
            has_credits: credits.has_credits,
            unlimited: credits.unlimited,
            balance: credits.balance.clone(),
        }
    }
}

impl From<&types::UsageWindow> for UsageWindow {
    fn from(window: &types::UsageWindow) -> Self {
        Self {
            name: window.name.clone(),
            used_percent: window.used_percent,
            window_seconds: window.window_seconds,
            resets_at: window.resets_at,
            resets_in_seconds: window.resets_in_seconds,
        }
    }
}

impl From<&types::Model> for Model {
    fn from(model: &types::Model) -> Self {
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

/// One variant of the answers for each variant of the contract.
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

same_variants!(types::AnswerSource => Source: Api Cache);

same_variants!(types::ConnectionState => State:
    NotConnected Pending Connected Refreshing Uncertain NeedsLogin LoggingOut Unreadable
);

same_variants!(types::ErrorCode => ErrorCode:
    NotConnected NoPendingLogin LoginSuperseded LoginDenied LoginExpired LoginExchangeFailed
    NeedsLogin RefreshInProgress RefreshUncertain RejectedByBackend RateLimited UpstreamBlocked
    RegionUnsupported CodexNotEnabled Network UpstreamError UnexpectedAnswer EgressDenied
    StoreUnavailable StoreBusy StoreNeedsUpgrade StoreFailedAfterRefresh KeyUnknown RecordCorrupt
    RecordNewer RollbackSuspected AccountMismatch NotRefreshable InvalidArgument Internal
);
