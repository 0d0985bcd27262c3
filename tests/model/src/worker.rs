//! A call that refreshes, step by step (component/src/flow/refresh.rs). It can crash
//! between any two steps.

use crate::clock::{ClockOffset, GUARD, REQUEST_ENDS, STORING_ENDS, seen_age};
use crate::record::{Presentation, State};
use crate::rules::{Claim, Rules};
use crate::server::{Token, TokenOutcome};
use crate::system::{System, spend};

/// The progress of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Worker {
    /// Nothing is under way.
    Idle,
    /// The intent is stored, and nothing is sent.
    Claimed {
        /// Ticks since the claim, up to the guard.
        age: u8,
        /// The clock that dated the guard.
        dated_by: ClockOffset,
    },
    /// The request or its answer is under way.
    Waiting {
        /// The presentation.
        presented: Presentation,
        /// What is under way.
        wire: Wire,
    },
    /// The worker has the answer and has not stored it.
    Holding {
        /// The presentation.
        presented: Presentation,
        /// What the answer says.
        outcome: TokenOutcome,
    },
}

/// What is under way between a worker and the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// The request.
    Out,
    /// The answer.
    Back(TokenOutcome),
}

impl Worker {
    /// Whether the worker must act before the next tick: the host limits the request
    /// and the time for storing its answer.
    pub(crate) fn must_act(self) -> bool {
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

    /// The token that the service granted to it, received or still under way.
    pub(crate) fn granted(self) -> Option<Token> {
        match self {
            Self::Waiting {
                wire: Wire::Back(TokenOutcome::Granted(token)),
                ..
            }
            | Self::Holding {
                outcome: TokenOutcome::Granted(token),
                ..
            } => Some(token),
            _ => None,
        }
    }
}

/// A conditional write that succeeds is a read and a write at one moment, and one that
/// fails changes nothing. So each of these methods is one step.
impl System {
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

    /// Reads again, finds the intent in the record and young enough, and sends.
    pub(crate) fn send(mut self, worker: u8, rules: &Rules) -> Option<Self> {
        if !self.may_send(worker, rules)? {
            return None;
        }
        let presented = Presentation {
            token: self.record.token?,
            login_seq: self.record.login_seq,
            age: 0,
        };
        self.oracle.presents(&self.record);
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

    /// Reads the current record and stores what the answer makes of it.
    pub(crate) fn commit(mut self, worker: u8, rules: &Rules) -> Option<Self> {
        let Worker::Holding { presented, outcome } = self.worker(worker) else {
            return None;
        };
        let before = self.record;
        let settled = before.apply_outcome(worker, presented, outcome, rules);
        self.record = settled.unwrap_or(before);
        self.oracle.answers(&before, presented, outcome);
        match (settled, outcome) {
            (Some(_), TokenOutcome::Granted(token)) => {
                self.oracle.stores(&before, presented, token)
            }
            (None, TokenOutcome::Granted(token)) => self.oracle.drops(&before, token),
            _ => {}
        }
        if settled.is_some() {
            self.oracle.commits(&before, outcome);
        }
        self.put(worker, Worker::Idle);
        Some(self)
    }

    /// The process ends. A worker whose store fails for longer than the host retries a
    /// write counts as crashed too.
    pub(crate) fn crash(mut self, worker: u8, late: bool) -> Option<Self> {
        spend(&mut self.left.crashes)?;
        self.lose_sender(worker, late)?;
        self.oracle.sees_a_fault();
        self.put(worker, Worker::Idle);
        Some(self)
    }
}
