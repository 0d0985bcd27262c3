//! `connection` for the guests of an embedder: agents that are components. The embedder's
//! linker offers them the interface, and a [`Profile`](crate::Profile) answers in its own
//! sandbox, so that no token is ever in the agent's.
//!
//! There is nothing here for `credentials`: an agent that can call it holds the token.

mod implement_connection;
#[cfg(feature = "linker")]
mod linker;
mod records;

#[cfg(feature = "linker")]
pub use linker::add_connection_to_linker;

use crate::profile::Profile;

/// The state of a guest's store, for [`implement_connection!`](crate::implement_connection).
pub trait ConnectionView {
    /// The profile that answers this guest. The platform chooses it, and the guest cannot.
    fn profile(&mut self) -> Profile;
}
