//! Exit codes: one a class of errors, so that a script needs no text.

use std::process::ExitCode;

use chatgpt_oauth::ErrorCode;

use super::setup::invalid;
use super::terminal::Terminal;

/// The component reaches for more than the contract, or a policy, the region or
/// the plan stands in the way.
pub(crate) const BLOCKED: u8 = 6;

/// Interrupted by the person, as shells have it: 128 and the signal's number.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code for an error.
pub(crate) fn code(code: ErrorCode) -> ExitCode {
    ExitCode::from(match code {
        ErrorCode::InvalidArgument => 2,
        ErrorCode::RefreshInProgress
        | ErrorCode::RefreshUncertain
        | ErrorCode::RejectedByBackend
        | ErrorCode::RateLimited
        | ErrorCode::UpstreamBlocked
        | ErrorCode::Network
        | ErrorCode::UpstreamError
        | ErrorCode::StoreBusy => 3,
        ErrorCode::NotConnected
        | ErrorCode::NoPendingLogin
        | ErrorCode::LoginSuperseded
        | ErrorCode::LoginDenied
        | ErrorCode::LoginExpired
        | ErrorCode::LoginExchangeFailed
        | ErrorCode::NeedsLogin
        | ErrorCode::AccountMismatch
        | ErrorCode::NotRefreshable => 4,
        ErrorCode::StoreUnavailable
        | ErrorCode::StoreNeedsUpgrade
        | ErrorCode::StoreFailedAfterRefresh
        | ErrorCode::KeyUnknown
        | ErrorCode::RecordCorrupt
        | ErrorCode::RecordNewer
        | ErrorCode::RollbackSuspected => 5,
        ErrorCode::RegionUnsupported | ErrorCode::CodexNotEnabled | ErrorCode::EgressDenied => {
            BLOCKED
        }
        ErrorCode::UnexpectedAnswer | ErrorCode::Internal => 1,
    })
}

/// Help and version are no errors; what cannot be understood is one, told as
/// JSON to whoever asked for JSON.
pub(crate) fn usage(refusal: &clap::Error) -> ExitCode {
    let is_error = refusal.use_stderr();
    if is_error && std::env::args().any(|argument| argument == "--json") {
        let text = refusal.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        Terminal::new(true).error(&invalid(first.trim_start_matches("error: ")));
    } else {
        // Nothing can be done about a closed terminal.
        let _ = refusal.print();
    }
    ExitCode::from(if is_error { 2 } else { 0 })
}

/// The operating system gives this process nothing to run on.
pub(crate) fn without_runtime(terminal: &Terminal, error: &std::io::Error) -> ExitCode {
    terminal.notice(&format!("cannot start: {error}"));
    ExitCode::FAILURE
}
