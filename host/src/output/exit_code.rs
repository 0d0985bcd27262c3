//! The exit codes: one for each class of errors, so that a script need not parse text.

use std::process::ExitCode;

use chatgpt_oauth::{ErrorCode, answers};

/// The exit code for an error.
pub(crate) fn of(code: ErrorCode) -> ExitCode {
    let code = answers::ErrorCode::from(code);
    ExitCode::from(code.class().exit_code())
}
