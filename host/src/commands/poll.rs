//! `poll`: checks once for the approval and finishes the login.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Poll;
use chatgpt_oauth::types::{LoginProgress, PendingLogin};
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::Text;
use crate::output::format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The pending_id that `start` returned, or the user code [default: the login that waits]
    #[arg(value_name = "ID")]
    pending_id: Option<String>,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let progress = profile.poll(arguments.pending_id.as_deref()).await?;
    Ok(terminal.answer(&Poll::from(&progress), || to_text(&progress)))
}

/// The progress as text.
pub(crate) fn to_text(progress: &LoginProgress) -> String {
    let mut lines = Text::default();
    match &progress.pending {
        Some(pending) => lines.field("waiting", Some(waiting(pending))),
        None => connected(progress, &mut lines),
    }
    lines.line(Some(&progress.next_step));
    lines.join()
}

fn waiting(pending: &PendingLogin) -> String {
    format!(
        "code {}, expires in {}",
        pending.user_code,
        format::countdown(pending.expires_in_seconds)
    )
}

fn connected(progress: &LoginProgress, lines: &mut Text) {
    let known = |value: &Option<String>| Some(value.clone().unwrap_or_else(|| "unknown".into()));
    lines.field("connected", known(&progress.email));
    lines.field("plan", known(&progress.plan));
    lines.field("models", progress.models_count);
    lines.field("default model", progress.default_model_id.as_ref());
    lines.line(progress.usage.as_ref().map(format::usage));
}
