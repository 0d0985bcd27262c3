//! The faults that wait for requests.

use std::collections::{HashMap, VecDeque};

use super::Fault;
use crate::endpoint::Endpoint;

#[derive(Default)]
pub(crate) struct Faults {
    queued: HashMap<Endpoint, VecDeque<Fault>>,
    standing: HashMap<Endpoint, Fault>,
}

impl Faults {
    /// Queues a fault after this many requests without one.
    pub(crate) fn queue(&mut self, endpoint: Endpoint, after: usize, fault: Fault) {
        let queued = self.queued.entry(endpoint).or_default();
        queued.extend(std::iter::repeat_n(Fault::normal(), after));
        queued.push_back(fault);
    }

    pub(crate) fn stand(&mut self, endpoint: Endpoint, fault: Fault) {
        self.standing.insert(endpoint, fault);
    }

    pub(crate) fn clear(&mut self) {
        self.queued.clear();
        self.standing.clear();
    }

    /// Takes the oldest queued fault; without one, the standing fault.
    pub(crate) fn next(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.queued
            .get_mut(&endpoint)
            .and_then(VecDeque::pop_front)
            .or_else(|| self.standing.get(&endpoint).cloned())
    }

    /// How many queued faults have not taken effect.
    pub(crate) fn left(&self) -> usize {
        self.queued.values().map(VecDeque::len).sum()
    }
}
