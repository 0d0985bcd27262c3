use std::process::ExitCode;

use chatgpt_oauth::contract::LoginPrompt;
use chatgpt_oauth::{Error, report};

use super::arguments::Global;
use super::setup::{self, Access};
use super::terminal::Terminal;
use super::words;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = setup::profile(global, Access::ReadWrite).await?;
    let prompt = profile.start().await?;
    Ok(terminal.answer(&report::start(&prompt), || {
        format!("{}\n\nThen run: chatgpt-oauth poll", in_words(&prompt))
    }))
}

/// The prompt as a person reads it: the code last, so that a small screen has it.
pub(crate) fn in_words(prompt: &LoginPrompt) -> String {
    let pending = &prompt.pending;
    format!(
        "{}\n\n  Open   {}\n  Enter  {}   (counts for {})",
        prompt.instructions,
        pending.verification_url,
        pending.user_code,
        words::countdown(pending.expires_in_seconds),
    )
}
