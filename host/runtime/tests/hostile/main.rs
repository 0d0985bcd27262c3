//! A hostile guest cannot harm its host.
//!
//! Builds `tests/hostile-guest` and gives it one order after another, in the real host. Each
//! order must end as the table says, within its bound. After each order, the same host serves
//! another profile, and the same profile again. *Denied* is the code `HTTP-request-denied`, or
//! a part of the request that is refused as soon as the guest sets it. *Stopped* is a call that
//! ends in `internal`. Seconds are seconds of real time.
//!
//! | file | case | end | bound |
//! |---|---|---|---|
//! | [`targets`] | other hosts, IP literals in every form, ports, schemes, paths, methods; absolute and other forms of the target; line breaks and NUL in any part | denied | before a name is resolved |
//! | [`names`] | names that lead to loopback, private, link-local, metadata, carrier-grade NAT, NAT64, mapped, multicast and unspecified addresses; answers that change between check and connect | `destination-IP-prohibited`; resolved once | 5 s |
//! | [`headers`] | `host`, framing, hop-by-hop and proxy headers, cookies, lengths that lie | refused, or not sent | before anything leaves |
//! | | a flood of headers | stopped | 16 KiB |
//! | | a large body | `HTTP-request-body-size` | 64 KiB |
//! | [`answers`] | redirects, also to a metadata service | an answer like any other | one request |
//! | | 33,000 headers, headers of megabytes | no answer, or the headers that the component reads | 16 KiB |
//! | | bodies that are too large, without end, or compressed | `HTTP-response-body-size`, `HTTP-response-content-coding` | 64 KiB |
//! | | a slow head, a slow body, timeouts of 0 and of 584 years | `HTTP-response-timeout`, `connection-read-timeout` | 30 s |
//! | [`computing`] | loops without end | stopped | 2 s |
//! | | waiting without end | stopped | 100 s |
//! | | panics, traps | stopped | at once |
//! | [`instantiation`] | the same in a start function, or declared by the module; a table that grows | stopped, or refused | as above; 10,000 elements, 8 tables |
//! | [`deaths`] | breaking off before a request, during it, after it | the request ends too; the login stays as it was, unless its token was spent | at once |
//! | [`growing`] | memory, the stack | stopped, or refused | 64 MiB, 512 KiB |
//! | | handles of every kind | stopped | 256 |
//! | | random bytes, long names, values and answers | stopped | 4096 bytes, 16 MiB |
//! | [`storing`] | other buckets, other profiles, odd key names | `no-such-store`, `access-denied` | |
//! | | large values, many keys, keys not read | `too-large`, `full`, `conflict` | 32 KiB, 256 KiB, 32 keys |
//!
//! [`leaks`] runs all cases twice: the second run may hold no more memory, handles and threads
//! than the first. [`host`] tests the host without a misdeed of the guest: dropped calls, a host
//! that ends, a store that panics, components that do not fit.

mod answers;
mod computing;
mod deaths;
mod growing;
mod guest;
mod headers;
mod host;
mod instantiation;
#[cfg(target_os = "linux")]
mod leaks;
mod names;
#[cfg(target_os = "linux")]
mod repeated;
mod storing;
#[path = "../support/mod.rs"]
mod support;
mod targets;
