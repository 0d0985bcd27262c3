//! Serves the profiles of one [`Host`](chatgpt_oauth::Host) by HTTP: the seven functions of
//! each, and an endpoint that OpenAI's SDKs use.
//!
//! | listener | holds |
//! |---|---|
//! | public | `/v1`: model calls; `/api/v1/me` and `/mcp`: the functions of the profile whose key is presented |
//! | public, with a [`PublicUrl`] | `/connect`: the connect page, by which a person signs in |
//! | admin | `/api/v1/profiles`: the functions of every profile; `/metrics`, `/openapi.json` |
//! | both | `/healthz`, `/readyz` |
//!
//! A [`Server`] binds both listeners and serves them until its [`Handle`] drains it. Without a
//! valid key nothing answers but the two routes of health, and the connect page to a browser
//! with a link. [`run`] is all of it for a program: a runtime, the log, and the signals that
//! reload and drain.
//!
//! # What to know
//!
//! - A key belongs to one profile, and no request names another one.
//! - Bodies of `/api/v1` are the JSON of the command line, from
//!   [`chatgpt_oauth_answers`]; the HTTP status is that of the error's class.
//! - No answer, no metric and no line of the log contains a key, a token, a prompt or an
//!   answer of a model.

// A connection comes in by `listen`, which checks the framing of its requests and knows the
// peer. `front` takes each request: `record` measures it, `admission` refuses what is for no
// handler, `connect` answers the browser of a link, `auth` finds out whose key it has, and
// `routes` finds the handler: in `profiles` for the management API, in `openai` for model
// calls, in `mcp` for tools, or in `health`, `metrics` or `openapi`. `changes` drops what other
// servers have changed. `refresher` keeps logins fresh. `limits` bounds what one key may do, and
// `drain` ends everything in order. `answer` makes the answers, `refused` those without a call.
// `outage` keeps a store that fails from filling the log.
mod admission;
mod answer;
mod app;
mod auth;
mod changes;
mod connect;
mod drain;
mod front;
mod health;
mod limits;
mod listen;
mod log;
mod mcp;
mod metrics;
mod openai;
mod openapi;
mod options;
mod outage;
mod profiles;
mod program;
mod query;
mod record;
mod refresher;
mod refused;
mod routes;
mod server;

pub use connect::{InvalidPublicUrl, PublicUrl};
pub use drain::Handle;
pub use ipnet::IpNet as Network;
pub use listen::{InvalidListen, Listen};
pub use log::{LogGuard, log};
pub use options::{KeyLimits, Options, Times, TlsFiles};
pub use program::run;
pub use server::Server;
