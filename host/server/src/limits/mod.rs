//! What one key, one profile and one address may do.

mod calls;
pub(crate) mod rate;
mod starts;

pub(crate) use calls::{Calls, Running};
pub(crate) use starts::Starts;
