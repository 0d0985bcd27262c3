//! Operations on a store and its profiles, beside the calls of the contract: diagnose,
//! rotate the key, quarantine unreadable values, accept a restored backup, remove a
//! profile, take over the login of another program.
//!
//! Each file adds its methods to [`Host`](crate::Host) or [`Profile`](crate::Profile).

mod adopt;
mod doctor;
mod rekey;
mod remove;
mod reset;
mod take_over;

pub use doctor::Finding;
pub use rekey::{LeftSealed, Resealed};
pub use take_over::ForeignLogin;
