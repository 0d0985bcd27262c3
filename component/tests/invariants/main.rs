//! Properties of the whole component, driven by its public functions over ports
//! of its own, as a second host would.
//!
//! - [`faults`]: random histories of calls that die, race, lose answers and meet
//!   failing stores and clocks. [`oracle`] checks the invariants I1 … I13 of
//!   docs/refresh.md at every request, every write and every end of a call;
//!   [`tally`] sees to it that the histories reach the rare things.
//! - [`faultless`]: random histories in which nothing goes wrong. Every answer
//!   and every request must be the one that [`model`] says.
//!
//! A history happens in a [`test_env`] of one bucket, one [`service`] and one clock.
//! Each call is a process of its own, a [`worker`]; at each step of it another
//! call can run from beginning to end, so calls get in each other's way without
//! threads, one within the other.
//!
//! `PROPTEST_CASES=100000 cargo test -p chatgpt-oauth-component --test invariants`
//! looks longer.

mod bucket;
mod call;
mod fault_plan;
mod faultless;
mod faults;
mod model;
mod oracle;
mod service;
mod stored;
mod tally;
mod test_env;
mod worker;

use faultless::WithoutFaults;
use faults::{History, WithFaults};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::BTreeMap;
use std::ops::Range;
use tally::Rare;

/// A part of every secret. It may be nowhere but in the bucket and on the wire.
const MARKER: &str = "HUSH";

/// How many events a history has.
const LENGTH: Range<usize> = 1..40;

/// A failing history is printed in full; no file remembers it.
fn config() -> Config {
    let given = std::env::var_os("PROPTEST_CASES");
    let defaults = Config::default();
    Config {
        cases: given.map_or(400, |_| defaults.cases),
        failure_persistence: None,
        ..defaults
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn i1_to_i13_hold_whatever_goes_wrong(sequential LENGTH => WithFaults);

    #[test]
    fn without_faults_every_answer_and_request_is_the_models(sequential LENGTH => WithoutFaults);
}

#[test]
fn the_histories_with_faults_reach_every_rare_thing() {
    let mut runner = TestRunner::deterministic();
    let histories = History::sequential_strategy(LENGTH);
    let mut met = BTreeMap::new();
    for _ in 0..400 {
        let history = histories.new_tree(&mut runner).expect("a history");
        let (setup, events, _) = history.current();
        let apply = |env, event| WithFaults::apply(env, &setup, event);
        let env = events
            .into_iter()
            .fold(WithFaults::init_test(&setup), apply);
        for (rare, times) in env.tally.into_inner().0 {
            *met.entry(rare).or_insert(0) += times;
        }
    }
    for rare in Rare::ALL {
        assert!(met.contains_key(&rare), "{rare:?} in {met:?}");
    }
}
