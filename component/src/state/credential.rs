//! The stored login: one record under the key `credential`, and its states.
//!
//! ```text
//!                 login                        intent
//!   logged-out ─────────▶ active ◀──────────────────────────▶ refreshing
//!       ▲                   ▲        200, or not processed        │
//!       │                   │ 200                                 │ no answer,
//!       │ revoked           │                                     ▼ or abandoned
//!   logging-out         needs-login ◀── definitive refusal ── uncertain ──▶ refreshing
//!                                                                    (a probe)
//! ```
//!
//! The record is the only lock there is. A call that presents the refresh token
//! first writes `refreshing` with an intent. Every write raises `generation`, every
//! login and logout raises `login_seq`. Tokens are stored here only and caches are
//! stored elsewhere, so that no other write can undo a refresh.
//!
//! Pure: `flow/records` reads and writes the record; a request comes in to
//! [`decide()`], which returns the next action; the outcome of a presentation comes in
//! to [`apply_outcome`], which returns the next record.

mod apply;
mod codec;
mod decide;
mod record;
mod tokens;

pub(crate) use apply::{Applied, apply_outcome};
pub(crate) use codec::{decode, encode};
use decide::NOT_BEFORE_MAX;
pub(crate) use decide::{Action, REFUSED_HINT, Request, decide, needs_login};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use record::Probes;
pub(crate) use record::{Intent, Phase, Record, State};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use tokens::Tokens;
