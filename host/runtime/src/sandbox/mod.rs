//! The sandbox: what a guest can do, and what it cannot.
//!
//! Every call gets a sandbox of its own, a fresh instance with fresh memory, and
//! it is thrown away when the call ends, however it ends. Nothing that a guest
//! does outlives its call but what it wrote to its bucket.
//!
//! **What it can do.** Nothing but what is [linked](linker): send an HTTP request
//! to one of the [addresses of the policy](crate::egress::policy), over a connection to a public
//! address that this host makes ([`egress`](crate::egress)) and limits ([`wasi_http`]); read and write
//! [one bucket](keyvalue), its profile's; look at two clocks; ask for random
//! bytes; wait.
//!
//! **What it cannot do.** There are no files, no sockets, no environment, no
//! arguments, no output, no threads, no other profile. It cannot name a host or a
//! path that is not in the policy, follow a redirect, choose the `Host` header or
//! see an answer of unbounded size. It cannot tell the host who it is: the
//! profile comes from the caller.
//!
//! **How much of it.** [`limits`] bounds memory, tables, handles and what a host
//! call may copy; the [`ticker`] bounds computing, [`bounded_io`] bounds waiting.
//! The machine code comes from our own build and from nowhere else ([`engine`]).

pub(crate) mod bindings;
mod bounded_io;
mod engine;
mod engine_config;
pub(crate) mod failpoint;
mod keyvalue;
pub(crate) mod limits;
mod linker;
mod random;
mod state;
mod steady_clock;
mod ticker;

mod wall_clock;
pub(crate) mod wasi_http;

pub(crate) use engine::Sandbox;
pub(crate) use state::{State, Traffic};
pub(crate) use wall_clock::WallClock;
