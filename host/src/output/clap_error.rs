//! Prints what clap returns instead of arguments: a usage error, the help or the version.

use std::error::Error as _;
use std::ffi::OsStr;
use std::process::ExitCode;

use chatgpt_oauth::{AddressRangeError, answers};
use clap::error::ErrorKind;

use crate::open::{CORRECT_THE_VARIABLE, invalid};
use crate::output::Terminal;
use crate::variables;

/// The exit code of a usage error.
const USAGE: u8 = 2;

/// Prints the error; as JSON with `--json`. Help is always text.
pub(crate) fn print(refusal: &clap::Error) -> ExitCode {
    let terminal = Terminal::new(asks_for("--json"), asks_for("--plain"));
    match refusal.kind() {
        ErrorKind::DisplayHelp => to_text(refusal, ExitCode::SUCCESS),
        ErrorKind::DisplayVersion if terminal.is_json() => {
            terminal.answer(&answers::version(), String::new)
        }
        ErrorKind::DisplayVersion => to_text(refusal, ExitCode::SUCCESS),
        _ if terminal.is_json() => {
            let mut error = invalid(message(refusal));
            error.hint = hint(refusal).unwrap_or(error.hint);
            terminal.error(&error);
            ExitCode::from(USAGE)
        }
        _ => {
            let code = to_text(refusal, ExitCode::from(USAGE));
            hint(refusal).inspect(|hint| terminal.notice(hint));
            code
        }
    }
}

/// Whether the arguments contain this option. They are not parsed when this runs.
fn asks_for(option: &str) -> bool {
    std::env::args_os()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == OsStr::new(option))
}

fn to_text(refusal: &clap::Error, code: ExitCode) -> ExitCode {
    // If the terminal is closed, there is no other place for the error.
    let _ = refusal.print();
    code
}

/// The hint of the error, if it has a better one than that of [`invalid`].
fn hint(refusal: &clap::Error) -> Option<String> {
    if variables::are_the_cause(refusal) {
        return Some(CORRECT_THE_VARIABLE.to_owned());
    }
    let cause = refusal.source()?.downcast_ref::<AddressRangeError>()?;
    Some(cause.hint())
}

/// The message of the error on one line: its first paragraph, without usage and tips.
fn message(refusal: &clap::Error) -> String {
    if refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing".to_owned();
    }
    let text = refusal.render().to_string();
    let lines = text.lines().take_while(|line| !line.trim().is_empty());
    let line = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    line.trim_start_matches("error: ").to_owned()
}
