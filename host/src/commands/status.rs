//! `status`: shows the state of the connection.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Status;
use chatgpt_oauth::types::{ConnectionState, ConnectionStatus, PendingLogin};

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::Text;
use crate::output::format;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadOnly).await?;
    let status = profile.status().await?;
    Ok(terminal.answer(&Status::from(&status), || to_text(&status)))
}

fn to_text(status: &ConnectionStatus) -> String {
    let account = status.email.as_ref().or(status.account_id.as_ref());
    let mut lines = Text::default();
    lines.field("state", Some(state(status.state)));
    lines.field("account", account);
    lines.field("plan", status.plan.as_ref());
    lines.field(
        "token expires in",
        status.expires_in_seconds.map(format::span),
    );
    lines.field("models", status.models_count);
    lines.field("default model", status.default_model_id.as_ref());
    lines.line(status.usage.as_ref().map(format::usage));
    lines.line(status.pending.as_ref().map(waiting));
    lines.line(status.hint.as_ref());
    lines.join()
}

fn waiting(pending: &PendingLogin) -> String {
    format!(
        "waiting for approval: code {} at {}, expires in {}",
        pending.user_code,
        pending.verification_url,
        format::countdown(pending.expires_in_seconds)
    )
}

fn state(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::NotConnected => "not connected",
        ConnectionState::Pending => "pending",
        ConnectionState::Connected => "connected",
        ConnectionState::Refreshing => "refreshing",
        ConnectionState::Uncertain => "uncertain",
        ConnectionState::NeedsLogin => "needs login",
        ConnectionState::LoggingOut => "logging out",
        ConnectionState::Unreadable => "unreadable",
    }
}
