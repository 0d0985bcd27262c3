//! The command line. One file a command, all of one shape: `Arguments`, and
//! `run`, which asks the profile once and hands the answer to the [`Terminal`].

mod arguments;
mod authorize;
mod completions;
mod component;
mod exit;
mod inspect;
mod login;
mod logout;
mod models;
mod poll;
mod profiles;
mod refresh;
mod setup;
mod start;
mod status;
mod terminal;
mod usage;
mod words;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use chatgpt_oauth::Error;
use terminal::Terminal;

/// Reads the arguments, runs the command and returns its exit code.
pub(crate) fn run() -> ExitCode {
    let Arguments { global, command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refusal) => return exit::usage(&refusal),
    };
    setup::log(global.verbose);
    let terminal = Terminal::new(global.json);
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return exit::without_runtime(&terminal, &error),
    };
    match runtime.block_on(dispatch(command, &global, &terminal)) {
        Ok(code) => code,
        Err(error) => {
            terminal.error(&error);
            exit::code(error.code)
        }
    }
}

async fn dispatch(
    command: Command,
    global: &arguments::Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    match command {
        Command::Login(arguments) => return login::run(arguments, global, terminal).await,
        Command::Status => status::run(global, terminal).await?,
        Command::Start => start::run(global, terminal).await?,
        Command::Poll(arguments) => poll::run(arguments, global, terminal).await?,
        Command::Logout(arguments) => logout::run(arguments, global, terminal).await?,
        Command::Refresh => refresh::run(global, terminal).await?,
        Command::Models(arguments) => models::run(arguments, global, terminal).await?,
        Command::Usage(arguments) => usage::run(arguments, global, terminal).await?,
        Command::Authorize(arguments) => authorize::run(arguments, global, terminal).await?,
        Command::Component(arguments) => component::run(arguments, terminal)?,
        Command::Inspect(arguments) => return inspect::run(arguments, terminal),
        Command::Profiles(arguments) => profiles::run(arguments, global, terminal).await?,
        Command::Completions(arguments) => completions::run(arguments),
    }
    Ok(ExitCode::SUCCESS)
}
