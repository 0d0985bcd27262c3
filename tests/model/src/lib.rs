//! A model of the refresh protocol, explored to its end.
//!
//! docs/refresh.md says how a login survives crashes, races and lost answers. This
//! model is a state machine that is small enough to explore every history, up to the
//! [`Limits`]. Workers claim, present, commit and crash. A wire loses, delays and
//! repeats requests. A service forgives a used token or does not, or refuses it with an
//! unknown code. A person logs out or in. Two clocks differ, or one is set.
//!
//! The [`properties`] must hold in each state. Each rule of the component has a switch
//! in [`rules`], and without the rule a property must break: a model whose mutations
//! pass proves nothing.
//!
//! # The code that the model stands for
//!
//! | here | in the component |
//! |---|---|
//! | `Record::claimed`, `taken_over` | `decide` in state/credential/decide.rs: `Action::Present`, `Action::Store` |
//! | `Record::apply_outcome` | `apply_outcome` in state/credential/apply.rs, branch for branch |
//! | `Record::with_refusal`, `after_outage` | `count_refusal` and `reset_refusals` in state/credential/apply.rs |
//! | `Record::logged_in`, `logging_out`, `logged_out` | state/credential/record.rs |
//! | `TokenOutcome` | the table of answers, openai/token_outcome.rs |
//! | `System::claim`, `take_over`, `send`, `give_up`, `commit` | `run`, `present` and `commit` in flow/refresh.rs |
//! | `System::begin_login`, `end_login` | exports/connection/start.rs and `commit` in flow/exchange.rs |
//! | `System::logout`, `begin_revocation`, `end_revocation` | exports/connection/logout.rs |
//! | `Worker::must_act` | the host's deadlines, host/runtime/src/sandbox/limits.rs |
//! | `clock` | the constants of state/credential/ and flow/refresh.rs; `Clocks::OfOneMachine` with the steady clock: `Stamp` in state/clock_skew.rs |
//!
//! Numbers are as small as their relations permit. Five refused probes over 24 h become
//! three over nine ticks. Three probes in a row take fewer ticks and four take more, so
//! that number and time both matter.
//!
//! # Assumptions
//!
//! - A write succeeds only if the record has not changed since the writer's read. So
//!   reading, deciding and writing are one step, and a write that fails changes nothing.
//! - The clocks differ by no more than the quiet period allows for. If the wall clock is
//!   set, all workers run on one machine, whose steady clock ages the intent, the pause
//!   and the guard. A worker reads both clocks at one moment.
//! - A worker that has sent its request finishes within the time for request and
//!   storing, or has crashed. A process that is stopped for longer, with an answer, is
//!   not modelled.
//! - A request without a sender is served before the quiet period ends, or never.
//! - A network that repeats a request spends the token itself. Whatever that does to
//!   the login (I5), the component is not the cause.
//!
//! # What is left out
//!
//! - When a refresh is due, the pause after a success, and how long the service asks
//!   to wait. The model refreshes an active login at any moment, more often than the
//!   component.
//! - Why an access token ends. It ends at any moment, for all workers at once. The 30 s
//!   in which a token is valid and no longer used are left out.
//! - A store that fails. Before the request, that is a claim without a worker; after
//!   the request, it is a crash with the answer: the component reports the lost write.
//! - A machine whose steady clock stands still while another machine runs: the guard
//!   uses both clocks. component/tests/invariants tests that.
//! - The clock that dates the refusals: half a minute of 24 h does not matter.
//! - That only `refresh` asks again after refusals have ended a login, once an hour. In
//!   the model, every call does, after each pause.
//! - Tokens of another account, faults of the exchange, restored backups.
//! - I6, I7 and I9 to I12, which are properties of the code and not of interleavings.

mod clock;
mod exploration;
mod network;
mod oracle;
mod person;
pub mod properties;
mod protocol;
mod record;
pub mod rules;
mod server;
mod system;
mod worker;

pub use protocol::{Action, Limits, Protocol};
pub use server::Service;
