//! The commands that answer others until they are told to end, and where they run.

use std::os::unix::process::CommandExt;
use std::process::{self, ExitCode};
use std::{env, fs};

use chatgpt_oauth::{Error, ErrorCode};

use crate::commands::{Serving, VERSION, mcp, serve};
use crate::options::Global;
use crate::output::Terminal;

/// The program that has the servers.
const PROGRAM: &str = "chatgpt-oauth-serve";
/// Tells that program the version of the one that executes it.
const EXECUTED_BY: &str = "CHATGPT_OAUTH_EXECUTED_BY";

/// A command that serves, with its options.
pub struct Service {
    command: Serving,
    global: Global,
}

impl Service {
    pub(crate) const fn new(command: Serving, global: Global) -> Self {
        Self { command, global }
    }

    /// Serves, until a signal or the caller ends it.
    ///
    /// # Errors
    ///
    /// Those of the command, and if a program of another version has executed this one.
    pub fn run(self) -> Result<ExitCode, Error> {
        if env::var_os(EXECUTED_BY).is_some_and(|version| version != VERSION.as_str()) {
            return Err(not_installed(format!("{PROGRAM} has another version")));
        }
        let Self { command, global } = self;
        match command {
            Serving::Http(arguments) => {
                let _log = chatgpt_oauth_server::log(global.verbose);
                serve::run(*arguments, &global)
            }
            Serving::Mcp => {
                let terminal = Terminal::new(global.json, global.plain);
                crate::block_on(&global, &terminal, |interruption| {
                    mcp::run(&global, interruption)
                })
            }
        }
    }

    /// Replaces this process by the program that has the servers, with the same arguments. It
    /// is in the directory of this program.
    ///
    /// # Errors
    ///
    /// If that program cannot be executed, or is this one under another name.
    pub fn execute(self) -> Result<ExitCode, Error> {
        if env::var_os(EXECUTED_BY).is_some() {
            return Err(not_installed(format!("{PROGRAM} is another program")));
        }
        let this = env::current_exe().and_then(fs::canonicalize);
        let this = this.map_err(|error| Error::cannot_start(&error))?;
        let program = this.with_file_name(PROGRAM);
        let failure = process::Command::new(&program)
            .args(env::args_os().skip(1))
            .env(EXECUTED_BY, VERSION.as_str())
            .exec();
        let program = program.display();
        Err(not_installed(format!(
            "cannot execute {program}: {failure}"
        )))
    }
}

fn not_installed(message: String) -> Error {
    Error::permanent(
        ErrorCode::Internal,
        message,
        "install both programs of one build, chatgpt-oauth and chatgpt-oauth-serve, in one directory",
    )
}
