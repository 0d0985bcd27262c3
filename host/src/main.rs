//! The program `chatgpt-oauth`: a command line over the library `chatgpt_oauth`, which is in
//! `runtime/`.
//!
//! [`variables`] reads the arguments that [`options`] and [`commands`] define. A command
//! [opens](open) the store that they name and calls the library, and [`output`] prints the
//! answer. [`hardening`] runs before everything else, and [`signals`] lets a running call end
//! first.

mod commands;
mod hardening;
mod open;
mod options;
mod output;
mod signals;
mod variables;

use std::io;
use std::process::ExitCode;

use chatgpt_oauth::Error;
use commands::{Arguments, Command, Once};
use options::Global;
use output::{Terminal, clap_error, exit_code};
use signals::Interruption;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reads the arguments, runs the command and returns its exit code.
fn main() -> ExitCode {
    hardening::keep_memory_private();
    let Arguments { global, command } = match variables::parse() {
        Ok(arguments) => arguments,
        Err(error) => return clap_error::print(&error),
    };
    let terminal = Terminal::new(global.json, global.plain);
    let command = match command {
        Command::Serve(arguments) => return serve(arguments, &global, &terminal),
        Command::Once(command) => command,
    };
    open::log(global.verbose);
    let runtime = hardening::check_open_files().and_then(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    });
    let code = runtime.map(|runtime| {
        let code = runtime.block_on(run(command, &global, &terminal));
        // Without the wait for a read of standard input, which may never end.
        runtime.shutdown_background();
        code
    });
    code.and_then(|code| code).unwrap_or_else(|error| {
        terminal.error(&Error::cannot_start(&error));
        ExitCode::FAILURE
    })
}

/// Serves until a signal ends it: with a runtime, a log and signals of the server's own.
fn serve(arguments: commands::serve::Arguments, global: &Global, terminal: &Terminal) -> ExitCode {
    let _log = chatgpt_oauth_server::log(global.verbose);
    match commands::serve::run(arguments, global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal.error(&error);
            exit_code::of(error.code)
        }
    }
}

/// Runs the command to its end, even when a signal asks the program to end.
async fn run(command: Once, global: &Global, terminal: &Terminal) -> io::Result<ExitCode> {
    let interruption = Interruption::listen()?;
    let ended = commands::run(command, global, terminal, interruption.clone()).await;
    let code = ended.unwrap_or_else(|error| {
        terminal.error(&error);
        exit_code::of(error.code)
    });
    Ok(interruption.exit_code().unwrap_or(code))
}
