//! A hostile guest cannot harm a host that gives it model calls.
//!
//! `tests/hostile-guest` runs in wasmtime with `ModelHooks` and gets one order after another.
//!
//! | file | case | end |
//! |---|---|---|
//! | [`targets`] | look-alikes of the reserved name, IP addresses, ports, schemes, other forms of the target, other paths and methods | denied, or 404 and 405 of the gateway; the backend gets nothing |
//! | [`headers`] | accounts, cookies, framing, lengths that lie, line breaks, names of clients | refused, or not sent |
//! | [`bodies`] | endless and large requests, two requests in one | 413, 400, one request |
//! | | answers that are read slowly or not at all, answers without end | the backend waits, and learns that the guest has left |
//! | | more than the budget has | 429; the backend gets nothing |
//!
//! [`leaks`] runs all cases twice: the second run may hold no more memory, handles and threads
//! than the first.

mod bodies;
mod headers;
#[cfg(target_os = "linux")]
mod leaks;
#[cfg(target_os = "linux")]
#[path = "../../../runtime/tests/hostile/repeated.rs"]
mod repeated;
#[path = "../support/mod.rs"]
mod support;
mod targets;
