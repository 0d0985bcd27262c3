//! What to say when the arguments cannot be understood, or only help or the
//! version is asked for.

use std::error::Error as _;
use std::ffi::OsStr;
use std::process::ExitCode;

use chatgpt_oauth::{AddressRangeError, answers};
use clap::error::ErrorKind;

use crate::open::invalid;
use crate::output::Terminal;

/// The exit code of what cannot be understood.
const USAGE: u8 = 2;

/// Prints the error; as JSON with `--json`. Help is always text.
pub(crate) fn print(refusal: &clap::Error) -> ExitCode {
    let terminal = Terminal::new(asks_for_json());
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

/// Nothing is parsed yet, so this looks for the option as such.
fn asks_for_json() -> bool {
    std::env::args_os()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == OsStr::new("--json"))
}

fn to_text(refusal: &clap::Error, code: ExitCode) -> ExitCode {
    // Nothing can be done about a closed terminal.
    let _ = refusal.print();
    code
}

/// What to give instead, where the value that was given says that.
fn hint(refusal: &clap::Error) -> Option<String> {
    let cause = refusal.source()?.downcast_ref::<AddressRangeError>()?;
    Some(cause.hint())
}

/// What is wrong, in one line: the first paragraph, without usage and tips.
fn message(refusal: &clap::Error) -> String {
    if refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing".to_owned();
    }
    let text = refusal.render().to_string();
    let lines = text.lines().take_while(|line| !line.trim().is_empty());
    let line = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    line.trim_start_matches("error: ").to_owned()
}
