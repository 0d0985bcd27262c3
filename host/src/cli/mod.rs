//! The command line. One file a command, all of one shape: `Arguments`, and
//! `run`, which asks the profile once and hands the answer to the [`Terminal`].

mod adopt;
mod arguments;
mod authorize;
mod completions;
mod component;
mod doctor;
mod exit;
mod inspect;
mod interruption;
mod lines;
mod login;
mod logout;
mod models;
mod poll;
mod process;
mod profiles;
mod progress;
mod refresh;
mod refusal;
mod rekey;
mod reset;
mod setup;
mod start;
mod status;
mod terminal;
mod usage;
mod variables;
mod words;

use std::process::ExitCode;

use arguments::{Arguments, Command, Global};
use chatgpt_oauth::Error;
use interruption::Interruption;
use terminal::Terminal;

/// Reads the arguments, runs the command and returns its exit code.
pub(crate) fn run() -> ExitCode {
    process::keep_memory_private();
    let Arguments { global, command } = match variables::parse() {
        Ok(arguments) => arguments,
        Err(refusal) => return refusal::tell(&refusal),
    };
    setup::log(global.verbose);
    let terminal = Terminal::new(global.json);
    let runtime = process::check_open_files().and_then(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    });
    let code = runtime.map(|runtime| runtime.block_on(to_the_end(command, &global, &terminal)));
    code.and_then(|code| code).unwrap_or_else(|error| {
        terminal.error(&Error::cannot_start(&error));
        ExitCode::FAILURE
    })
}

/// Runs the command to its end, whoever interrupts it.
async fn to_the_end(
    command: Command,
    global: &Global,
    terminal: &Terminal,
) -> std::io::Result<ExitCode> {
    let interruption = Interruption::listen()?;
    let ended = dispatch(command, global, terminal, interruption.clone()).await;
    let code = ended.unwrap_or_else(|error| {
        terminal.error(&error);
        exit::code(error.code)
    });
    Ok(interruption.exit_code().unwrap_or(code))
}

async fn dispatch(
    command: Command,
    global: &Global,
    terminal: &Terminal,
    interruption: Interruption,
) -> Result<ExitCode, Error> {
    match command {
        Command::Login(arguments) => login::run(arguments, global, terminal, interruption).await,
        Command::Status => status::run(global, terminal).await,
        Command::Start => start::run(global, terminal).await,
        Command::Poll(arguments) => poll::run(arguments, global, terminal).await,
        Command::Logout(arguments) => logout::run(arguments, global, terminal).await,
        Command::Refresh => refresh::run(global, terminal).await,
        Command::Models(arguments) => models::run(arguments, global, terminal).await,
        Command::Usage(arguments) => usage::run(arguments, global, terminal).await,
        Command::Authorize(arguments) => authorize::run(arguments, global, terminal).await,
        Command::Component(arguments) => component::run(arguments, terminal),
        Command::Inspect(arguments) => inspect::run(arguments, global, terminal),
        Command::Profiles(arguments) => profiles::run(arguments, global, terminal).await,
        Command::Doctor => doctor::run(global, terminal).await,
        Command::Rekey(arguments) => rekey::run(arguments, global, terminal).await,
        Command::Reset(arguments) => reset::run(arguments, global, terminal).await,
        Command::Adopt => adopt::run(global, terminal).await,
        Command::Completions(arguments) => completions::run(arguments, terminal),
    }
}
