//! The state of a history: the record, the service, the workers and the wire.

use crate::clock::Clocks;
use crate::network::Stray;
use crate::oracle::Oracle;
use crate::protocol::Limits;
use crate::record::Record;
use crate::server::{FAMILIES, Family, Service};
use crate::worker::Worker;

/// How many calls run at a time, at most.
const WORKERS: usize = 3;

/// The state of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct System {
    pub(crate) record: Record,
    pub(crate) families: [Family; FAMILIES],
    pub(crate) workers: [Worker; WORKERS],
    pub(crate) stray: Option<Stray>,
    pub(crate) clocks: Clocks,
    /// The `login_seq` with which the pending login began.
    pub(crate) pending: Option<u8>,
    /// Logins so far.
    pub(crate) logins: u8,
    /// How often each action can still happen.
    pub(crate) left: Limits,
    pub(crate) oracle: Oracle,
}

/// Takes one from what can still happen; `None` if nothing is left.
pub(crate) fn spend(left: &mut u8) -> Option<()> {
    *left = left.checked_sub(1)?;
    Some(())
}

impl System {
    /// A first login, with nothing under way.
    pub(crate) fn new(limits: Limits) -> Self {
        let clocks = match limits.steps {
            0 => Clocks::Differing,
            _ => Clocks::OfOneMachine { stepped: 0 },
        };
        Self {
            record: Record::first_login(),
            families: [Family::new(); FAMILIES],
            workers: [Worker::Idle; WORKERS],
            stray: None,
            clocks,
            pending: None,
            logins: 1,
            left: limits,
            oracle: Oracle::new(),
        }
    }

    pub(crate) fn worker(&self, worker: u8) -> Worker {
        self.workers[usize::from(worker)]
    }

    pub(crate) fn put(&mut self, worker: u8, state: Worker) {
        self.workers[usize::from(worker)] = state;
    }

    pub(crate) fn tick(mut self) -> Option<Self> {
        if self.workers.iter().any(|worker| worker.must_act()) {
            return None;
        }
        self.record = self.record.aged();
        self.workers = self.workers.map(Worker::aged);
        self.stray = self.stray.and_then(Stray::aged);
        self.oracle.ages();
        Some(self)
    }

    /// The machine's wall clock is set; time itself goes on.
    pub(crate) fn step(mut self, forward: bool) -> Option<Self> {
        spend(&mut self.left.steps)?;
        self.clocks = self.clocks.stepped(forward)?;
        self.oracle.sees_a_fault();
        Some(self)
    }

    /// Whether a call has used a claim and presented nothing.
    pub(crate) fn has_given_up(&self, limits: Limits) -> bool {
        let is_claimed = |worker: &&Worker| matches!(worker, Worker::Claimed { .. });
        let under_way = self.workers.iter().filter(is_claimed).count() as u8;
        limits.claims - self.left.claims > under_way + self.oracle.unanswered()
    }

    pub(crate) fn access_dies(mut self) -> Option<Self> {
        self.record.access_works = false;
        Some(self)
    }

    pub(crate) fn grace_ends(mut self, service: Service) -> Option<Self> {
        if service != Service::ForgivingBriefly {
            return None;
        }
        self.families.iter_mut().for_each(Family::forgive_no_more);
        Some(self)
    }
}
