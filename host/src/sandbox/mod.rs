//! The sandbox: what a guest can do, and what it cannot.
//!
//! Every call gets a sandbox of its own, a fresh instance with fresh memory, and
//! it is thrown away when the call ends, however it ends. Nothing that a guest
//! does outlives its call but what it wrote to its bucket.
//!
//! **What it can do.** Nothing but what is [linked](linker): send an HTTP request
//! to one of the [addresses of the policy](egress), over a [connection](connect) to a
//! [public address](address) that this host makes and limits ([`http`]); read and write
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
//! call may copy; the [`ticker`] bounds computing, [`waiting`] bounds waiting.
//! The machine code comes from our own build and from nowhere else ([`engine`]).

pub(crate) mod address;
pub(crate) mod address_range;
pub(crate) mod bindings;
pub(crate) mod connect;
pub(crate) mod egress;
mod engine;
mod engine_config;
mod failpoint;
pub(crate) mod http;
mod keyvalue;
pub(crate) mod limits;
mod linker;
mod random;
pub(crate) mod resolve;
mod state;
mod steady_clock;
mod ticker;
mod waiting;
mod wall_clock;

pub(crate) use engine::Sandbox;
pub(crate) use state::{State, Traffic};
pub(crate) use wall_clock::WallClock;
