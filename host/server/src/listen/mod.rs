//! Connections: where they come in, who is at the other end, and what their bytes must be.

mod acceptor;
mod address;
mod client;
mod connection;
mod framing;
mod guarded;
mod rules;
mod tls;

pub use address::{InvalidListen, Listen};

pub(crate) use acceptor::Acceptor;
pub(crate) use client::{Client, Peer, Proxies};
pub(crate) use connection::{Connections, serve};
pub(crate) use guarded::Active;
#[cfg(test)]
pub(crate) use guarded::Activity;
pub(crate) use rules::check;
pub(crate) use tls::Certificate;
