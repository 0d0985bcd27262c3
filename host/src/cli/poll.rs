use chatgpt_oauth::contract::{LoginProgress, LoginStatus};
use chatgpt_oauth::{Error, report};
use clap::Args;

use super::arguments::Global;
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
) -> Result<(), Error> {
    let profile = setup::profile(global, Access::ReadWrite).await?;
    let progress = profile.poll(arguments.pending_id.as_deref()).await?;
    terminal.answer(&report::poll(&progress), || in_words(&progress));
    Ok(())
}

/// The progress as a person reads it.
pub(crate) fn in_words(progress: &LoginProgress) -> String {
    if progress.status == LoginStatus::Pending {
        return match &progress.pending {
            Some(pending) => format!(
                "{} Code {}, counts for {}.",
                progress.next_step,
                pending.user_code,
                words::countdown(pending.expires_in_seconds)
            ),
            None => progress.next_step.clone(),
        };
    }
    let unknown = || "unknown".to_owned();
    let mut lines = vec![
        format!(
            "connected: {}",
            progress.email.clone().unwrap_or_else(unknown)
        ),
        format!("plan: {}", progress.plan.clone().unwrap_or_else(unknown)),
    ];
    lines.extend(
        progress
            .models_count
            .map(|count| format!("models: {count}")),
    );
    lines.extend(
        progress
            .default_model_id
            .as_ref()
            .map(|id| format!("default model: {id}")),
    );
    lines.extend(progress.usage.as_ref().map(words::usage));
    lines.push(progress.next_step.clone());
    lines.join("\n")
}
