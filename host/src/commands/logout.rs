//! `logout`: signs out here, and with `--revoke` also at OpenAI.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Logout;
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Also ask OpenAI to end the login; that may end this person's other Codex sessions too
    #[arg(long)]
    revoke: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let result = profile.logout(arguments.revoke).await?;
    Ok(terminal.answer(&Logout::from(&result), || result.hint.clone()))
}
