//! Which fault strikes next.

use std::collections::{HashMap, VecDeque};

use super::Fault;
use crate::endpoint::Endpoint;

#[derive(Default)]
pub(crate) struct Faults {
    queued: HashMap<Endpoint, VecDeque<Fault>>,
    standing: HashMap<Endpoint, Fault>,
}

impl Faults {
    pub(crate) fn queue(&mut self, endpoint: Endpoint, fault: Fault) {
        self.queued.entry(endpoint).or_default().push_back(fault);
    }

    pub(crate) fn stand(&mut self, endpoint: Endpoint, fault: Fault) {
        self.standing.insert(endpoint, fault);
    }

    pub(crate) fn clear(&mut self) {
        self.queued.clear();
        self.standing.clear();
    }

    /// The oldest queued fault, used up by this; when there is none, the standing one.
    pub(crate) fn next(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.queued
            .get_mut(&endpoint)
            .and_then(VecDeque::pop_front)
            .or_else(|| self.standing.get(&endpoint).cloned())
    }

    /// How many queued faults have not struck.
    pub(crate) fn left(&self) -> usize {
        self.queued.values().map(VecDeque::len).sum()
    }
}
