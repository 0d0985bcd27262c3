//! Answers as JSON: what the CLI prints and a server sends.
//!
//! Every answer is one object that begins with `ok`. A field that an answer has
//! is always there, null when unknown. Names of fields and states are in
//! `snake_case`, error codes as in the contract. All times are Unix seconds.

use serde_json::{Map, Value, json};

use crate::types::{
    AnswerSource, Authorization, ConnectionState, ConnectionStatus, ErrorCode, LoginProgress,
    LoginPrompt, LoginStatus, LogoutResult, LogoutStatus, Model, ModelList, PendingLogin,
    RefreshResult, UsageReport, UsageWindow,
};
use crate::{Error, Finding, Resealed, artifact};

/// What `status` answers.
#[must_use]
pub fn status(status: &ConnectionStatus) -> Value {
    json!({
        "ok": true,
        "state": state_name(status.state),
        "connected": status.connected,
        "method": status.method,
        "email": status.email,
        "account_id": status.account_id,
        "plan": status.plan,
        "expires_at": status.expires_at,
        "expires_in_seconds": status.expires_in_seconds,
        "updated_at": status.updated_at,
        "models_count": status.models_count,
        "models_fetched_at": status.models_fetched_at,
        "default_model_id": status.default_model_id,
        "available_models": status.available_models,
        "usage": status.usage.as_ref().map(usage_fields),
        "usage_fetched_at": status.usage_fetched_at,
        "pending": status.pending.as_ref().map(pending_fields),
        "hint": status.hint,
    })
}

/// What `start` answers.
#[must_use]
pub fn start(prompt: &LoginPrompt) -> Value {
    let mut answer = json!({"ok": true, "status": "pending"});
    extend(&mut answer, pending_fields(&prompt.pending));
    extend(
        &mut answer,
        json!({
            "instructions": prompt.instructions,
            "replaced_user_code": prompt.replaced_user_code,
        }),
    );
    answer
}

/// What `poll` answers.
#[must_use]
pub fn poll(progress: &LoginProgress) -> Value {
    json!({
        "ok": true,
        "status": match progress.status {
            LoginStatus::Pending => "pending",
            LoginStatus::Connected => "connected",
        },
        "pending": progress.pending.as_ref().map(pending_fields),
        "retry_after_seconds": progress.retry_after_seconds,
        "email": progress.email,
        "account_id": progress.account_id,
        "plan": progress.plan,
        "expires_at": progress.expires_at,
        "models_count": progress.models_count,
        "default_model_id": progress.default_model_id,
        "available_models": progress.available_models,
        "usage": progress.usage.as_ref().map(usage_fields),
        "next_step": progress.next_step,
    })
}

/// What `logout` answers.
#[must_use]
pub fn logout(result: &LogoutResult) -> Value {
    json!({
        "ok": true,
        "status": match result.status {
            LogoutStatus::Disconnected => "disconnected",
            LogoutStatus::NotConnected => "not_connected",
        },
        "removed": result.removed,
        "revoked": result.revoked,
        "hint": result.hint,
    })
}

/// What `refresh` answers.
#[must_use]
pub fn refresh(result: &RefreshResult) -> Value {
    json!({
        "ok": true,
        "status": "refreshed",
        "expires_at": result.expires_at,
        "expires_in_seconds": result.expires_in_seconds,
    })
}

/// What `models` answers.
#[must_use]
pub fn models(list: &ModelList) -> Value {
    json!({
        "ok": true,
        "source": source_name(list.source),
        "count": list.count,
        "default_model_id": list.default_model_id,
        "available_models": list.available_models,
        "models": list.models.iter().map(model).collect::<Vec<_>>(),
        "fetched_at": list.fetched_at,
    })
}

/// What `usage` answers.
#[must_use]
pub fn usage(report: &UsageReport) -> Value {
    let mut answer = json!({"ok": true});
    extend(&mut answer, usage_fields(report));
    answer
}

/// What `authorize` answers. The headers are left out, as null, unless the
/// caller asked to `reveal` them: they hold the bearer token.
#[must_use]
pub fn authorize(authorization: &Authorization, reveal: bool) -> Value {
    let headers = || -> Map<String, Value> {
        let headers = authorization.headers();
        headers
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect()
    };
    json!({
        "ok": true,
        "base_url": authorization.base_url(),
        "expires_at": authorization.expires_at(),
        "fingerprint": authorization.fingerprint(),
        "headers": reveal.then(headers),
    })
}

/// What any failed call answers.
#[must_use]
pub fn error(error: &Error) -> Value {
    json!({
        "ok": false,
        "error": error.message,
        "code": code_name(error.code),
        "hint": error.hint,
        "retryable": error.retryable,
        "retry_after_seconds": error.retry_after_seconds,
        "relogin_required": error.relogin_required,
        "service_code": error.service_code,
        "service_status": error.service_status,
    })
}

/// The answer of `rekey`.
#[must_use]
pub fn rekey(outcome: &Resealed) -> Value {
    let left = outcome.left.iter().map(|left| {
        json!({
            "profile": left.profile.as_str(),
            "key": left.key,
            "code": code_name(left.error.code),
            "message": left.error.message,
            "hint": left.error.hint,
        })
    });
    json!({
        "ok": true,
        "key_id": outcome.key,
        "resealed": outcome.resealed,
        "left": left.collect::<Vec<_>>(),
    })
}

