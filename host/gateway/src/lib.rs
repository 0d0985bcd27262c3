//! Makes model calls with a person's own ChatGPT / Codex subscription, in OpenAI's API.
//!
//! A [`Gateway`] answers requests of OpenAI's SDKs, of the Codex CLI and of guests: it
//! attaches the login of one [`Profile`](chatgpt_oauth::Profile), sends the request to the
//! ChatGPT backend, and relays the answer. It is a `tower` service and no server.
//!
//! ```
//! use chatgpt_oauth::{Host, store::MemoryStore};
//! use chatgpt_oauth_gateway::Gateway;
//! use http_body_util::BodyExt;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let host = Host::builder(MemoryStore::new()).build()?;
//! let gateway = Gateway::builder(host.clone()).build()?; // once per program
//! let access = gateway.access(host.profile("alice".parse()?));
//!
//! let body = r#"{"model": "openai-codex/gpt-6-astra", "input": "Say hi.", "stream": true}"#;
//! let request = http::Request::post("/v1/responses").body(body.to_owned()).unwrap();
//! let answer = access.send(request).await;
//!
//! assert_eq!(answer.status(), 403); // alice has not signed in
//! let error = answer.into_body().collect().await.unwrap().to_bytes();
//! assert!(std::str::from_utf8(&error).unwrap().contains("login_required"));
//! # Ok::<(), chatgpt_oauth::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What to know
//!
//! - `/v1/chat/completions` is translated to a call of `/v1/responses` and back.
//! - Bytes of `/v1/responses` go through as they come. The model's prefix, fields that the
//!   backend does not take and a broken end are the exceptions.
//! - Every field of a request is forwarded, ignored and named in `x-chatgpt-oauth-ignored`,
//!   or refused. With `x-chatgpt-oauth-strict: true` none is ignored.
//! - Every outcome is an HTTP answer; errors have OpenAI's shape.
//! - A dropped answer ends the request to the backend.
//! - No error, no header of an answer, no `Debug` and no trace of this crate contains a token
//!   or an account id, even if the backend repeats one there. What a model says is not
//!   searched. No `Debug` and no trace contains a prompt or an answer of a model.
//!
//! # Scope
//!
//! A call uses the login of its profile and of no other: there is no pool and no fallback.
//! This crate listens on no address and checks no key.

// A call comes in by `access`, or from a guest by `hooks`. `route` finds its endpoint, and
// `call` makes it: `request` collects, judges and rewrites the body, `authorization` adds
// the login, `backend` sends the request and reads the answer, `stream` repairs and relays
// a streamed one. `chat` translates chat completions to such a call and back. A failure of
// any of them is an answer of `error`.
mod access;
mod authorization;
mod backend;
mod body;
mod budget;
mod call;
mod chat;
mod error;
mod gateway;
#[cfg(feature = "wasi-http")]
mod hooks;
mod json;
mod models;
mod outcome;
mod profiles;
mod request;
mod request_id;
mod route;
mod secrets;
mod statistics;
mod stop;
mod stream;

pub use access::ModelAccess;
pub use body::ModelBody;
pub use budget::{Budget, Limit, Limits, Used};
pub use gateway::{Gateway, GatewayBuilder};
#[cfg(feature = "wasi-http")]
pub use hooks::{DenyAll, GUEST_HOST, ModelHooks};
pub use outcome::Outcome;
pub use request_id::RequestId;
pub use statistics::Statistics;
pub use stop::Stop;
