//! HTTP/1.1 (RFC 9112). Not a server library: faults must be able to send any bytes or none, and to reset the
//! connection.

mod answer;
mod body;
mod coding;
mod connection;
mod delivery;
mod request;

pub(crate) use answer::Answer;
pub(crate) use body::{Body, Piece, Wait};
pub(crate) use coding::decoded;
pub(crate) use connection::{Connection, Transport, reset};
pub(crate) use delivery::{Cut, Delivery, Pace, Sent};
pub(crate) use request::Request;
