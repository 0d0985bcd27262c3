//! Explores a [`Protocol`] completely, or up to a counterexample.

use crate::protocol::{Action, Protocol};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;

/// The number of cores of the machines that run the tests.
const THREADS: usize = 2;

impl Protocol {
    /// Explores every history: each property must hold, and each `sometimes` property
    /// must occur. Returns the number of states.
    ///
    /// # Panics
    ///
    /// If a property does not hold; the message has the history.
    #[track_caller]
    pub fn assert_holds(self) -> usize {
        // Depth first takes a fifth of the memory.
        let checker = self.checker().threads(THREADS).spawn_dfs().join();
        let states = checker.unique_state_count();
        println!("{states} states, up to {} steps", checker.max_depth());
        checker.assert_properties();
        states
    }

    /// Explores until the property breaks and returns a short history that breaks it.
    ///
    /// # Panics
    ///
    /// If it holds.
    #[track_caller]
    pub fn assert_breaks(self, property: &'static str) -> Vec<Action> {
        let broken = HasDiscoveries::AllOf(BTreeSet::from([property]));
        // Breadth first and on one thread: the history is among the shortest.
        let checker = self.checker().finish_when(broken).spawn_bfs().join();
        let Some(history) = checker.discovery(property) else {
            panic!("holds: {property}");
        };
        let history = history.into_actions();
        println!("{property}\nis broken by {history:?}");
        history
    }
}
