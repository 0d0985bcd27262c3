//! Outgoing connections: which requests are permitted, to which addresses, and how the host
//! connects.
//!
//! The guest's requests come in from `sandbox/wasi_http`, which sends them by a client of
//! [`transport`]; model calls come in through [`model`]. The [`policy`] checks a request,
//! [`resolve`] resolves its host to addresses that [`address`] allows, and [`connect`] makes
//! the connection, directly or through a proxy, with TLS that authenticates the host.
//! [`failure`] says whether a failed request may have arrived, and [`probe`] checks whether a
//! host can be reached.

pub(crate) mod address;
pub(crate) mod address_range;
pub(crate) mod connect;
pub(crate) mod failure;
pub(crate) mod model;
pub(crate) mod policy;
pub(crate) mod probe;
pub(crate) mod resolve;
pub(crate) mod transport;
