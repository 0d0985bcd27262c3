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
//! The record is the only lock there is. Whoever wants to present the refresh
//! token first writes `refreshing` with an intent; every write raises
//! `generation`, every login and logout raises `login_seq`. Tokens live here and
//! nowhere else, caches live elsewhere, so that no other write can undo a
//! rotation.
//!
//! Everything here is values: deciding is [`decide`], what an answer makes of
//! the record is [`apply_outcome`], doing it is `flow::refresh`.

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
