//! The two interfaces that the component exports, `connection` and `credentials`.
//!
//! Arguments come in from `wasi/`, together with the ports of the call. Each
//! function reads the stored records, runs a transaction of `flow/` if one is
//! needed, and returns a type of the contract.

pub mod connection;
pub mod credentials;
