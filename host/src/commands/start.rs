//! `start`: begins a login, or shows the one that waits.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Start;
use chatgpt_oauth::types::LoginPrompt;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::format;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let prompt = profile.start().await?;
    Ok(terminal.answer(&Start::from(&prompt), || {
        let then = "Then run the same command with `poll` in place of `start`.";
        format!("{}\n\n{then}", to_text(&prompt))
    }))
}

/// The prompt as text, with the code last, so that a small screen shows the code.
pub(crate) fn to_text(prompt: &LoginPrompt) -> String {
    let pending = &prompt.pending;
    format!(
        "{}\n\n  Open   {}\n  Enter  {}   (expires in {})",
        prompt.instructions,
        pending.verification_url,
        pending.user_code,
        format::countdown(pending.expires_in_seconds),
    )
}
