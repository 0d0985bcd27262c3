use std::process::ExitCode;

use chatgpt_oauth::contract::{LoginProgress, PendingLogin};
use chatgpt_oauth::{Error, report};
use clap::Args;

use super::arguments::Global;
use super::lines::Lines;
use super::setup::{self, Access};
use super::terminal::Terminal;
use super::words;

#[derive(Args)]
pub(crate) struct Arguments {
    /// What `start` returned as pending_id, or the user code [default: the login that waits]
    #[arg(value_name = "ID")]
    pending_id: Option<String>,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = setup::profile(global, Access::ReadWrite).await?;
    let progress = profile.poll(arguments.pending_id.as_deref()).await?;
    Ok(terminal.answer(&report::poll(&progress), || in_words(&progress)))
}

/// The progress as a person reads it.
pub(crate) fn in_words(progress: &LoginProgress) -> String {
    let mut lines = Lines::default();
    match &progress.pending {
        Some(pending) => lines.tell("waiting", Some(waiting(pending))),
        None => connected(progress, &mut lines),
    }
    lines.say(Some(&progress.next_step));
    lines.text()
}

fn waiting(pending: &PendingLogin) -> String {
    format!(
        "code {}, counts for {}",
        pending.user_code,
        words::countdown(pending.expires_in_seconds)
    )
}

fn connected(progress: &LoginProgress, lines: &mut Lines) {
    let known = |value: &Option<String>| Some(value.clone().unwrap_or_else(|| "unknown".into()));
    lines.tell("connected", known(&progress.email));
    lines.tell("plan", known(&progress.plan));
    lines.tell("models", progress.models_count);
    lines.tell("default model", progress.default_model_id.as_ref());
    lines.say(progress.usage.as_ref().map(words::usage));
}
