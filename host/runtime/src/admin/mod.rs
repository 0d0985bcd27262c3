//! What operators do to a store and its profiles, beside the calls of the contract:
//! look for what is in the way of a login, exchange the key, set aside what cannot be
//! read, accept a restored backup, remove a profile.
//!
//! Each file adds its methods to [`Host`](crate::Host) or [`Profile`](crate::Profile).

mod doctor;
mod rekey;
mod remove;
mod reset;

pub use doctor::Finding;
pub use rekey::{LeftSealed, Resealed};
