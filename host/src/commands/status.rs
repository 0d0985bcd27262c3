use std::process::ExitCode;

use chatgpt_oauth::types::{ConnectionStatus, PendingLogin};
use chatgpt_oauth::{Error, report};

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::Text;
use crate::output::format;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadOnly).await?;
    let status = profile.status().await?;
    Ok(terminal.answer(&report::status(&status), || to_text(&status)))
}

fn to_text(status: &ConnectionStatus) -> String {
    let account = status.email.as_ref().or(status.account_id.as_ref());
    let mut lines = Text::default();
    let state = report::state_name(status.state).replace('_', " ");
    lines.field("state", Some(state));
    lines.field("account", account);
    lines.field("plan", status.plan.as_ref());
    lines.field("token ends in", status.expires_in_seconds.map(format::span));
    lines.field("models", status.models_count);
    lines.field("default model", status.default_model_id.as_ref());
    lines.line(status.usage.as_ref().map(format::usage));
    lines.line(status.pending.as_ref().map(waiting));
    lines.line(status.hint.as_ref());
    lines.join()
}

fn waiting(pending: &PendingLogin) -> String {
    format!(
        "waiting for approval: code {} at {}, counts for {}",
        pending.user_code,
        pending.verification_url,
        format::countdown(pending.expires_in_seconds)
    )
}
