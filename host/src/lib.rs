//! The program `chatgpt-oauth`: a command line over the library `chatgpt_oauth`, which is in
//! `runtime/`.
//!
//! [`variables`] reads the arguments that [`options`] and [`commands`] define. A command
//! [opens](open) the store that they name and calls the library, and [`output`] prints the
//! answer. [`hardening`] runs before everything else, and [`signals`] lets a running call end
//! first.
//!
//! Two binaries have this code. `chatgpt-oauth` executes `chatgpt-oauth-serve` for the
//! commands of [`service`]. So a command that ends by itself maps no server into its memory.

mod commands;
mod hardening;
mod open;
mod options;
mod output;
mod service;
mod signals;
mod variables;

use std::process::ExitCode;

use chatgpt_oauth::Error;
use commands::{Arguments, Command};
use options::Global;
use output::{Terminal, clap_error, exit_code};
use signals::Interruption;

pub use service::Service;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reads the arguments, runs the command and returns its exit code. `serve` runs a command
/// that serves.
pub fn run(serve: fn(Service) -> Result<ExitCode, Error>) -> ExitCode {
    hardening::keep_memory_private();
    let Arguments { global, command } = match variables::parse() {
        Ok(arguments) => arguments,
        Err(error) => return clap_error::print(&error),
    };
    let terminal = Terminal::new(global.json, global.plain);
    let ended = match command {
        Command::Service(command) => serve(Service::new(command, global)),
        Command::Once(command) => block_on(&global, &terminal, |interruption| {
            commands::run(command, &global, &terminal, interruption)
        }),
    };
    ended.unwrap_or_else(|error| failed(&error, &terminal))
}

/// Runs a command to its end, even when a signal asks the program to end.
fn block_on<F>(
    global: &Global,
    terminal: &Terminal,
    command: impl FnOnce(Interruption) -> F,
) -> Result<ExitCode, Error>
where
    F: Future<Output = Result<ExitCode, Error>>,
{
    open::log(global.verbose);
    let cannot_start = |error| Error::cannot_start(&error);
    hardening::check_open_files().map_err(cannot_start)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot_start)?;
    let code = runtime.block_on(async {
        let interruption = Interruption::listen().map_err(cannot_start)?;
        let ended = command(interruption.clone()).await;
        let code = ended.unwrap_or_else(|error| failed(&error, terminal));
        Ok(interruption.exit_code().await.unwrap_or(code))
    });
    // Without the wait for a read of standard input, which may never end.
    runtime.shutdown_background();
    code
}

fn failed(error: &Error, terminal: &Terminal) -> ExitCode {
    terminal.error(error);
    exit_code::of(error.code)
}
