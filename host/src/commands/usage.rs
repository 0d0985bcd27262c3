//! `usage`: shows how much of the subscription is used.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Usage;
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Ask OpenAI instead of the cache, at most every 10 seconds
    #[arg(long)]
    force: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let usage = profile.usage(arguments.force).await?;
    Ok(terminal.answer(&Usage::from(&usage), || {
        let plan = usage.plan.as_deref().unwrap_or("unknown");
        format!("plan: {plan}\n{}", format::usage(&usage))
    }))
}
