//! HTTP/1.1 (RFC 9112). Not a server library: faults must be able to send any bytes or none, and to reset the
//! connection.

mod answer;
mod delivery;
mod request;

pub(crate) use answer::Answer;
pub(crate) use delivery::{Cut, Delivery, Pace, Sent, Transport};
pub(crate) use request::{Request, read};
