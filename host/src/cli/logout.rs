use chatgpt_oauth::{Error, report};
use clap::Args;

use super::arguments::Global;
use super::setup::{self, Access};
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Also tell OpenAI to end the login; it may end this person's other Codex sessions too
    #[arg(long)]
    revoke: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<(), Error> {
    let profile = setup::profile(global, Access::ReadWrite).await?;
    let result = profile.logout(arguments.revoke).await?;
    terminal.answer(&report::logout(&result), || result.hint.clone());
    Ok(())
}