/// One thing that `doctor` looked at.
#[must_use]
pub fn finding(finding: &Finding) -> Value {
    let (message, error) = match &finding.outcome {
        Ok(seen) => (seen, None),
        Err(error) => (&error.message, Some(error)),
    };
    json!({
        "subject": finding.subject,
        "ok": error.is_none(),
        "message": message,
        "code": error.map(|error| code_name(error.code)),
        "hint": error.map(|error| &error.hint),
    })
}

/// This software's version and the digests of the components in it.
#[must_use]
pub fn version() -> Value {
    let worlds = artifact::WORLDS
        .iter()
        .map(|world| (world.name.to_owned(), Value::from(world.digest)));
    json!({
        "ok": true,
        "version": env!("CARGO_PKG_VERSION"),
        "component_sha256": artifact::PLATFORM.digest,
        "worlds": worlds.collect::<Map<_, _>>(),
    })
}

fn pending_fields(pending: &PendingLogin) -> Value {
    json!({
        "pending_id": pending.pending_id,
        "user_code": pending.user_code,
        "verification_url": pending.verification_url,
        "interval_seconds": pending.interval_seconds,
        "expires_in_seconds": pending.expires_in_seconds,
        "expires_at": pending.expires_at,
    })
}

fn usage_fields(report: &UsageReport) -> Value {
    json!({
        "source": source_name(report.source),
        "plan": report.plan,
        "windows": report.windows.iter().map(window).collect::<Vec<_>>(),
        "credits": report.credits.as_ref().map(|credits| json!({
            "has_credits": credits.has_credits,
            "unlimited": credits.unlimited,
            "balance": credits.balance,
        })),
        "limit_reached": report.limit_reached,
        "limit_reason": report.limit_reason,
        "limit_name": report.limit_name,
        "limit_resets_at": report.limit_resets_at,
        "fetched_at": report.fetched_at,
    })
}

fn window(window: &UsageWindow) -> Value {
    json!({
        "name": window.name,
        "used_percent": window.used_percent,
        "window_seconds": window.window_seconds,
        "resets_at": window.resets_at,
        "resets_in_seconds": window.resets_in_seconds,
    })
}

fn model(model: &Model) -> Value {
    json!({
        "id": model.id,
        "slug": model.slug,
        "display_name": model.display_name,
        "description": model.description,
        "priority": model.priority,
        "context_window": model.context_window,
        "default_reasoning_level": model.default_reasoning_level,
        "reasoning_levels": model.reasoning_levels,
        "input_modalities": model.input_modalities,
    })
}

fn extend(answer: &mut Value, fields: Value) {
    if let (Value::Object(answer), Value::Object(fields)) = (answer, fields) {
        answer.extend(fields);
    }
}

fn source_name(source: AnswerSource) -> &'static str {
    match source {
        AnswerSource::Api => "api",
        AnswerSource::Cache => "cache",
    }
}

/// The name of a state.
#[must_use]
pub fn state_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::NotConnected => "not_connected",
        ConnectionState::Pending => "pending",
        ConnectionState::Connected => "connected",
        ConnectionState::Refreshing => "refreshing",
        ConnectionState::Uncertain => "uncertain",
        ConnectionState::NeedsLogin => "needs_login",
        ConnectionState::LoggingOut => "logging_out",
        ConnectionState::Unreadable => "unreadable",
    }
}

/// The name of an error code.
#[must_use]
pub fn code_name(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotConnected => "not-connected",
        ErrorCode::NoPendingLogin => "no-pending-login",
        ErrorCode::LoginSuperseded => "login-superseded",
        ErrorCode::LoginDenied => "login-denied",
        ErrorCode::LoginExpired => "login-expired",
        ErrorCode::LoginExchangeFailed => "login-exchange-failed",
        ErrorCode::NeedsLogin => "needs-login",
        ErrorCode::RefreshInProgress => "refresh-in-progress",
        ErrorCode::RefreshUncertain => "refresh-uncertain",
        ErrorCode::RejectedByBackend => "rejected-by-backend",
        ErrorCode::RateLimited => "rate-limited",
        ErrorCode::UpstreamBlocked => "upstream-blocked",
        ErrorCode::RegionUnsupported => "region-unsupported",
        ErrorCode::CodexNotEnabled => "codex-not-enabled",
        ErrorCode::Network => "network",
        ErrorCode::UpstreamError => "upstream-error",
        ErrorCode::UnexpectedAnswer => "unexpected-answer",
        ErrorCode::EgressDenied => "egress-denied",
        ErrorCode::StoreUnavailable => "store-unavailable",
        ErrorCode::StoreBusy => "store-busy",
        ErrorCode::StoreNeedsUpgrade => "store-needs-upgrade",
        ErrorCode::StoreFailedAfterRefresh => "store-failed-after-refresh",
        ErrorCode::KeyUnknown => "key-unknown",
        ErrorCode::RecordCorrupt => "record-corrupt",
        ErrorCode::RecordNewer => "record-newer",
        ErrorCode::RollbackSuspected => "rollback-suspected",
        ErrorCode::AccountMismatch => "account-mismatch",
        ErrorCode::NotRefreshable => "not-refreshable",
        ErrorCode::InvalidArgument => "invalid-argument",
        ErrorCode::Internal => "internal",
    }
}
