//! `completions`: prints a completion script for a shell.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    let mut command = super::Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "chatgpt-oauth", &mut script);
    Ok(terminal.print(&String::from_utf8_lossy(&script)))
}
