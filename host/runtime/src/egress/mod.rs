//! The way out: which requests leave, to which addresses, and over what.
//!
//! A request is held against the [`policy`], its host is resolved to addresses that
//! pass [`address`], and [`connect`] makes the connection: directly, or through a
//! proxy, with TLS that vouches for the host. [`transport`] keeps the HTTP clients,
//! [`failure`] says whether a request that failed may have arrived, and [`probe`]
//! looks whether a host can be reached at all.

pub(crate) mod address;
pub(crate) mod address_range;
pub(crate) mod connect;
pub(crate) mod failure;
pub(crate) mod policy;
pub(crate) mod probe;
pub(crate) mod resolve;
pub(crate) mod transport;
