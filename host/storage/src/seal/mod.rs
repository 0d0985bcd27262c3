//! Encryption at rest: the values of a store can be read only with a key that is kept
//! elsewhere.
//!
//! Values of the component's bucket are sealed before they are written to the store, and
//! decrypted after they are read (`value.rs`). A value is bound to its place: it does not
//! decrypt under another key, profile or kind of store. An unreadable value has one of three
//! errors, and is never written over: its key is missing (`key-unknown`), it was damaged or
//! moved (`corrupt`), or it has a newer format (`newer`).
//!
//! One file (`key_file.rs`) holds at most two keys: the first seals, both decrypt. So the key
//! can be replaced while other processes run: they read the file again before they seal, and
//! when they find a value under an unknown key (`keys.rs`).

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
