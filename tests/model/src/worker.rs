//! A call that refreshes, step by step (component/src/flow/refresh.rs). It may crash
//! between any two.

use crate::clock::{Ahead, GUARD, REQUEST_ENDS, STORING_ENDS, seen_age};
use crate::record::{Presentation, State};
use crate::rules::{Claim, Rules};
use crate::server::{Token, Verdict};
use crate::world::{World, spend};

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Worker {
    /// Nothing is under way.
    Idle,
    /// Its intent is stored, nothing is sent.
    Claimed {
        /// Since the claim, no more than the guard.
        age: u8,
        /// The clock that the guard was set by.
        dated_by: Ahead,
    },
    /// The token is on its way to the service, or the answer on its way back.
    Waiting {
        /// What was sent.
        presented: Presentation,
        /// What is under way.
        wire: Wire,
    },
    /// The answer is here, and not in the record yet.
    Holding {
        /// What was sent.
        presented: Presentation,
        /// What the answer says.
        verdict: Verdict,
    },
}

/// What is under way between a worker and the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// The request.
    Out,
    /// The answer.
    Back(Verdict),
}

impl Worker {
    /// Whether it has to go on before time does: the host bounds the request, and
    /// the storing of its answer.
    pub(crate) fn is_pressed(self) -> bool {
        match self {
            Self::Idle | Self::Claimed { .. } => false,
            Self::Waiting { presented, .. } => presented.age >= REQUEST_ENDS,
            Self::Holding { presented, .. } => presented.age >= STORING_ENDS,
        }
    }

    /// The worker a tick later.
    pub(crate) fn aged(mut self) -> Self {
        match &mut self {
            Self::Idle => {}
            Self::Claimed { age, .. } => *age = GUARD.min(*age + 1),
            Self::Waiting { presented, .. } | Self::Holding { presented, .. } => presented.age += 1,
        }
        self
    }

    /// The token that it has been granted, be it still on its way.
    pub(crate) fn granted(self) -> Option<Token> {
        match self {
            Self::Waiting {
                wire: Wire::Back(Verdict::Granted(token)),
                ..
            }
            | Self::Holding {
                verdict: Verdict::Granted(token),
                ..
            } => Some(token),
            _ => None,
        }
    }
}

/// A conditional write that succeeds is a read and a write at one moment, and one
/// that fails changes nothing: so each of these is one step.
impl World {
    /// Reads, decides to present, and stores the intent.
    pub(crate) fn claim(mut self, worker: u8, rules: &Rules) -> Option<Self> {
        spend(&mut self.left.claims)?;
        let clock = self.clocks.of(worker, rules.age);
        self.record = self.record.claimed(worker, clock, rules)?;
        let dated_by = self.clocks.of(worker, rules.guard);
        self.put(worker, Worker::Claimed { age: 0, dated_by });
        Some(self)
    }

    /// Reads, finds a refresh abandoned, and stores that.
    pub(crate) fn take_over(mut self, worker: u8, rules: &Rules) -> Option<Self> {
        let clock = self.clocks.of(worker, rules.age);
        self.record = self.record.taken_over(clock, rules)?;
        Some(self)
    }

    /// Reads again, finds the intent still there and young, and sends.
    pub(crate) fn send(mut self, worker: u8, rules: &Rules) -> Option<Self> {
        if !self.may_send(worker, rules)? {
            return None;
        }
        let presented = Presentation {
            token: self.record.token?,
            epoch: self.record.epoch,
            age: 0,
        };
        self.witness.presents(&self.record);
        let wire = Wire::Out;
        self.put(worker, Worker::Waiting { presented, wire });
        Some(self)
    }

    /// Reads again, and does not send.
    pub(crate) fn give_up(mut self, worker: u8, rules: &Rules) -> Option<Self> {
        if self.may_send(worker, rules)? {
            return None;
        }
        if self.record.has_intent_of(worker) && self.record.state == State::Refreshing {
            self.record = self.record.released(rules);
        }
        self.put(worker, Worker::Idle);
        Some(self)
    }

    fn may_send(&self, worker: u8, rules: &Rules) -> Option<bool> {
        let Worker::Claimed { age, dated_by } = self.worker(worker) else {
            return None;
        };
        let age = seen_age(age, dated_by, self.clocks.of(worker, rules.guard));
        let is_claimed = self.record.has_intent_of(worker) || rules.claim == Claim::Nothing;
        Some(is_claimed && (age < GUARD || !rules.send_guard))
    }

    /// Stores what the answer makes of the record as it is by now.
    pub(crate) fn settle(mut self, worker: u8, rules: &Rules) -> Option<Self> {
        let Worker::Holding { presented, verdict } = self.worker(worker) else {
            return None;
        };
        let before = self.record;
        let settled = before.settled_by(worker, presented, verdict, rules);
        self.record = settled.unwrap_or(before);
        self.witness.answers(&before, presented, verdict);
        match (settled, verdict) {
            (Some(_), Verdict::Granted(token)) => self.witness.stores(&before, presented, token),
            (None, Verdict::Granted(token)) => self.witness.drops(&before, token),
            _ => {}
        }
        if settled.is_some() {
            self.witness.settles(&before, verdict);
        }
        self.put(worker, Worker::Idle);
        Some(self)
    }

    /// Ends without another word. So does a worker whose store fails for longer
    /// than the host repeats a write.
    pub(crate) fn crash(mut self, worker: u8, late: bool) -> Option<Self> {
        spend(&mut self.left.crashes)?;
        self.lose_sender(worker, late)?;
        self.witness.sees_a_fault();
        self.put(worker, Worker::Idle);
        Some(self)
    }
}
