//! Calls a function and turns its result into the answer.

use alloc::string::String;

use chatgpt_oauth_answers::connection::{Logout, Models, Poll, Refresh, Start, Status, Usage};
use chatgpt_oauth_answers::{Failure, answer};

use crate::arguments::Call;
use crate::bindings::connection;

chatgpt_oauth_answers::convert_records!(connection, connection::Error);

/// Makes a call. The answer is JSON in one line.
///
/// # Errors
///
/// The failure of the call.
pub fn make(call: Call) -> Result<String, Failure> {
    match call {
        Call::Status => answer::<Status, _, _>(connection::status()),
        Call::Start => answer::<Start, _, _>(connection::start()),
        Call::Poll { pending_id } => answer::<Poll, _, _>(connection::poll(pending_id.as_deref())),
        Call::Logout { revoke } => answer::<Logout, _, _>(connection::logout(revoke)),
        Call::Refresh => answer::<Refresh, _, _>(connection::refresh()),
        Call::Models { force } => answer::<Models, _, _>(connection::models(force)),
        Call::Usage { force } => answer::<Usage, _, _>(connection::usage(force)),
    }
}
