//! The sandbox: what a guest can do, and what it cannot.
//!
//! Every call gets its own sandbox: a new instance with new memory, which is dropped
//! when the call ends. Only the values that the guest wrote to its bucket outlive the
//! call.
//!
//! **Can do.** The guest calls what is [linked](linker), and nothing else. It sends
//! HTTP requests to the [addresses of the policy](crate::egress::policy); the host makes
//! the connections ([`egress`](crate::egress)) and limits them ([`wasi_http`]). It reads
//! and writes [one bucket](keyvalue), which belongs to the profile of the call. It reads
//! two clocks and, under a key of its bucket, the [steady clock](steady_clock), gets random
//! bytes, and waits.
//!
//! **Cannot do.** A guest has no files, sockets, environment, arguments, output, threads
//! or other profiles. It cannot name a host or a path outside of the policy, follow a
//! redirect, choose the `Host` header, or receive an answer of unbounded size. It does
//! not name its profile: the caller does.
//!
//! **Limits.** [`limits`] bounds memory, tables, handles and the bytes that a host call
//! copies. The [`ticker`] bounds computing, and [`bounded_io`] bounds waiting; [`pool`] bounds the calls at a
//! time. Only the
//! build script's own machine code is loaded ([`engine`]).

mod activity;
pub(crate) mod bindings;
mod bounded_io;
mod engine;
mod engine_config;
pub(crate) mod failpoint;
mod given_answers;
mod keyvalue;
pub(crate) mod limits;
mod linker;
pub(crate) mod pool;
mod random;
mod state;
mod steady_clock;
mod ticker;
mod token_answer;
mod wall_clock;
pub(crate) mod wasi_http;

pub(crate) use activity::Activity;
pub(crate) use engine::Sandbox;
pub(crate) use given_answers::GivenAnswers;
pub(crate) use state::State;
pub(crate) use token_answer::TokenAnswer;
pub(crate) use wall_clock::WallClock;
