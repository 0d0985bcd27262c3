//! Encryption at rest: what a store keeps of a login can be read only with a key
//! that lies elsewhere.
//!
//! Values are sealed on their way from the component's bucket into the store, and
//! opened on their way back (`value.rs`). A value is bound to its place: moved to
//! another key, profile or kind of store it does not open. Three things are told
//! apart, and none of them is ever written over: a value under a key that is not
//! here (`key-unknown`), one that was damaged or moved (`corrupt`), and one of a
//! newer format (`newer`).
//!
//! There are at most two keys, in one file (`key_file.rs`): the first seals, both
//! open. So a key is exchanged while other processes run: they read the file again
//! before they seal, and when they meet a value under a key they do not know
//! (`keys.rs`).

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod key;
mod key_file;
mod keys;
mod value;

pub use keys::Keys;

pub use key::KeyId;
pub(crate) use key::Keyring;
pub(crate) use keys::SealedBefore;
pub(crate) use value::{Place, key_of};
