use std::process::ExitCode;

use chatgpt_oauth::contract::{ConnectionStatus, PendingLogin};
use chatgpt_oauth::{Error, report};

use super::arguments::Global;
use super::lines::Lines;
use super::setup::{self, Access};
use super::terminal::Terminal;
use super::words;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = setup::profile(global, Access::ReadOnly).await?;
    let status = profile.status().await?;
    Ok(terminal.answer(&report::status(&status), || in_words(&status)))
}

fn in_words(status: &ConnectionStatus) -> String {
    let account = status.email.as_ref().or(status.account_id.as_ref());
    let mut lines = Lines::default();
    let state = report::state_name(status.state).replace('_', " ");
    lines.tell("state", Some(state));
    lines.tell("account", account);
    lines.tell("plan", status.plan.as_ref());
    lines.tell("token ends in", status.expires_in_seconds.map(words::span));
    lines.tell("models", status.models_count);
    lines.tell("default model", status.default_model_id.as_ref());
    lines.say(status.usage.as_ref().map(words::usage));
    lines.say(status.pending.as_ref().map(waiting));
    lines.say(status.hint.as_ref());
    lines.text()
}

fn waiting(pending: &PendingLogin) -> String {
    format!(
        "waiting for approval: code {} at {}, counts for {}",
        pending.user_code,
        pending.verification_url,
        words::countdown(pending.expires_in_seconds)
    )
}
