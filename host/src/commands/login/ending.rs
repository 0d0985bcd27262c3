//! How a login ends, and the next command.

use chatgpt_oauth::{Error, ErrorCode};

/// The next step after a login.
pub(super) const CONNECTED: &str = "Connected. Next: `models` lists the models, `usage` shows how much is used, `logout` signs out.";

/// The error with the next command of this program as its hint, in place of the function that
/// an agent calls.
pub(super) fn with_next_command(mut error: Error) -> Error {
    let next = match error.code {
        ErrorCode::LoginDenied => "Run login again if you declined it by mistake.",
        ErrorCode::LoginExpired => {
            "Run login again for a new code. If the page refused the code, first switch on device codes for Codex in ChatGPT under Settings, Security; in a workspace its admin must permit them."
        }
        ErrorCode::LoginSuperseded => {
            "Another process began a login later: approve the code of that one, or run login again."
        }
        ErrorCode::LoginExchangeFailed => "Run login again for a new code.",
        ErrorCode::CodexNotEnabled => {
            "Switch on device codes for Codex in ChatGPT under Settings, Security; in a workspace its admin must permit Codex and device codes. Then run login again."
        }
        ErrorCode::RegionUnsupported => {
            "OpenAI does not offer this service where this machine's traffic comes from. Run login again from a network in a supported country; doctor shows what each host answers."
        }
        ErrorCode::UpstreamBlocked => {
            "OpenAI's content delivery network blocks this machine's address for now. Wait, or use another network, then run login again."
        }
        ErrorCode::Network => {
            "Run doctor: it says which part of the network fails. Then run login again; a code that is still valid continues."
        }
        _ => return error,
    };
    next.clone_into(&mut error.hint);
    error
}
