//! Connects a person's ChatGPT / Codex subscription to an agent platform, by
//! OpenAI's device-code login and without an API key.
//!
//! The login is a WebAssembly component that this crate embeds. The component can use only
//! the imports of its world: outgoing HTTP, one key-value bucket, two clocks and random
//! bytes. A [`Host`] runs each call in its own sandbox and implements these imports: HTTP
//! reaches [six addresses](POLICY), and the bucket is one [profile](Profile) of a
//! [store](store::Store).
//!
//! ```
//! use chatgpt_oauth::{Host, ProfileName, types::ConnectionState, store::MemoryStore};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let host = Host::builder(MemoryStore::new()).build()?;
//! let alice = host.profile("alice".parse::<ProfileName>()?);
//!
//! let status = alice.status().await?;
//! assert_eq!(status.state, ConnectionState::NotConnected);
//!
//! if false {
//!     // Show the person `prompt.instructions`, and poll when they have approved:
//!     let prompt = alice.start().await?;
//!     let progress = alice.poll(Some(&prompt.pending.pending_id)).await?;
//!     println!("{}", progress.next_step);
//!
//!     // For a model call. Never show the headers to a model.
//!     let authorization = alice.authorize(None).await?;
//!     println!("{}/responses", authorization.base_url());
//! }
//! # Ok::<(), chatgpt_oauth::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What to know
//!
//! - A program makes one `Host`, which is cheap to clone, and uses it in a tokio runtime
//!   with time and I/O enabled.
//! - A call runs to its end in its own task, even if the caller drops the future, so that
//!   no received answer is lost. A program that ends calls [`Host::drain`] first.
//! - Act on [`Error::code`]; the texts are for people. No error, no `Debug` and no trace of
//!   this crate contains a token.
//! - An agent that is a component can import `connection`: [`implement_connection!`] lets a
//!   `Profile` answer it, in a linker of any version of wasmtime.
//! - Several processes may share a store, for example one
//!   [`SqliteStore`](store::SqliteStore) file.
//!
//! # Scope
//!
//! This crate signs in, keeps the login alive and returns the headers of a model call. It
//! makes no model calls, pools no accounts and shares no login among people.

// A method of a `Profile` comes in by `profile` and goes through `call`, which waits for its
// turn and runs the component in a new `sandbox`. The component's requests leave by
// `egress`, after the policy has let them; its key-value bucket is a store of the package
// `chatgpt-oauth-storage`. `answers` and `types` are what comes back, `admin` works on the
// store without a sandbox, and `guests` answers for a profile to other components.
mod admin;
pub mod answers;
pub mod artifact;
mod call;
mod digest;
mod egress;
mod error;
mod guests;
mod host;
mod observer;
mod profile;
mod sandbox;
mod shortage;
mod threads;
pub mod types;

/// Stores of profiles: [`Store`](store::Store) and its implementations.
pub mod store {
    pub use chatgpt_oauth_storage::clock::ClockOffset;
    pub use chatgpt_oauth_storage::schedule::{LONGEST_PAUSE, Paused, Schedule};
    pub use chatgpt_oauth_storage::sealed_entries::SealedEntries;
    pub use chatgpt_oauth_storage::server_store::{Collection, Entry, EntryPlace, Owner};
    pub use chatgpt_oauth_storage::store::{History, StoreConnections};
    pub use chatgpt_oauth_storage::{
        Change, Changes, InvalidLocation, InvalidProfileName, MemoryStore, ProfileName, Row,
        ServerStore, SqliteStore, Store, StoreError, StoreKind, StoreLocation, Version,
        state_directory,
    };
    #[cfg(feature = "postgres")]
    pub use chatgpt_oauth_storage::{Copied, Migrated, PostgresStore, PostgresUrl, copy};
}

/// The keys that callers of a server show: [`ApiKeys`](api_keys::ApiKeys).
pub mod api_keys {
    pub use chatgpt_oauth_storage::api_keys::{
        ApiKey, ApiKeyError, ApiKeyId, ApiKeyRecord, ApiKeyState, ApiKeys, CreatedApiKey,
        InvalidApiKey, InvalidLabel, Label, ListedApiKey, NewApiKey, Permission, ROTATION_GRACE,
        RotatedApiKey, Scope, Scopes, UnknownScope,
    };
}

/// The addresses by which a person signs a profile in: [`Links`](links::Links).
pub mod links {
    pub use chatgpt_oauth_storage::links::{
        Asks, CreatedLink, InvalidAsks, InvalidLinkSecret, LINK_LIFE, LINK_REMEMBERED, LinkError,
        LinkId, LinkLogin, LinkRecord, LinkSecret, Links, MOST_LINKS, NewLink, SESSION_LIFE,
    };
}

pub use admin::{Finding, ForeignLogin, LeftSealed, Resealed};
pub use call::refreshes::RefreshCounts;
pub use chatgpt_oauth_storage::{InvalidProfileName, Keys, ProfileName};
pub use digest::{Digest, InvalidDigest};
pub use egress::address::is_public;
pub use egress::address_range::{AddressRange, AddressRangeError};
pub use egress::connect::Connection;
pub use egress::model::ModelConnector;
pub use egress::policy::{MODEL_POLICY, POLICY, Rule};
pub use egress::resolve::{ConnectTo, ConnectToError, Resolver, SystemResolver};
pub use error::{Error, ErrorCode};
pub use guests::ConnectionView;
#[cfg(feature = "linker")]
pub use guests::add_connection_to_linker;
pub use host::{Host, HostBuilder};
pub use observer::Observer;
pub use profile::Profile;
pub use sandbox::limits::{LIMITS, Limits};
pub use types::Authorization;
