//! Calls the functions and turns their results into answers, which are JSON.

use chatgpt_oauth_answers::connection::{Logout, Models, Poll, Refresh, Start, Status, Usage};
use chatgpt_oauth_answers::{Failure, answer};

use crate::arguments::Arguments;
use crate::bindings::connection;

chatgpt_oauth_answers::convert_records!(connection, connection::Error);

/// A call of a function.
pub type Call = fn(&Arguments) -> Result<String, Failure>;

pub(crate) fn status(_: &Arguments) -> Result<String, Failure> {
    answer::<Status, _, _>(connection::status())
}

pub(crate) fn start(_: &Arguments) -> Result<String, Failure> {
    answer::<Start, _, _>(connection::start())
}

pub(crate) fn poll(arguments: &Arguments) -> Result<String, Failure> {
    answer::<Poll, _, _>(connection::poll(arguments.pending_id.as_deref()))
}

pub(crate) fn logout(arguments: &Arguments) -> Result<String, Failure> {
    answer::<Logout, _, _>(connection::logout(arguments.revoke))
}

pub(crate) fn refresh(_: &Arguments) -> Result<String, Failure> {
    answer::<Refresh, _, _>(connection::refresh())
}

pub(crate) fn models(arguments: &Arguments) -> Result<String, Failure> {
    answer::<Models, _, _>(connection::models(arguments.force))
}

pub(crate) fn usage(arguments: &Arguments) -> Result<String, Failure> {
    answer::<Usage, _, _>(connection::usage(arguments.force))
}
