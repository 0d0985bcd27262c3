//! Links: addresses by which a person signs a profile in, each in one browser.
//!
//! | file | holds |
//! |---|---|
//! | `stored.rs` | [`Links`]: the links of a store, made, found, bound and ended |
//! | `outcome.rs` | what these take and return |
//! | `secret.rs` | [`LinkSecret`]: what the address of a link and the cookie of its browser hold |
//! | `record.rs` | [`LinkRecord`]: what the store keeps of a link, sealed |
//! | `asks.rs` | [`Asks`]: who asks the person to sign in |
//!
//! The store keeps digests of both secrets. Who reads it, with or without its key, cannot open
//! a link.

mod asks;
mod outcome;
mod record;
mod secret;
mod stored;
#[cfg(test)]
mod tests;

pub use asks::{Asks, InvalidAsks};
pub use outcome::{CreatedLink, LinkError, NewLink};
pub use record::{LinkLogin, LinkRecord};
pub use secret::{InvalidLinkSecret, LinkId, LinkSecret};
pub use stored::{LINK_LIFE, LINK_REMEMBERED, Links, MOST_LINKS, SESSION_LIFE};
