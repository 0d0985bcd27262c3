//! Connects a person's ChatGPT / Codex subscription to an agent platform, by
//! OpenAI's device-code login and without an API key.
//!
//! The whole flow is a WebAssembly component, embedded here. It can reach
//! nothing but what its world names: outgoing HTTP, one key-value bucket, two
//! clocks and random bytes. A [`Host`] runs it, every call in a sandbox of its
//! own, and decides what these are: HTTP goes to [six addresses](POLICY) and
//! nowhere else, the bucket is one [profile](Profile) of a [store](store::Store).
//!
//! ```
//! use chatgpt_oauth::{Host, ProfileName, contract::ConnectionState, store::MemoryStore};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let host = Host::builder(MemoryStore::new()).build()?;
//! let alice = host.profile("alice".parse::<ProfileName>()?);
//!
//! let status = alice.status().await?;
//! assert_eq!(status.state, ConnectionState::NotConnected);
//!
//! if false {
//!     // Show the person `prompt.instructions`; when they say that they are done:
//!     let prompt = alice.start().await?;
//!     let progress = alice.poll(Some(&prompt.pending.pending_id)).await?;
//!     println!("{}", progress.next_step);
//!
//!     // For a model call: never show what this returns to a model.
//!     let authorization = alice.authorize(None).await?;
//!     println!("{}/responses", authorization.base_url());
//! }
//! # Ok::<(), chatgpt_oauth::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What to know
//!
//! - A `Host` is cheap to clone and made once in a program; it belongs into a
//!   tokio runtime with time and I/O enabled.
//! - A call goes on to its end in a task of its own, even if the future that
//!   waits for it is dropped: an answer that has arrived is never lost. A program
//!   that ends calls [`Host::drain`] first.
//! - [`Error::code`] is what to act on, the texts are for people. No error, no
//!   `Debug` and no trace of this crate contains a token.
//! - Several processes may share a store, one [`SqliteStore`](store::SqliteStore)
//!   file for example.
//!
//! # Scope
//!
//! It signs in, keeps the login alive and hands out what a model call needs. It
//! makes no model calls, pools no accounts and shares no login among people.

pub mod artifact;
mod call;
mod calls;
pub mod contract;
mod digest;
mod doctor;
mod error;
mod hexadecimal;
mod host;
pub mod inspect;
mod profile;
mod queue;
mod records;
mod rekey;
mod removal;
pub mod report;
mod reset;
mod rollback;
mod sandbox;
mod seal;
mod shortage;
pub mod store;
mod threads;

pub use contract::Authorization;
pub use digest::{Digest, InvalidDigest};
pub use doctor::Finding;
pub use error::{Error, ErrorCode};
pub use host::{Host, HostBuilder};
pub use profile::Profile;
pub use rekey::{LeftSealed, Resealed};
pub use sandbox::address::is_public;
pub use sandbox::egress::{POLICY, Rule};
pub use sandbox::limits::{LIMITS, Limits};
pub use sandbox::resolve::{ConnectTo, ConnectToError, Resolver, SystemResolver};
pub use seal::Keys;
#[cfg(feature = "fuzzing")]
pub use seal::fuzzing;
pub use store::{InvalidProfileName, ProfileName};
