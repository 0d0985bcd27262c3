//! A model of the refresh protocol, explored to its end.
//!
//! docs/refresh.md says how a login survives crashes, races and lost answers. Here
//! that is a state machine small enough to try every history of it, up to the
//! [`Limits`]: workers that claim, present, settle and crash; a wire that loses,
//! delays and repeats; a service that forgives a used token or does not, or refuses it
//! by an unknown code; a person who logs out or in meanwhile; two clocks that differ, or
//! one that is set. The [`properties`] must hold
//! in each of its states, and each rule of the component has a switch in [`rules`]:
//! without the rule a property must break. A model whose mutations do not fail
//! proves nothing.
//!
//! # Which code is meant
//!
//! | here | in the component |
//! |---|---|
//! | `Record::claimed`, `taken_over` | `decide` in state/credential/decide.rs: `Action::Present`, `Action::Store` |
//! | `Record::settled_by` | `apply_outcome` in state/credential/apply.rs, branch for branch |
//! | `Record::with_refusal`, `after_outage` | `count_refusal` and `reset_refusals` in state/credential/apply.rs |
//! | `Record::logged_in`, `logging_out`, `logged_out` | state/credential/record.rs |
//! | `Verdict` | the table of answers, openai/token_outcome.rs |
//! | `World::claim`, `take_over`, `send`, `give_up`, `settle` | `run`, `present` and `commit` in flow/refresh.rs |
//! | `World::begin_login`, `end_login` | exports/connection/start.rs and `commit` in flow/exchange.rs |
//! | `World::logout`, `begin_revocation`, `end_revocation` | exports/connection/logout.rs |
//! | `Worker::is_pressed` | the host's deadlines, host/runtime/src/sandbox/limits.rs |
//! | `clock` | the constants of state/credential/ and flow/refresh.rs; `Clocks::OfOneMachine`, aged by the steady one: `Stamp` in state/clock_skew.rs |
//!
//! Numbers are as small as their relations permit. Five refused probes over 24 h are
//! three over nine ticks: more ticks than three probes take that follow one another,
//! fewer than four take, so that number and time each count.
//!
//! # What is assumed
//!
//! - A write succeeds only if nobody has written since the writer's read. So reading,
//!   deciding and writing are one step: a write that fails changes nothing.
//! - Clocks differ by no more than the difference that the quiet period allows for.
//!   Where the wall clock is set, all workers run on one machine, whose steady clock
//!   ages the intent, the pause and the guard; what is read of the two clocks at a time
//!   is of one moment.
//! - Who has sent its request is done within request and storing, or has crashed. A
//!   process that is stopped for longer with an answer in its hands is neither.
//! - A request that has lost its sender is served before the quiet period ends, or
//!   never.
//! - A network that repeats a request by itself spends the token by itself: what that
//!   sets off in this login (I5), or ends, is not the component's doing.
//!
//! # What is left out
//!
//! - When a refresh is due, the pause after a success, and how long the service asks
//!   to wait. An active login is refreshed at any moment: more than the component does.
//! - How an access token ends. It ends at any moment, by time or refused, for all
//!   alike; the 30 seconds in which it works and is not used any more do not count.
//! - A store that fails. Before the token is sent that is a claim left behind, after
//!   it a crash with the answer in hand: a write that cannot be repeated any longer
//!   is lost, loudly.
//! - A machine that stands still while another goes on, and its steady clock with it:
//!   the guard is kept by both clocks. component/tests/invariants tries that.
//! - By which clock the refusals are dated: half a minute of 24 h does not count.
//! - That only `refresh` asks again after refusals have ended a login, and only once an
//!   hour: here every call does, after each pause.
//! - Another account's tokens, the exchange's own faults, restored backups.
//! - I6, I7 and I9 to I12, which are properties of the code and not of its interplay.

mod clock;
mod exploration;
mod network;
mod person;
pub mod properties;
mod protocol;
mod record;
pub mod rules;
mod server;
mod witness;
mod worker;
mod world;

pub use protocol::{Action, Limits, Protocol};
pub use server::Service;
