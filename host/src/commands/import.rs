//! `import`: moves in from another program that has a login of the same person.

mod codex;
mod codex_login;

use std::process::ExitCode;

use chatgpt_oauth::Error;
use clap::{Args, Subcommand};

use crate::options::Global;
use crate::output::Terminal;
use crate::signals::Interruption;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand)]
enum From {
    /// Sign in with the account of the Codex CLI, by a login of this profile's own
    Codex(codex::Arguments),
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
    interruption: Interruption,
) -> Result<ExitCode, Error> {
    match arguments.from {
        From::Codex(arguments) => codex::run(arguments, global, terminal, interruption).await,
    }
}
