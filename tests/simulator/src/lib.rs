//! A stand-in for the OpenAI endpoints that ChatGPT and Codex device-code login uses: `auth.openai.com`, and the
//! parts of `chatgpt.com` that a connected program calls.
//!
//! Options connect the software under test to it (`--connect-to`, `--cacert`, or an issuer URL); no code of the
//! software changes. The real Codex CLI signs in, refreshes, works and logs out against it: `tests/codex_cli.rs`.
//!
//! ```
//! use openai_simulator::{Account, Endpoint, Fault, Rotation, Simulator};
//! use std::time::Duration;
//!
//! let simulator = Simulator::builder()
//!     .account(Account { plan_type: "pro".into(), ..Account::default() })
//!     .access_token_lifetime(Duration::from_secs(600))
//!     .rotation(Rotation::Strict)
//!     .start()?;
//!
//! // Flags for the program under test:
//! let [auth, chatgpt] = simulator.connect_to();
//! assert!(auth.starts_with("auth.openai.com:443:127.0.0.1:"));
//! assert!(chatgpt.starts_with("chatgpt.com:443:127.0.0.1:"));
//! assert!(simulator.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
//!
//! // The person approves the code that the program shows.
//! for user_code in simulator.pending_codes() {
//!     simulator.approve(&user_code)?;
//! }
//!
//! // The next refresh rotates the token, and its answer is lost.
//! simulator.fault(Endpoint::Token, Fault::silence().after_processing());
//! simulator.advance(Duration::from_secs(600));
//!
//! // What the program did.
//! assert!(simulator.presentations().iter().all(|token| token.presentations.len() <= 1));
//! assert!(simulator.requests_to(Endpoint::Models).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Structure
//! A thread with its own runtime serves both hosts, over HTTP and HTTPS; dropping the [`Simulator`] ends it. The
//! state is plain values behind a lock (`issuer`, `device`, `tokens`). `endpoints` has a file for each endpoint,
//! `fault` changes answers, and `http` sends them byte by byte.
//!
//! # Fidelity
//! The wire follows what existing clients send and accept, and recorded answers of the live service. Some answers are
//! guesses, because there is no recording: those to a poll for a denied or expired code, to a poll after the code was
//! exchanged, and to a request for models without `client_version`; of the model endpoint the order of its checks, the
//! largest request, the words for an input that is not a list, and the answer to an unknown effort.
//!
//! # Scope
//! The device flow, refresh, revocation, models, usage, workspace routing, and calls of a model, whose answers follow
//! simple rules or a [`Script`]. Not the browser flow, API keys, WebSockets or HTTP/2. It serves only loopback addresses
//! and protects nothing: its control surface under `/_simulator/` returns every secret to any caller.

mod account;
mod builder;
mod claims;
mod clock;
mod control;
mod device;
mod endpoint;
mod endpoints;
mod fault;
mod from_memory;
mod http;
mod issuer;
mod jwt;
mod random;
mod request_log;
mod script;
mod secrets;
mod server;
mod settings;
mod shared;
mod simulator;
mod tls;
mod tokens;

pub use account::{Account, Organization};
pub use builder::Builder;
pub use device::DecisionError;
pub use endpoint::Endpoint;
pub use fault::Fault;
pub use request_log::{Answered, RecordedRequest};
pub use script::{Gate, Item, LineEnd, Script};
pub use secrets::{Secret, SecretKind};
pub use settings::{CLIENT_ID, ISSUER, RevocationScope, Rotation};
pub use shared::ConnectionFault;
pub use simulator::Simulator;
pub use tls::Certificate;
pub use tokens::{Outcome, Presentation, Presentations, Revocation};
