//! The management API: the functions of one profile, and the profiles.
//!
//! | file | holds |
//! |---|---|
//! | `target.rs` | which profile a request is for |
//! | `body.rs` | the body of a request |
//! | `failed.rs` | why a call fails |
//! | `read.rs` | `status`, `models` and `usage` |
//! | `login.rs` | `start`, `poll`, `logout` and `refresh` |
//! | `list.rs`, `remove.rs` | a page of the profiles; one less |
//! | `keys.rs` | the API keys of a profile |
//! | `links.rs` | the links by which its person signs in |

pub(crate) mod body;
mod failed;
pub(crate) mod keys;
pub(crate) mod links;
mod list;
mod login;
mod read;
mod remove;
pub(crate) mod target;

pub(crate) use list::list;
pub(crate) use login::{logout, poll, poll_once, refresh, start};
pub(crate) use read::{models, status, usage};
pub(crate) use remove::remove;
