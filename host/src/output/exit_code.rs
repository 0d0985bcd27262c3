//! Exit codes: one a class of errors, so that a script needs no text.

use std::process::ExitCode;

use chatgpt_oauth::ErrorCode;

/// The exit code for an error.
pub(crate) fn of(code: ErrorCode) -> ExitCode {
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
        ErrorCode::RegionUnsupported | ErrorCode::CodexNotEnabled | ErrorCode::EgressDenied => 6,
        ErrorCode::UnexpectedAnswer | ErrorCode::Internal => 1,
    })
}
