//! Calls a function and turns its result into the answer.

use alloc::string::String;

use chatgpt_oauth_answers::connection::{Logout, Models, Poll, Refresh, Start, Status, Usage};
use chatgpt_oauth_answers::{Failure, to_json};
use serde::Serialize;

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
        Call::Status => answer::<Status, _>(connection::status()),
        Call::Start => answer::<Start, _>(connection::start()),
        Call::Poll { pending_id } => answer::<Poll, _>(connection::poll(pending_id.as_deref())),
        Call::Logout { revoke } => answer::<Logout, _>(connection::logout(revoke)),
        Call::Refresh => answer::<Refresh, _>(connection::refresh()),
        Call::Models { force } => answer::<Models, _>(connection::models(force)),
        Call::Usage { force } => answer::<Usage, _>(connection::usage(force)),
    }
}

fn answer<A, R>(result: Result<R, connection::Error>) -> Result<String, Failure>
where
    A: Serialize + for<'a> From<&'a R>,
{
    match result {
        Ok(record) => Ok(to_json(&A::from(&record))),
        Err(error) => Err(Failure::from(&error)),
    }
}
