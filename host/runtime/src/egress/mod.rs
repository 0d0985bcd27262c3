//! Outgoing requests: which of them are sent, to which addresses, and how.
//!
//! The [`policy`] checks a request, [`resolve`] resolves its host to addresses that
//! [`address`] allows, and [`connect`] makes the connection, directly or through a proxy,
//! with TLS that authenticates the host. [`transport`] keeps the HTTP clients, [`failure`]
//! says whether a failed request may have arrived, and [`probe`] checks whether a host
//! can be reached. [`model`] lets the platform's own code connect for model calls.

pub(crate) mod address;
pub(crate) mod address_range;
pub(crate) mod connect;
pub(crate) mod failure;
pub(crate) mod model;
pub(crate) mod policy;
pub(crate) mod probe;
pub(crate) mod resolve;
pub(crate) mod transport;
