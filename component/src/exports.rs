//! The two interfaces that the component exports, `connection` and `credentials`.
//!
//! Arguments come in from `wasi/`, together with the ports of the call. Each function
//! reads the stored records, sends the requests that it needs, itself or by `flow/`, and
//! returns a type of the contract.

pub mod connection;
pub mod credentials;
